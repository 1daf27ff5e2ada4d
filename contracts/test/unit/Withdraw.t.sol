// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Market} from "../support/Market.sol";

contract WithdrawTest is Market {
    function setUp() public override {
        super.setUp();
        fund(10e6);
        raiseCeiling(10e6);
        anchorEpoch(1, 10e6);
    }

    function test_moneyThawsBeforeItLeaves() public {
        request(4e6);
        uint256 thawEndsAt = block.timestamp + THAW;
        vm.warp(thawEndsAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.StillThawing.selector, channelId, thawEndsAt));
        vm.prank(payer);
        channels.withdraw(channelId, payer);
        vm.warp(thawEndsAt);
        vm.assertEq(withdraw(), 4e6);
        vm.assertEq(usdc.balanceOf(payer), 4e6);
        vm.assertEq(channels.channelOf(channelId).withdrawn, 4e6);
        vm.assertEq(channels.channelOf(channelId).deposited, 10e6);
        assertSolvent();
    }

    function test_aClaimDuringTheThawComesFirst() public {
        request(10e6);
        claimUpTo(1, 7e6);
        vm.warp(block.timestamp + THAW);
        vm.assertEq(withdraw(), 3e6);
    }

    function test_aClaimAfterTheWithdrawalTakesWhatIsLeft() public {
        request(6e6);
        vm.warp(block.timestamp + THAW);
        vm.assertEq(withdraw(), 6e6);
        vm.assertEq(claimUpTo(1, 7e6), 4e6);
        assertSolvent();
    }

    function test_moreThanWhatIsUnclaimedCannotBeAskedFor() public {
        claimUpTo(1, 7e6);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.WithdrawalTooLarge.selector, channelId, 4e6, 3e6));
        vm.prank(payer);
        channels.requestWithdrawal(channelId, 4e6);
    }

    function test_aRequestCanBeTakenBackAndANewOneStartsTheThawAnew() public {
        request(4e6);
        vm.warp(block.timestamp + THAW - 1);
        request(5e6);
        vm.assertEq(channels.channelOf(channelId).thawEndsAt, block.timestamp + THAW);
        request(0);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NoWithdrawalRequested.selector, channelId));
        vm.prank(payer);
        channels.withdraw(channelId, payer);
    }

    function test_nothingLeftIsSaid() public {
        request(10e6);
        claimUpTo(1, 10e6);
        vm.warp(block.timestamp + THAW);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingToWithdraw.selector, channelId));
        vm.prank(payer);
        channels.withdraw(channelId, payer);
    }

    function test_onlyTheOwnerAsksAndTakes() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NotChannelOwner.selector, channelId, address(this)));
        channels.requestWithdrawal(channelId, 1);
        request(1e6);
        vm.warp(block.timestamp + THAW);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NotChannelOwner.selector, channelId, address(this)));
        channels.withdraw(channelId, address(this));
    }

    function test_moneyGoesSomewhere() public {
        request(1e6);
        vm.warp(block.timestamp + THAW);
        vm.expectRevert(IPaymentChannels.ZeroAddress.selector);
        vm.prank(payer);
        channels.withdraw(channelId, address(0));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, bytes32("other")));
        channels.withdraw("other", payer);
    }

    function request(uint128 amount) private {
        vm.prank(payer);
        channels.requestWithdrawal(channelId, amount);
    }

    function withdraw() private returns (uint128) {
        vm.prank(payer);
        return channels.withdraw(channelId, payer);
    }
}
