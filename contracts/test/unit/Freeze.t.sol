// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Market} from "../support/Market.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// @dev What a dispute holds back of a pending, and what it gives back to the payer.
contract FreezeTest is Market {
    function setUp() public override {
        super.setUp();
        channels.grantRole(channels.DISPUTE_ROLE(), address(this));
        fund(100e6);
        raiseCeiling(20e6);
        anchorEpoch(1, 10e6);
        claimUpTo(1, 10e6);
    }

    function test_whatIsFrozenIsNotSettled() public {
        vm.expectEmit();
        emit IPaymentChannels.PendingFrozen(providerId, lane, 1, 4e6, 4e6);
        vm.assertEq(channels.freeze(providerId, lane, 1, 4e6), 4e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.settle(providerId, lane, epochList(1)), 6e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, 0);
    }

    function test_noMoreThanWhatIsThereIsFrozen() public {
        vm.assertEq(channels.freeze(providerId, lane, 1, 7e6), 7e6);
        vm.assertEq(channels.freeze(providerId, lane, 1, 7e6), 3e6);
        vm.assertEq(channels.freeze(providerId, lane, 1, 7e6), 0);
        vm.assertEq(channels.freeze(providerId, lane, 2, 7e6), 0);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).frozen, 10e6);
    }

    function test_whatIsLetGoIsSettled() public {
        channels.freeze(providerId, lane, 1, 4e6);
        vm.warp(block.timestamp + GRACE);
        channels.settle(providerId, lane, epochList(1));
        vm.expectEmit();
        emit IPaymentChannels.PendingUnfrozen(providerId, lane, 1, 4e6, 0);
        channels.unfreeze(providerId, lane, 1, 9e6);
        vm.assertEq(channels.settle(providerId, lane, epochList(1)), 4e6);
    }

    function test_aRefundGoesBackToTheChannelFrozenPartFirst() public {
        channels.freeze(providerId, lane, 1, 4e6);
        vm.expectEmit();
        emit IPaymentChannels.PendingRefunded(providerId, lane, channelId, 1, 5e6);
        vm.assertEq(channels.refundPending(providerId, lane, 1, channelId, 5e6), 5e6);
        IPaymentChannels.Pending memory pending = channels.pendingOf(providerId, lane, 1);
        vm.assertEq(pending.frozen, 0);
        vm.assertEq(pending.settled, 5e6);
        IPaymentChannels.Channel memory channel = channels.channelOf(channelId);
        vm.assertEq(channel.deposited, 105e6);
        vm.assertEq(channel.claimed, 10e6);
        vm.assertEq(channels.liabilities(), 100e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.settle(providerId, lane, epochList(1)), 5e6);
        assertSolvent();
    }

    function test_aRefundIsNoMoreThanWhatIsLeft() public {
        vm.warp(block.timestamp + GRACE);
        channels.freeze(providerId, lane, 1, 2e6);
        channels.settle(providerId, lane, epochList(1));
        vm.assertEq(channels.refundPending(providerId, lane, 1, channelId, 5e6), 2e6);
        vm.assertEq(channels.refundPending(providerId, lane, 1, channelId, 5e6), 0);
    }

    /// @dev The ceiling is a lifetime total: a refund can be withdrawn, or drawn again below a higher ceiling.
    function test_aRefundIsThePayersAgain() public {
        channels.refundPending(providerId, lane, 1, channelId, 10e6);
        vm.prank(payer);
        channels.requestWithdrawal(channelId, 100e6);
        vm.warp(block.timestamp + THAW);
        vm.prank(payer);
        vm.assertEq(channels.withdraw(channelId, payer), 100e6);
        vm.assertEq(channels.liabilities(), 0);
        assertSolvent();
    }

    function test_anUnknownChannelGetsNoRefund() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, bytes32("other")));
        channels.refundPending(providerId, lane, 1, "other", 1);
    }

    function test_onlyTheDisputeManagerMay() public {
        bytes memory refusal = abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, channels.DISPUTE_ROLE()
        );
        vm.startPrank(STRANGER);
        vm.expectRevert(refusal);
        channels.freeze(providerId, lane, 1, 1);
        vm.expectRevert(refusal);
        channels.unfreeze(providerId, lane, 1, 1);
        vm.expectRevert(refusal);
        channels.refundPending(providerId, lane, 1, channelId, 1);
        vm.stopPrank();
    }
}
