// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Contradictions} from "../../src/Contradictions.sol";
import {StakeVault} from "../../src/StakeVault.sol";

import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {DeliveryReceipt, ReceiptHashes, WorkReceipt} from "../../src/libraries/ReceiptHashes.sol";
import {Courtroom} from "../support/Courtroom.sol";

/// @dev Whoever did wrong tries to be gone before the slash, or to earn by it.
contract ExitAttack is Courtroom {
    uint64 private constant BLOCK = 12;

    function setUp() public {
        buildWorld();
        fund(0, 200e6);
        raiseCeiling(0, 200e6);
        stake(providerIds[0], 40e6);
        stake(lanes[0], 40e6);
    }

    /// @dev The provider begins its exit in each block from the wrong itself to the last moment of the longest dispute
    ///      about it. In none of them is the stake gone when the verdict is carried out.
    function test_exitBeforeTheSlashFailsAtEveryBlockOfTheWindow() public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        channelsPayOut(1);
        uint64 window = FILING + 4 * STEP;
        for (uint64 exitAt = 0; exitAt <= window; exitAt += BLOCK) {
            uint256 snapshot = vm.snapshotState();
            uint64 start = uint64(block.timestamp);
            bool hasLeft = false;
            uint256 disputeId;
            for (uint64 at = 0; at <= window + 6 * BLOCK && !isClosed(disputeId); at += BLOCK) {
                vm.warp(start + at);
                vm.roll(block.number + 1);
                if (at >= exitAt && !hasLeft) hasLeft = tryExit();
                disputeId = prosecute(disputeId, at, receipt, proof);
            }
            vm.assertTrue(stateOf(disputeId) == IDisputeManager.State.Executed, "the verdict was carried out");
            vm.assertEq(disputes.refundedOf(ReceiptHashes.hash(receipt)), 30e6, "out of the stake that wanted to leave");
            vm.revertToState(snapshot);
        }
    }

    function test_thawingStakeIsSlashedAndLockedStakeStays() public {
        vm.prank(ownerOf(0));
        vault.thaw(providerIds[0], 40e6);
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        channelsPayOut(1);
        uint256 disputeId = fileOvercharge(receipt, 1, proof, 30e6);
        vm.assertEq(vault.stakeOf(providerIds[0]).locked, 30e6);
        pass(THAW);
        vm.prank(ownerOf(0));
        vm.assertEq(vault.withdraw(providerIds[0], ownerOf(0)), 10e6, "only what no dispute holds");
        vm.assertTrue(stateOf(disputeId) == IDisputeManager.State.Filed, "the dispute is alive");
    }

    function test_aVaultWhoseThawIsShorterThanTheLongestDisputeCannotBeBuilt() public {
        IStakeVault.Deadlines memory deadlines = IStakeVault.Deadlines(FILING, STEP, STEP, STEP, STEP);
        uint64 min = FILING + 4 * STEP + MARGIN;
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.ThawTooShort.selector, min - 1, min));
        new StakeVault(address(this), usdc, registry, min - 1, MARGIN, deadlines);
        new StakeVault(address(this), usdc, registry, min, MARGIN, deadlines);
    }

    function testFuzz_slashParametersAtTheirExtremes(uint128 amount, uint128 thawing, uint128 locked) public {
        vault.grantRole(vault.SLASHER_ROLE(), address(this));
        vault.grantRole(vault.LOCKER_ROLE(), address(this));
        vm.prank(ownerOf(0));
        vault.thaw(providerIds[0], uint128(bound(thawing, 0, 40e6)));
        vault.lock(providerIds[0], locked);
        uint128 taken = vault.slash(providerIds[0], amount, treasury);
        vm.assertEq(taken, amount < 40e6 ? amount : 40e6, "min(amount, stake)");
        IStakeVault.Stake memory left = vault.stakeOf(providerIds[0]);
        vm.assertEq(left.tokens, 40e6 - taken);
        vm.assertLe(left.thawing, left.tokens, "nothing thaws that is gone");
        vm.assertEq(vault.slash(providerIds[0], type(uint128).max, treasury), 40e6 - taken);
        vm.assertEq(vault.slash(providerIds[0], type(uint128).max, treasury), 0, "an empty stake is no error");
        vm.assertEq(vault.slash("nobody", 1, treasury), 0, "nor is a subject without any");
        assertSolvent();
    }

    function test_rewardsAboveHalfOfTheSlashAreRefused() public {
        Contradictions.Parameters memory p =
            Contradictions.Parameters(usdc, registry, channels, vault, treasury, PENALTY, 5001);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ParameterTooLarge.selector, 5001, 5000));
        new Contradictions(address(this), p);
    }

    function test_slashingOneselfForTheRewardLoses() public {
        (WorkReceipt memory a, WorkReceipt memory b) = twoOutputs();
        bytes memory sigA = signed(NODE_KEY, receiptDigest(ReceiptHashes.hash(a)));
        bytes memory sigB = signed(NODE_KEY, receiptDigest(ReceiptHashes.hash(b)));
        vm.prank(ownerOf(0));
        vm.assertEq(contradictions.proveTwoOutputs(a, sigA, b, sigB), PENALTY);
        vm.assertEq(usdc.balanceOf(ownerOf(0)), PENALTY * REWARD_BPS / 10_000, "a tenth comes back");
        vm.assertEq(usdc.balanceOf(treasury), PENALTY - PENALTY * REWARD_BPS / 10_000, "and the rest is gone");
        vm.assertEq(vault.stakeOf(providerIds[0]).tokens, 40e6 - PENALTY);

        // The same offence a second time, or the other way round, is the same offence.
        vm.expectRevert();
        contradictions.proveTwoOutputs(b, sigB, a, sigA);
    }

    /// @dev Pays out, so that only stake is left to refund from.
    function channelsPayOut(uint64 epoch) private {
        uint256 snapshotTime = block.timestamp;
        reportBySigners(0, 0, recordOf(0, 0, epoch, 30e6, 0));
        vm.warp(snapshotTime + CHALLENGE);
        ledger.finalise(nodeIds[0], lanes[0], epoch);
        channels.settle(providerIds[0], lanes[0], epochList(epoch));
    }

    function tryExit() private returns (bool) {
        vm.prank(ownerOf(0));
        try vault.thaw(providerIds[0], vault.stakeOf(providerIds[0]).tokens) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev A prosecutor who takes each step as late as the rules allow, while the provider tries to withdraw each block.
    function prosecute(uint256 disputeId, uint64 at, DeliveryReceipt memory receipt, bytes32[] memory proof)
        private
        returns (uint256)
    {
        vm.prank(ownerOf(0));
        try vault.withdraw(providerIds[0], ownerOf(0)) {
            vm.assertTrue(false, "stake left before the verdict");
        } catch {}
        if (disputeId == 0) {
            return at + CHALLENGE + BLOCK >= FILING ? fileOvercharge(receipt, 1, proof, 30e6) : 0;
        }
        IDisputeManager.Dispute memory dispute = disputes.disputeOf(disputeId);
        bool isLate = block.timestamp + BLOCK > dispute.deadline;
        if (dispute.state == IDisputeManager.State.Filed) {
            if (block.timestamp > dispute.deadline) disputes.drawPanel(disputeId);
        } else if (dispute.state == IDisputeManager.State.Answered) {
            disputes.drawPanel(disputeId);
        } else if (dispute.state == IDisputeManager.State.Drawn && isLate) {
            ruleBoth(disputeId, false, 30e6);
        } else if (dispute.state == IDisputeManager.State.Ruled && isLate) {
            give(ownerOf(0), address(disputes), BOND);
            vm.prank(ownerOf(0));
            try disputes.appeal(disputeId) {} catch {}
        } else if (dispute.state == IDisputeManager.State.Appealed) {
            disputes.drawPanel(disputeId);
        } else if (dispute.state == IDisputeManager.State.AppealDrawn && isLate) {
            ruleBoth(disputeId, true, 30e6);
            disputes.execute(disputeId);
        }
        return disputeId;
    }

    function isClosed(uint256 disputeId) private view returns (bool) {
        return disputeId != 0 && stateOf(disputeId) >= IDisputeManager.State.Executed;
    }

    function twoOutputs() private view returns (WorkReceipt memory a, WorkReceipt memory b) {
        a.nodeId = nodeIds[0];
        a.requestId = keccak256("request");
        a.outputHash = keccak256("one");
        b.nodeId = nodeIds[0];
        b.requestId = keccak256("request");
        b.outputHash = keccak256("another");
        b.seq = 1;
    }
}
