// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {StakeVault} from "../../src/StakeVault.sol";
import {Payouts} from "../../src/base/Payouts.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {BlockingToken, FeeOnTransferToken, ReentrantToken} from "../support/TrustDoubles.sol";
import {TrustMarket} from "../support/TrustMarket.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @dev {Payouts} with its hands open.
contract BondHolder is Payouts {
    constructor(address admin, IERC20 token_, address treasury_) Payouts(admin, token_, treasury_) {}

    function take(uint128 amount) external {
        _takeBond(amount);
    }

    function payBond(address to, uint128 amount) external {
        _payBond(to, amount);
    }

    function pay(address to, uint128 amount) external {
        _pay(to, amount);
    }
}

/// @dev Bonds are held, paid out, and where the token refuses an account, kept for it: no account holds up another.
contract PayoutsTest is TrustMarket {
    BlockingToken private token = new BlockingToken();
    BondHolder private holder;

    function setUp() public override {
        super.setUp();
        holder = new BondHolder(address(this), token, treasury);
        token.mint(address(this), 100);
        token.approve(address(holder), 100);
    }

    function test_aBondIsOwedUntilItIsPaid() public {
        holder.take(100);
        vm.assertEq(holder.liabilities(), 100);
        holder.payBond(outsider, 40);
        holder.payBond(outsider, 0);
        vm.assertEq(holder.liabilities(), 60);
        vm.assertEq(token.balanceOf(outsider), 40);
    }

    function test_whatATokenRefusesToDeliverStaysDueAndIsCollectedElsewhere() public {
        holder.take(100);
        token.setBlocked(outsider, true);
        vm.expectEmit();
        emit IPayouts.PayoutDeferred(outsider, 60);
        holder.payBond(outsider, 60);
        vm.assertEq(holder.dueOf(outsider), 60);
        vm.assertEq(holder.liabilities(), 100);
        vm.assertEq(token.balanceOf(address(holder)), 100);

        vm.expectEmit();
        emit IPayouts.DueCollected(outsider, owner, 60);
        vm.prank(outsider);
        vm.assertEq(holder.collect(owner), 60);
        vm.assertEq(token.balanceOf(owner), 60);
        vm.assertEq(holder.liabilities(), 40);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NothingDue.selector, outsider));
        vm.prank(outsider);
        holder.collect(owner);
    }

    function test_aRewardThatIsRefusedBecomesALiability() public {
        token.mint(address(holder), 10);
        token.setBlocked(outsider, true);
        holder.pay(outsider, 10);
        vm.assertEq(holder.liabilities(), 10);
        token.setBlocked(outsider, false);
        vm.prank(outsider);
        holder.collect(outsider);
        vm.assertEq(token.balanceOf(outsider), 10);
        vm.assertEq(holder.liabilities(), 0);
    }

    function test_aBondInATokenThatKeepsAFeeIsRefused() public {
        FeeOnTransferToken fee = new FeeOnTransferToken();
        BondHolder other = new BondHolder(address(this), fee, treasury);
        fee.mint(address(this), 100);
        fee.approve(address(other), 100);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.UnexpectedTransferAmount.selector, 99, 100));
        other.take(100);
    }

    function test_theTreasuryIsTheAdministratorsToChange() public {
        vm.expectEmit();
        emit IPayouts.TreasuryChanged(owner);
        holder.setTreasury(owner);
        vm.assertEq(holder.treasury(), owner);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, outsider, bytes32(0))
        );
        vm.prank(outsider);
        holder.setTreasury(outsider);
        vm.expectRevert(IPayouts.ZeroAddress.selector);
        holder.setTreasury(address(0));
        vm.expectRevert(IPayouts.ZeroAddress.selector);
        holder.collect(address(0));
        vm.expectRevert(IPayouts.ZeroAddress.selector);
        new BondHolder(address(0), token, treasury);
    }

    function test_aTokenThatCallsBackCollectsOnce() public {
        ReentrantToken reentrant = new ReentrantToken();
        BondHolder other = new BondHolder(address(this), reentrant, treasury);
        reentrant.mint(address(this), 100);
        reentrant.approve(address(other), 100);
        other.take(100);
        reentrant.attack(address(other), abi.encodeCall(other.collect, (address(this))));
        other.payBond(outsider, 40);
        vm.assertEq(other.liabilities(), 60);
        vm.assertEq(reentrant.balanceOf(address(other)), 60);
    }

    function test_aTokenThatCallsBackFindsTheVaultShut() public {
        ReentrantToken reentrant = new ReentrantToken();
        IStakeVault.Deadlines memory steps = vault.deadlines();
        StakeVault other = new StakeVault(address(this), reentrant, registry, STAKE_THAW, MINUTE, steps);
        other.grantRole(other.SLASHER_ROLE(), address(reentrant));
        other.grantRole(other.SLASHER_ROLE(), address(this));
        reentrant.mint(address(this), 100);
        reentrant.approve(address(other), 100);
        other.provision(providerId, 100);
        reentrant.attack(address(other), abi.encodeCall(other.slash, (providerId, 50, address(this))));
        vm.assertEq(other.slash(providerId, 30, treasury), 30);
        vm.assertEq(
            bytes32(reentrant.answer()), bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        vm.assertEq(other.stakeOf(providerId).tokens, 70);
        vm.assertEq(reentrant.balanceOf(address(other)), other.liabilities());
    }
}
