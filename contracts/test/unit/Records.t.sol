// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SlaLedger} from "../../src/SlaLedger.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {PerformanceRecord, ReceiptHashes} from "../../src/libraries/ReceiptHashes.sol";
import {Records} from "../../src/sla/Records.sol";
import {TrustMarket} from "../support/TrustMarket.sol";

/// @dev A record is reported once by whoever has the signatures, waits for its window, and then releases what was earned.
contract RecordsTest is TrustMarket {
    bytes32 private constant ROOT = keccak256("counts");

    function setUp() public override {
        super.setUp();
        anchorSum(EPOCH, 10e6);
    }

    function test_aRecordOfBothIsFinalAfterTheWindowAndReleasesWhatWasEarned() public {
        PerformanceRecord memory record = recordOf(EPOCH, 6e6, ROOT);
        vm.expectEmit();
        emit ISlaLedger.RecordReported(
            nodeId, lane, EPOCH, providerId, 0, 6e6, ROOT, true, uint64(block.timestamp) + CHALLENGE
        );
        report(record);
        assertReleases(0, 0);
        skip(CHALLENGE - 1);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.WindowOpen.selector, uint64(block.timestamp) + 1));
        ledger.finalise(nodeId, lane, EPOCH);
        skip(1);
        vm.expectEmit();
        emit ISlaLedger.RecordFinal(nodeId, lane, EPOCH, 6e6);
        ledger.finalise(nodeId, lane, EPOCH);
        assertReleases(6e6, 0);
        ISlaLedger.Standing memory standing = ledger.standingOf(nodeId, lane, EPOCH);
        vm.assertEq(uint256(standing.status), uint256(ISlaLedger.Status.Final));
        vm.assertEq(standing.providerId, providerId);
        vm.assertEq(standing.recordHash, ReceiptHashes.hash(record));
    }

    function test_releasedMoneyIsPaidOutBeforeTheGracePeriodEnds() public {
        claimFor(EPOCH, 6e6);
        report(recordOf(EPOCH, 6e6, ROOT));
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).payable_, 0);
        skip(CHALLENGE);
        ledger.finalise(nodeId, lane, EPOCH);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).payable_, 6e6);
        vm.assertEq(channels.settle(providerId, lane, epochList(EPOCH)), 6e6);
    }

    function test_finalAbsorbs() public {
        report(recordOf(EPOCH, 6e6, ROOT));
        skip(CHALLENGE);
        ledger.finalise(nodeId, lane, EPOCH);
        vm.expectRevert(wrongStatus(ISlaLedger.Status.Final, ISlaLedger.Status.Reported));
        ledger.finalise(nodeId, lane, EPOCH);
        PerformanceRecord memory next = recordOf(EPOCH, 6e6, ROOT);
        next.version = 1;
        bytes memory signature = signed(LANE_KEY, ledger.recordDigest(next));
        vm.expectRevert(
            abi.encodeWithSelector(ISlaLedger.RecordExists.selector, nodeId, lane, EPOCH, ISlaLedger.Status.Final)
        );
        ledger.report(next, "", signature);
    }

    function test_aNodeThatWillNotSignCannotStopItsRecordButItTakesTwiceAsLong() public {
        reportByLaneAlone(recordOf(EPOCH, 6e6, ROOT));
        skip(2 * CHALLENGE - 1);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.WindowOpen.selector, uint64(block.timestamp) + 1));
        ledger.finalise(nodeId, lane, EPOCH);
        skip(1);
        ledger.finalise(nodeId, lane, EPOCH);
        assertReleases(6e6, 0);
    }

    function test_aRelayerThatLeavesTheNodesSignatureOutGainsNothing() public {
        PerformanceRecord memory record = recordOf(EPOCH, 6e6, ROOT);
        reportByLaneAlone(record);
        skip(10);
        vm.expectEmit();
        emit ISlaLedger.NodeSignatureAdded(nodeId, lane, EPOCH, 0, uint64(block.timestamp) + CHALLENGE);
        report(record);
        vm.assertTrue(ledger.standingOf(nodeId, lane, EPOCH).nodeSigned, "signed by the node");
        expectExists(record);
        skip(CHALLENGE - 1);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.WindowOpen.selector, uint64(block.timestamp) + 1));
        ledger.finalise(nodeId, lane, EPOCH);
        skip(1);
        ledger.finalise(nodeId, lane, EPOCH);
    }

    /// @dev Lane and node in league hold the signature back: at no moment does it take the time to challenge away.
    function testFuzz_aSignatureHeldBackLeavesAWholeWindowOrWhatWasPromised(uint256 heldBack) public {
        heldBack = bound(heldBack, 0, 2 * CHALLENGE - 1);
        PerformanceRecord memory record = recordOf(EPOCH, 6e6, ROOT);
        uint64 promised = uint64(block.timestamp) + 2 * CHALLENGE;
        reportByLaneAlone(record);
        skip(heldBack);
        report(record);
        uint64 finalAt = ledger.standingOf(nodeId, lane, EPOCH).finalAt;
        uint64 whole = uint64(block.timestamp) + CHALLENGE;
        vm.assertEq(finalAt, whole < promised ? whole : promised);
        vm.warp(finalAt - 1);
        challengeAs(outsider, EPOCH);
    }

    function test_aSignatureAfterTheWindowReopensNothing() public {
        PerformanceRecord memory record = recordOf(EPOCH, 6e6, ROOT);
        uint64 promised = uint64(block.timestamp) + 2 * CHALLENGE;
        reportByLaneAlone(record);
        skip(2 * CHALLENGE);
        report(record);
        vm.assertEq(ledger.standingOf(nodeId, lane, EPOCH).finalAt, promised);
        ledger.finalise(nodeId, lane, EPOCH);
    }

    function test_theNodesSignatureOfAnotherRecordDoesNotShortenTheWindow() public {
        reportByLaneAlone(recordOf(EPOCH, 6e6, ROOT));
        expectExists(recordOf(EPOCH, 5e6, ROOT));
    }

    function test_onlySignedRecordsStand() public {
        PerformanceRecord memory record = recordOf(EPOCH, 6e6, ROOT);
        bytes32 digest = ledger.recordDigest(record);
        bytes memory byNode = signed(NODE_KEY, digest);
        bytes memory byLane = signed(LANE_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidLaneSignature.selector, lane));
        ledger.report(record, byNode, byNode);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidLaneSignature.selector, lane));
        ledger.report(record, byNode, "");
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidNodeSignature.selector, nodeId));
        ledger.report(record, byLane, byLane);
    }

    function test_everyFieldOfARecordIsSigned() public {
        PerformanceRecord memory record = recordOf(EPOCH, 6e6, ROOT);
        bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(record));
        for (uint256 field = 0; field < 8; ++field) {
            PerformanceRecord memory mutated = recordOf(EPOCH, 6e6, ROOT);
            if (field == 0) mutated.nodeId = "another";
            if (field == 1) mutated.lane = bytes32(uint256(uint160(outsider)));
            if (field == 2) mutated.epoch = EPOCH + 1;
            if (field == 3) mutated.version = 1;
            if (field == 4) mutated.earned = 6e6 + 1;
            if (field == 5) mutated.attempts = 601;
            if (field == 6) mutated.faults = 1;
            if (field == 7) mutated.countsRoot = "other";
            vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidLaneSignature.selector, mutated.lane));
            ledger.report(mutated, "", byLane);
        }
    }

    function test_aRecordIsOfAKnownNodeAndAnAnchoredEpoch() public {
        PerformanceRecord memory record = recordOf(EPOCH, 6e6, ROOT);
        record.nodeId = bytes32(uint256(uint160(outsider)));
        expectRefused(record, abi.encodeWithSelector(ISlaLedger.NodeUnknown.selector, record.nodeId));
        expectRefused(
            recordOf(EPOCH + 1, 6e6, ROOT),
            abi.encodeWithSelector(ISlaLedger.EpochNotAnchored.selector, lane, EPOCH + 1)
        );
        record = recordOf(EPOCH, 6e6, ROOT);
        record.version = 1;
        expectRefused(record, abi.encodeWithSelector(ISlaLedger.WrongVersion.selector, 1, 0));
    }

    function test_aRecordIsWorthTheStakeThatAnswersForIt() public {
        uint128 left = FALSE_RECORD_PENALTY;
        vm.prank(operator);
        vault.thaw(lane, LANE_STAKE - left + 1);
        expectRefused(
            recordOf(EPOCH, 6e6, ROOT),
            abi.encodeWithSelector(ISlaLedger.LaneStakeTooSmall.selector, lane, left - 1, left)
        );
        stake(lane, 1);
        reportByLaneAlone(recordOf(EPOCH, 6e6, ROOT));
    }

    function test_theRecordsOfAnEpochTogetherReleaseNoMoreThanItsAnchoredSum() public {
        expectRefused(
            recordOf(EPOCH, 10e6 + 1, ROOT),
            abi.encodeWithSelector(ISlaLedger.EarnedAboveAnchored.selector, 10e6 + 1, 10e6)
        );
        report(recordOf(EPOCH, 6e6, ROOT));
        vm.assertEq(ledger.earnedOf(lane, EPOCH), 6e6);

        bytes memory proof = signed(0x40DF, registry.nodeKeyDigest(providerId, vm.addr(0x40DF)));
        vm.prank(owner);
        PerformanceRecord memory record = recordOf(EPOCH, 4e6 + 1, ROOT);
        record.nodeId = registry.addNodeKey(providerId, vm.addr(0x40DF), proof);
        expectRefused(record, abi.encodeWithSelector(ISlaLedger.EarnedAboveAnchored.selector, 4e6 + 1, 4e6));
        record.earned = 4e6;
        reportByLaneAlone(record);
    }

    function test_theLanesStakeOutlastsTheLastJudgement() public {
        Records.Parameters memory p = ledgerParameters();
        p.challengeSeconds = 3 * MINUTE;
        p.rulingSeconds = 3 * MINUTE;
        new SlaLedger(address(this), p);
        p.rulingSeconds += 1;
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ParameterTooLarge.selector, STAKE_THAW + 1, STAKE_THAW));
        new SlaLedger(address(this), p);
        p = ledgerParameters();
        p.rewardBps = 5001;
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ParameterTooLarge.selector, 5001, 5000));
        new SlaLedger(address(this), p);
    }

    function expectExists(PerformanceRecord memory record) private {
        bytes32 digest = ledger.recordDigest(record);
        bytes memory byNode = signed(NODE_KEY, digest);
        bytes memory byLane = signed(LANE_KEY, digest);
        vm.expectRevert(
            abi.encodeWithSelector(ISlaLedger.RecordExists.selector, nodeId, lane, EPOCH, ISlaLedger.Status.Reported)
        );
        ledger.report(record, byNode, byLane);
    }

    function expectRefused(PerformanceRecord memory record, bytes memory reason) private {
        bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(record));
        vm.expectRevert(reason);
        ledger.report(record, "", byLane);
    }

    function assertReleases(uint128 released, uint128 frozen) private view {
        (uint128 isReleased, uint128 isFrozen) = ledger.releaseOf(providerId, lane, EPOCH);
        vm.assertEq(isReleased, released, "released");
        vm.assertEq(isFrozen, frozen, "frozen");
    }

    function wrongStatus(ISlaLedger.Status status, ISlaLedger.Status expected) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISlaLedger.WrongStatus.selector, status, expected);
    }
}
