// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Market} from "../support/Market.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @dev Invariant 5 of the design: pausing never blocks an exit, a refund or a claim.
contract PauseTest is Market {
    function setUp() public override {
        super.setUp();
        channels.grantRole(channels.DISPUTE_ROLE(), address(this));
        fund(10e6);
        raiseCeiling(5e6);
        anchorEpoch(1, 10e6);
        channels.pauseInflow();
    }

    function test_inflowStops() public {
        vm.expectRevert(Pausable.EnforcedPause.selector);
        channels.open(payer, "another");
        vm.expectRevert(Pausable.EnforcedPause.selector);
        channels.deposit(channelId, 1);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        channels.depositWithPermit(channelId, 1, 0, 0, 0, 0);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        channels.depositWithAuthorization(channelId, payer, 1, 0, 0, 0, 0, 0, 0);
    }

    function test_everythingElseGoesOn() public {
        raiseCeiling(6e6);
        claimUpTo(1, 3e6);
        channels.freeze(providerId, lane, 1, 1e6);
        channels.refundPending(providerId, lane, 1, channelId, 1e6);
        usdc.mint(address(this), 2e6);
        usdc.approve(address(channels), 2e6);
        vm.expectEmit();
        emit IPaymentChannels.Credited(channelId, address(this), 2e6, 13e6);
        channels.credit(channelId, 2e6);
        vm.warp(block.timestamp + GRACE);
        channels.settle(providerId, lane, epochList(1));
        vm.prank(payer);
        channels.requestWithdrawal(channelId, 10e6);
        vm.warp(block.timestamp + THAW);
        vm.prank(payer);
        channels.withdraw(channelId, payer);
        vm.assertEq(usdc.balanceOf(payer), 10e6);
        vm.assertEq(channels.liabilities(), 0);
        assertSolvent();
    }

    function test_theGuardianPausesAndTheAdministratorLifts() public {
        channels.grantRole(channels.GUARDIAN_ROLE(), STRANGER);
        vm.startPrank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, bytes32(0))
        );
        channels.unpauseInflow();
        vm.stopPrank();
        channels.unpauseInflow();
        vm.prank(STRANGER);
        channels.pauseInflow();
        channels.unpauseInflow();
        fund(1e6);
    }

    function test_aCreditIsADepositInAllElse() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, bytes32("other")));
        channels.credit("other", 1);
        vm.expectRevert(IPaymentChannels.ZeroAmount.selector);
        channels.credit(channelId, 0);
    }
}
