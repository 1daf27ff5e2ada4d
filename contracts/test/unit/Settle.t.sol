// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Market} from "../support/Market.sol";

contract SettleTest is Market {
    function setUp() public override {
        super.setUp();
        fund(100e6);
        raiseCeiling(100e6);
    }

    function test_withoutALedgerTheGracePeriodAloneReleases() public {
        anchorEpoch(1, 5e6);
        claimUpTo(1, 5e6);
        vm.warp(block.timestamp + GRACE - 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingPayable.selector, providerId));
        channels.settle(providerId, lane, epochList(1));
        vm.warp(block.timestamp + 1);
        vm.assertEq(channels.settle(providerId, lane, epochList(1)), 5e6);
    }

    function test_netGoesToThePayoutAndTheFeeToTheTreasury() public {
        anchorEpoch(1, 4_000_001);
        claimUpTo(1, 4_000_001);
        vm.warp(block.timestamp + GRACE);
        channels.settle(providerId, lane, epochList(1));
        vm.assertEq(usdc.balanceOf(treasury), 100_000); // floor(4,000,001 · 2.5 %)
        vm.assertEq(usdc.balanceOf(payout), 3_900_001);
        vm.assertEq(channels.liabilities(), 100e6 - 4_000_001);
        assertSolvent();
    }

    function test_anEpochSettlesOnceAndALateClaimSettlesTheRest() public {
        anchorEpoch(1, 5e6);
        claimUpTo(1, 2e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.settle(providerId, lane, epochList(1)), 2e6);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingPayable.selector, providerId));
        channels.settle(providerId, lane, epochList(1));
        // What comes late waits for a grace period of its own, and what came before it does not wait again.
        claimUpTo(1, 5e6);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingPayable.selector, providerId));
        channels.settle(providerId, lane, epochList(1));
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.settle(providerId, lane, epochList(1)), 3e6);
    }

    function test_epochsThatAreNotPayableYetAreLeftAlone() public {
        anchorEpoch(1, 5e6);
        claimUpTo(1, 5e6);
        vm.warp(block.timestamp + GRACE);
        anchorEpoch(2, 5e6);
        claimUpTo(2, 7e6);
        uint64[] memory epochs = new uint64[](3);
        (epochs[0], epochs[1], epochs[2]) = (1, 2, 1);
        vm.assertEq(channels.settle(providerId, lane, epochs), 5e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 2).settled, 0);
    }

    function test_howSettlementsAreCutUpChangesTheFeeByNothing() public {
        uint128 total;
        for (uint64 epoch = 1; epoch <= 7; ++epoch) {
            total += 33;
            anchorEpoch(epoch, 33);
            claimUpTo(epoch, total);
            vm.warp(block.timestamp + GRACE);
            channels.settle(providerId, lane, epochList(epoch));
        }
        vm.assertEq(usdc.balanceOf(treasury), uint256(total) * FEE_BPS / 10_000); // Floor once, not seven times.
    }

    function test_theFeeIsTheOneFrozenAtRegistration() public {
        registry.setFee(3000);
        anchorEpoch(1, 4e6);
        claimUpTo(1, 4e6);
        vm.warp(block.timestamp + GRACE);
        channels.settle(providerId, lane, epochList(1));
        vm.assertEq(usdc.balanceOf(treasury), 100_000);
    }

    function test_aNewPayoutGetsTheNextSettlement() public {
        anchorEpoch(1, 4e6);
        claimUpTo(1, 4e6);
        vm.warp(block.timestamp + GRACE);
        vm.prank(owner);
        registry.setPayout(providerId, address(0xF00D));
        channels.settle(providerId, lane, epochList(1));
        vm.assertEq(usdc.balanceOf(address(0xF00D)), 3_900_000);
    }
}
