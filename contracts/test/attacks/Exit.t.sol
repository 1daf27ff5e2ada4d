// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Contradictions} from "../../src/Contradictions.sol";
import {StakeVault} from "../../src/StakeVault.sol";

import {IContradictions} from "../../src/interfaces/IContradictions.sol";
import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {DeliveryReceipt, PerformanceRecord, ReceiptHashes, WorkReceipt} from "../../src/libraries/ReceiptHashes.sol";
import {Courtroom} from "../support/Courtroom.sol";

/// @dev Whoever did wrong tries to be gone before the slash, or to earn by it.
contract ExitAttack is Courtroom {
    struct Case {
        DeliveryReceipt receipt;
        bytes32[] proof;
        uint256 disputeId;
    }

    uint64 private constant BLOCK = 12;
    /// @dev Less, and {StakeVault} cannot be built.
    uint64 private constant LEAST_THAW = FILING + 4 * STEP + MARGIN;
    /// @dev After the work: a block before the margin is over.
    uint64 private constant ANCHORED_AT = MARGIN - BLOCK;
    /// @dev After its report, a record that the lane alone signed: challenged in the last block of its window.
    uint64 private constant JUDGED_AT = 2 * CHALLENGE - BLOCK + STEP;

    function setUp() public {
        buildWorld();
        fund(0, 200e6);
        raiseCeiling(0, 200e6);
        stake(providerIds[0], 40e6);
        stake(lanes[0], 40e6);
    }

    function stakeThaw() internal pure override returns (uint64) {
        return LEAST_THAW;
    }

    /// @dev The provider begins its exit in each block from the work itself to the last moment of the longest dispute about
    ///      it, and tries to withdraw in each one after. The lane anchors as late as the margin lets it, and the payer takes
    ///      each step as late as the rules do: the verdict falls in the last block before the first exit could be over.
    function test_exitBeforeTheSlashFailsAtEveryBlockOfTheWindow() public {
        for (uint64 exitAt = 0; exitAt < LEAST_THAW; exitAt += BLOCK) {
            uint256 snapshot = vm.snapshotState();
            uint256 start = block.timestamp;
            Case memory c = walk(exitAt);
            vm.assertTrue(stateOf(c.disputeId) == IDisputeManager.State.Executed, "the verdict was carried out");
            vm.assertEq(block.timestamp - start, LEAST_THAW - BLOCK, "in the last block before stake can leave");
            vm.assertEq(
                disputes.refundedOf(ReceiptHashes.hash(c.receipt)), 30e6, "out of the stake that wanted to leave"
            );
            vm.revertToState(snapshot);
        }
    }

    /// @dev A lane begins its exit in each block from its false record to the last one in which that can be judged: nobody
    ///      but the lane signed, somebody challenges in the last block of the longer window, and the auditor takes its time.
    function test_aLaneThatLeavesIsStillThereWhenItsRecordIsJudged() public {
        for (uint64 exitAt = 0; exitAt <= JUDGED_AT; exitAt += BLOCK) {
            uint256 snapshot = vm.snapshotState();
            vm.assertEq(judgeRecordAfter(exitAt), PENALTY, "all of the penalty, out of the stake that wanted to leave");
            vm.revertToState(snapshot);
        }
    }

    /// @dev One block later the same stake is free: what the walk shows is not that nothing ever leaves.
    function test_stakeLeavesInTheFirstBlockAfterItsThaw() public {
        vm.assertTrue(tryExit(), "the exit begins");
        vm.warp(block.timestamp + LEAST_THAW - BLOCK);
        vm.assertTrue(!tryWithdraw(), "a block too early");
        vm.warp(block.timestamp + BLOCK);
        vm.assertTrue(tryWithdraw(), "in time");
        vm.assertEq(usdc.balanceOf(ownerOf(0)), 40e6, "all of it");
    }

    /// @dev What a dispute holds stays after its thaw, pays what is ruled although it thaws, and only then goes.
    function test_thawingStakeIsSlashedAndLockedStakeStays() public {
        vm.prank(ownerOf(0));
        vault.thaw(providerIds[0], 40e6);
        pass(LEAST_THAW - CHALLENGE - BLOCK);
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        reportBySigners(0, 0, recordOf(0, 0, 1, 30e6, 0));
        pass(CHALLENGE);
        payOut();
        uint256 disputeId = fileOvercharge(receipt, 1, proof, 30e6);
        assertStake(40e6, 30e6, 40e6);
        pass(BLOCK); // Thawed, and the dispute is not over.
        vm.prank(ownerOf(0));
        vm.assertEq(vault.withdraw(providerIds[0], ownerOf(0)), 10e6, "only what no dispute holds");
        vm.prank(ownerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingToWithdraw.selector, providerIds[0]));
        vault.withdraw(providerIds[0], ownerOf(0));
        assertStake(30e6, 30e6, 30e6);
        vm.assertTrue(stateOf(disputeId) == IDisputeManager.State.Filed, "the dispute is alive");

        drawUnanswered(disputeId);
        ruleBoth(disputeId, false, 20e6);
        pass(STEP + 1);
        vm.assertEq(disputes.execute(disputeId), 20e6, "all of what was ruled");
        vm.assertTrue(stateOf(disputeId) == IDisputeManager.State.Executed, "the verdict was carried out");
        assertStake(10e6, 0, 10e6);
        vm.assertEq(vault.stakeOf(lanes[0]).tokens, 40e6, "none of it from the lane");
        vm.assertEq(channels.channelOf(channelIds[0]).deposited, 220e6, "into the channel that paid");
        vm.prank(ownerOf(0));
        vm.assertEq(vault.withdraw(providerIds[0], ownerOf(0)), 10e6, "the rest, once nothing holds it");
        vm.assertEq(usdc.balanceOf(ownerOf(0)), 20e6, "and no more");
        assertSolvent();
    }

    function test_aVaultWhoseThawIsShorterThanTheLongestDisputeCannotBeBuilt() public {
        IStakeVault.Deadlines memory deadlines = IStakeVault.Deadlines(FILING, STEP, STEP, STEP, STEP);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.ThawTooShort.selector, LEAST_THAW - 1, LEAST_THAW));
        new StakeVault(address(this), usdc, registry, LEAST_THAW - 1, MARGIN, deadlines);
        new StakeVault(address(this), usdc, registry, LEAST_THAW, MARGIN, deadlines);
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
        bytes32 offence = keccak256(abi.encode(bytes32("two outputs"), a.requestId, a.attempt, a.nodeId));
        vm.expectRevert(abi.encodeWithSelector(IContradictions.ContradictionTaken.selector, offence));
        contradictions.proveTwoOutputs(b, sigB, a, sigA);
    }

    /// @dev A verdict finds what is there. A lane that contradicts itself, with an accomplice to say so, is out at once, and
    ///      what a dispute holds with it: it gets half of what it loses, the most that a reward may be.
    function test_aLaneThatConvictsItselfLosesTwiceWhatItGetsBack() public {
        (DeliveryReceipt memory receipt,) = sell(1, 30e6);
        give(stranger, address(disputes), BOND);
        vm.prank(stranger);
        uint256 disputeId = disputes.fileWithheld(lanes[0], 1, "evidence");
        vm.assertEq(vault.stakeOf(lanes[0]).locked, PENALTY, "held for the dispute");
        for (uint64 epoch = 1; epoch <= 2; ++epoch) {
            if (epoch == 2) anchorOne(0, 2, delivery(0, 0, 0, 30e6));
            reportByLane(recordOf(0, 0, epoch, receipt.price, 0));
            PerformanceRecord memory other = recordOf(0, 0, epoch, receipt.price, "other");
            bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(other));
            vm.prank(operatorOf(0));
            ledger.proveContradiction(other, byLane);
        }
        vm.assertEq(vault.stakeOf(lanes[0]).tokens, 0, "two penalties were all of its stake");
        vm.assertEq(usdc.balanceOf(operatorOf(0)), 20e6, "half of them");
        vm.assertEq(usdc.balanceOf(treasury), 20e6, "and half is gone");
        drawUnanswered(disputeId);
        ruleBoth(disputeId, false, PENALTY);
        pass(STEP + 1);
        disputes.execute(disputeId);
        vm.assertTrue(stateOf(disputeId) == IDisputeManager.State.Executed, "carried out all the same");
        vm.assertEq(usdc.balanceOf(operatorOf(0)), 20e6, "no more for the lane");
    }

    /// @dev Reported, and judged as late as can be. What the lane lost.
    function judgeRecordAfter(uint64 exitAt) private returns (uint256 lost) {
        uint256 start = block.timestamp;
        sell(1, 30e6);
        reportByLane(recordOf(0, 0, 1, 30e6, 0));
        for (uint64 at = 0; at <= JUDGED_AT; at += BLOCK) {
            vm.warp(start + at);
            vm.roll(block.number + 1);
            vm.startPrank(operatorOf(0));
            if (at == exitAt) vault.thaw(lanes[0], vault.stakeOf(lanes[0]).tokens);
            try vault.withdraw(lanes[0], operatorOf(0)) {
                vm.assertTrue(false, "stake left before the verdict");
            } catch {}
            vm.stopPrank();
            if (at == 2 * CHALLENGE - BLOCK) {
                give(stranger, address(ledger), BOND);
                vm.prank(stranger);
                ledger.challenge(nodeIds[0], lanes[0], 1, BOND, "evidence");
            }
        }
        lost = vault.stakeOf(lanes[0]).tokens;
        vm.prank(auditor);
        ledger.resolveChallenge(nodeIds[0], lanes[0], 1, true, "reason");
        return lost - vault.stakeOf(lanes[0]).tokens;
    }

    function reportByLane(PerformanceRecord memory record) private {
        ledger.report(record, "", signed(LANE_KEY, ledger.recordDigest(record)));
    }

    /// @dev Block by block, until the verdict is carried out or stake could have left.
    function walk(uint64 exitAt) private returns (Case memory c) {
        uint256 start = block.timestamp;
        for (uint64 at = 0; at < LEAST_THAW && !isClosed(c.disputeId); at += BLOCK) {
            vm.warp(start + at);
            vm.roll(block.number + 1);
            if (at == exitAt) vm.assertTrue(tryExit(), "the exit begins");
            vm.assertTrue(!tryWithdraw(), "stake left before the verdict");
            if (at == ANCHORED_AT) {
                (c.receipt, c.proof) = sell(1, 30e6);
                reportBySigners(0, 0, recordOf(0, 0, 1, 30e6, 0));
            } else if (at == ANCHORED_AT + CHALLENGE) {
                payOut();
            } else if (at == ANCHORED_AT + FILING) {
                c.disputeId = fileOvercharge(c.receipt, 1, c.proof, 30e6);
            } else if (c.disputeId != 0) {
                prosecute(c.disputeId);
            }
        }
    }

    function assertStake(uint128 tokens, uint128 locked, uint128 thawing) private view {
        IStakeVault.Stake memory left = vault.stakeOf(providerIds[0]);
        vm.assertEq(left.tokens, tokens, "the provider's stake");
        vm.assertEq(left.locked, locked, "held for the dispute");
        vm.assertEq(left.thawing, thawing, "wants to leave");
    }

    /// @dev So that only stake is left to refund from.
    function payOut() private {
        ledger.finalise(nodeIds[0], lanes[0], 1);
        channels.settle(providerIds[0], lanes[0], epochList(1));
    }

    function tryExit() private returns (bool) {
        uint128 all = vault.stakeOf(providerIds[0]).tokens;
        vm.prank(ownerOf(0));
        try vault.thaw(providerIds[0], all) {
            return true;
        } catch {
            return false;
        }
    }

    function tryWithdraw() private returns (bool) {
        vm.prank(ownerOf(0));
        try vault.withdraw(providerIds[0], ownerOf(0)) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev The next step of a dispute, in the last block in which the rules allow it.
    function prosecute(uint256 disputeId) private {
        IDisputeManager.Dispute memory dispute = disputes.disputeOf(disputeId);
        bool isLate = block.timestamp + BLOCK > dispute.deadline;
        if (dispute.state == IDisputeManager.State.Filed) {
            if (block.timestamp > dispute.deadline) disputes.drawPanel(disputeId);
        } else if (dispute.state == IDisputeManager.State.Answered || dispute.state == IDisputeManager.State.Appealed) {
            disputes.drawPanel(disputeId);
        } else if (dispute.state == IDisputeManager.State.Drawn && isLate) {
            ruleBoth(disputeId, false, 30e6);
        } else if (dispute.state == IDisputeManager.State.Ruled && isLate) {
            give(ownerOf(0), address(disputes), BOND);
            vm.prank(ownerOf(0));
            disputes.appeal(disputeId);
        } else if (dispute.state == IDisputeManager.State.AppealDrawn && isLate) {
            ruleBoth(disputeId, true, 30e6);
            disputes.execute(disputeId);
        }
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
