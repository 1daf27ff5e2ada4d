// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {TrustMarket} from "../support/TrustMarket.sol";

/// @dev Stake leaves by its owner alone, after the thaw, and never what a dispute holds.
contract ThawTest is TrustMarket {
    function test_theOwnerWithdrawsWhatHasThawed() public {
        vm.expectEmit();
        emit IStakeVault.ThawRequested(providerId, 400e6, uint64(block.timestamp) + STAKE_THAW);
        thaw(400e6);
        vm.assertEq(vault.activeStakeOf(providerId), 600e6);
        skip(STAKE_THAW - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StillThawing.selector, providerId, uint64(block.timestamp) + 1)
        );
        withdraw();
        skip(1);
        vm.expectEmit();
        emit IStakeVault.StakeWithdrawn(providerId, owner, 400e6);
        vm.assertEq(withdraw(), 400e6);
        vm.assertEq(usdc.balanceOf(owner), 400e6);
        vm.assertEq(vault.stakeOf(providerId).tokens, 600e6);
        vm.assertEq(vault.stakeOf(providerId).thawEndsAt, 0);
        vm.assertEq(vault.liabilities(), 600e6 + LANE_STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingThawing.selector, providerId));
        withdraw();
    }

    function test_aNewRequestStartsAnewAndZeroTakesItBack() public {
        thaw(400e6);
        skip(STAKE_THAW - 1);
        thaw(500e6);
        skip(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StillThawing.selector, providerId, uint64(block.timestamp) - 1 + STAKE_THAW
            )
        );
        withdraw();
        thaw(0);
        vm.assertEq(vault.stakeOf(providerId).thawEndsAt, 0);
        vm.assertEq(vault.activeStakeOf(providerId), PROVIDER_STAKE);
    }

    function test_noMoreThawsThanThereIs() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.ThawTooLarge.selector, providerId, PROVIDER_STAKE + 1, PROVIDER_STAKE)
        );
        thaw(PROVIDER_STAKE + 1);
    }

    function test_onlyTheOwnerOfTheSubjectMovesItsStake() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NotSubjectOwner.selector, providerId, outsider));
        vm.prank(outsider);
        vault.thaw(providerId, 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NotSubjectOwner.selector, lane, vm.addr(LANE_KEY)));
        vm.prank(vm.addr(LANE_KEY)); // Once admitted, the operator owns the stake, and the key no more.
        vault.thaw(lane, 1);
        vm.prank(operator);
        vault.thaw(lane, 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NotSubjectOwner.selector, lane, outsider));
        vm.prank(outsider);
        vault.withdraw(lane, outsider);
        vm.expectRevert(IStakeVault.ZeroAddress.selector);
        vm.prank(operator);
        vault.withdraw(lane, address(0));
    }

    function test_whatALockHoldsBackStaysThawedAndLeavesWhenItEnds() public {
        thaw(PROVIDER_STAKE);
        skip(STAKE_THAW);
        vm.prank(address(disputes));
        vault.lock(providerId, 300e6);
        vm.assertEq(withdraw(), 700e6);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingToWithdraw.selector, providerId));
        withdraw();
        vm.prank(address(disputes));
        vault.unlock(providerId, 300e6);
        vm.assertEq(withdraw(), 300e6);
        vm.assertEq(vault.stakeOf(providerId).tokens, 0);
    }

    function test_stakeAddedAfterASlashBeginsItsOwnThaw() public {
        thaw(PROVIDER_STAKE);
        skip(STAKE_THAW);
        burnStake(providerId);
        stake(providerId, 50e6);
        vm.assertEq(vault.activeStakeOf(providerId), 50e6);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingThawing.selector, providerId));
        withdraw();
    }

    /// @dev Exit before slash: at every moment of the thaw, the slash still finds all of the stake.
    function testFuzz_whatThawsCanStillBeSlashed(uint256 elapsedSeconds) public {
        thaw(PROVIDER_STAKE);
        skip(bound(elapsedSeconds, 0, STAKE_THAW - 1));
        vm.prank(owner);
        try vault.withdraw(providerId, owner) {
            vm.assertTrue(false, "withdrawn while it thaws");
        } catch {}
        vm.prank(address(disputes));
        vm.assertEq(vault.slash(providerId, PROVIDER_STAKE, treasury), PROVIDER_STAKE);
    }

    function thaw(uint128 amount) private {
        vm.prank(owner);
        vault.thaw(providerId, amount);
    }

    function withdraw() private returns (uint128) {
        vm.prank(owner);
        return vault.withdraw(providerId, owner);
    }
}
