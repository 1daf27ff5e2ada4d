// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {StakeVault} from "../../src/StakeVault.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {FeeOnTransferToken} from "../support/TrustDoubles.sol";
import {TrustMarket} from "../support/TrustMarket.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @dev Stake goes in by anyone, is held for disputes, and is slashed as far as there is any.
contract StakeTest is TrustMarket {
    IStakeVault.Deadlines private steps = IStakeVault.Deadlines(2 * MINUTE, MINUTE, MINUTE, MINUTE, MINUTE);

    function test_aStrangerMayAddStakeAndMovesNoTimer() public {
        vm.prank(owner);
        vault.thaw(providerId, 100e6);
        uint64 thawEndsAt = vault.stakeOf(providerId).thawEndsAt;
        skip(MINUTE);
        allow(outsider, address(vault), 1);
        vm.expectEmit();
        emit IStakeVault.Provisioned(providerId, outsider, 1, PROVIDER_STAKE + 1);
        vm.prank(outsider);
        vault.provision(providerId, 1);
        vm.assertEq(vault.stakeOf(providerId).thawEndsAt, thawEndsAt);
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE + 1);
        vm.assertEq(vault.activeStakeOf(providerId), PROVIDER_STAKE + 1 - 100e6);
        vm.assertEq(vault.liabilities(), PROVIDER_STAKE + 1 + LANE_STAKE);
        assertAllSolvent();
    }

    function test_noStakeForNobody() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.UnknownSubject.selector, bytes32("nobody")));
        vault.provision("nobody", 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.UnknownSubject.selector, bytes32(0)));
        vault.provision(0, 1);
        vm.expectRevert(IStakeVault.ZeroAmount.selector);
        vault.provision(providerId, 0);
    }

    function test_anOrderIsProvisionedOnceAlsoForAnotherSubjectOrAmount() public {
        allow(outsider, address(vault), 30);
        vm.assertTrue(!vault.isOrderDone(outsider, "order"), "nobody has");
        vm.expectEmit();
        emit IStakeVault.Provisioned(providerId, outsider, 10, PROVIDER_STAKE + 10);
        vm.prank(outsider);
        vault.provisionOnce(providerId, 10, "order");
        vm.assertTrue(vault.isOrderDone(outsider, "order"), "it has");

        bytes memory refusal = abi.encodeWithSelector(IStakeVault.OrderDone.selector, outsider, bytes32("order"));
        vm.expectRevert(refusal);
        vm.prank(outsider);
        vault.provisionOnce(providerId, 10, "order");
        vm.expectRevert(refusal);
        vm.prank(outsider);
        vault.provisionOnce(lane, 11, "order");
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE + 10);
        vm.assertEq(vault.liabilities(), PROVIDER_STAKE + 10 + LANE_STAKE);

        vm.prank(outsider);
        vault.provisionOnce(providerId, 10, "another order");
        vm.prank(outsider);
        vault.provision(providerId, 10);
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE + 30);
        assertAllSolvent();
    }

    /// @dev Who sees an order in the pool of transactions and sends its name first has not used it up.
    function test_nobodyUsesUpAnothersOrder() public {
        allow(owner, address(vault), 1);
        allow(outsider, address(vault), 10);
        vm.prank(owner);
        vault.provisionOnce(providerId, 1, "order");
        vm.assertTrue(!vault.isOrderDone(outsider, "order"), "another has");
        vm.prank(outsider);
        vault.provisionOnce(providerId, 10, "order");
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE + 11);
    }

    function test_anOrderThatIsRefusedIsNotDone() public {
        vm.expectRevert(IStakeVault.ZeroAmount.selector);
        vault.provisionOnce(providerId, 0, "order");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.UnknownSubject.selector, bytes32("nobody")));
        vault.provisionOnce("nobody", 1, "order");
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 0, 10));
        vault.provisionOnce(providerId, 10, "order"); // Not allowed to take the tokens yet.
        vm.assertTrue(!vault.isOrderDone(address(this), "order"), "refused");
        allow(address(this), address(vault), 10);
        vault.provisionOnce(providerId, 10, "order");
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE + 10);
    }

    function test_aLaneToBeIsStakedBeforeItsAdmissionAndItsKeyOwnsTheStake() public {
        address key = vm.addr(0xBEEF);
        bytes32 laneToBe = bytes32(uint256(uint160(key)));
        stake(laneToBe, 10e6);
        vm.prank(key);
        vault.thaw(laneToBe, 10e6);
        skip(STAKE_THAW);
        vm.prank(key);
        vm.assertEq(vault.withdraw(laneToBe, key), 10e6);
        vm.assertEq(usdc.balanceOf(key), 10e6);
    }

    function test_aTokenThatKeepsAFeeIsRefused() public {
        FeeOnTransferToken token = new FeeOnTransferToken();
        StakeVault other = new StakeVault(address(this), token, registry, STAKE_THAW, MINUTE, steps);
        token.mint(address(this), 100);
        token.approve(address(other), 100);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.UnexpectedTransferAmount.selector, 99, 100));
        other.provision(providerId, 100);
    }

    function test_aLockHoldsWhatIsFreeAndSaysHowMuch() public {
        vm.prank(address(disputes));
        vm.assertEq(vault.lock(providerId, 700e6), 700e6);
        vm.prank(address(disputes));
        vm.assertEq(vault.lock(providerId, 700e6), 300e6);
        vm.assertEq(vault.stakeOf(providerId).locked, PROVIDER_STAKE);
        vm.prank(address(disputes));
        vm.assertEq(vault.lock(providerId, 1), 0);
    }

    function test_anUnlockLetsGoOfNoMoreThanIsHeld() public {
        vm.prank(address(disputes));
        vault.lock(providerId, 10e6);
        vm.expectEmit();
        emit IStakeVault.StakeUnlocked(providerId, 10e6, 0);
        vm.prank(address(disputes));
        vault.unlock(providerId, 11e6);
        vm.assertEq(vault.stakeOf(providerId).locked, 0);
    }

    function test_aSlashTakesNoMoreThanThereIsAndNeverReverts() public {
        vm.expectEmit();
        emit IStakeVault.Slashed(providerId, type(uint128).max, PROVIDER_STAKE, treasury);
        vm.prank(address(disputes));
        vm.assertEq(vault.slash(providerId, type(uint128).max, treasury), PROVIDER_STAKE);
        vm.assertEq(usdc.balanceOf(treasury), PROVIDER_STAKE);
        vm.prank(address(disputes));
        vm.assertEq(vault.slash(providerId, 1, treasury), 0);
        vm.prank(address(disputes));
        vm.assertEq(vault.slash("nobody", 1, treasury), 0);
        vm.prank(address(disputes));
        vm.assertEq(vault.slash(lane, 0, treasury), 0);
        vm.assertEq(vault.liabilities(), LANE_STAKE);
        assertAllSolvent();
    }

    function test_lockedAndThawingStakeIsSlashedAsWell() public {
        vm.prank(address(disputes));
        vault.lock(providerId, 600e6);
        vm.prank(owner);
        vault.thaw(providerId, 900e6);
        vm.prank(address(disputes));
        vault.slash(providerId, 800e6, treasury);
        IStakeVault.Stake memory left = vault.stakeOf(providerId);
        vm.assertEq(left.tokens, 200e6);
        vm.assertEq(left.locked, 200e6);
        vm.assertEq(left.thawing, 200e6);
        vm.assertEq(vault.activeStakeOf(providerId), 0);
        vm.assertGe(left.thawEndsAt, block.timestamp + 1, "still thawing");
    }

    function test_aHoldOutlivesASlashThatAteIt() public {
        vm.prank(address(disputes));
        vault.lock(providerId, 600e6);
        burnStake(providerId);
        stake(providerId, 500e6);
        vm.assertEq(vault.stakeOf(providerId).locked, 500e6);
        vm.prank(owner);
        vault.thaw(providerId, 500e6);
        skip(STAKE_THAW);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingToWithdraw.selector, providerId));
        vm.prank(owner);
        vault.withdraw(providerId, owner);
    }

    function test_onlyTheirRolesLockAndSlash() public {
        bytes32 locker = vault.LOCKER_ROLE();
        bytes32 slasher = vault.SLASHER_ROLE();
        vm.expectRevert(missingRole(address(this), locker));
        vault.lock(providerId, 1);
        vm.expectRevert(missingRole(address(this), locker));
        vault.unlock(providerId, 1);
        vm.expectRevert(missingRole(address(this), slasher));
        vault.slash(providerId, 1, treasury);
        vm.expectRevert(missingRole(address(ledger), locker));
        vm.prank(address(ledger));
        vault.lock(providerId, 1);
        vm.expectRevert(IStakeVault.ZeroAddress.selector);
        vm.prank(address(disputes));
        vault.slash(providerId, 1, address(0));
    }

    function test_theThawOutlastsTheLongestDispute() public {
        new StakeVault(address(this), usdc, registry, 7 * MINUTE, MINUTE, steps);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.ThawTooShort.selector, 7 * MINUTE - 1, 7 * MINUTE));
        new StakeVault(address(this), usdc, registry, 7 * MINUTE - 1, MINUTE, steps);
        vm.expectRevert(IStakeVault.ZeroAddress.selector);
        new StakeVault(address(0), usdc, registry, STAKE_THAW, MINUTE, steps);
        vm.assertEq(vault.deadlines().fileSeconds, 2 * MINUTE);
        vm.assertEq(vault.marginSeconds(), MINUTE);
        vm.assertEq(vault.thawSeconds(), STAKE_THAW);
    }

    function missingRole(address account, bytes32 role) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role);
    }
}
