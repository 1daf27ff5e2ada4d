// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {PerformanceRecord, ReceiptHashes} from "../../src/libraries/ReceiptHashes.sol";
import {TrustMarket} from "../support/TrustMarket.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// @dev A false record freezes what it covered and costs its lane; a record that stands costs its challenger.
contract RecordChallengesTest is TrustMarket {
    bytes32 private constant ROOT = keccak256("counts");

    function setUp() public override {
        super.setUp();
        anchorSum(EPOCH, 10e6);
        report(recordOf(EPOCH, 6e6, ROOT));
    }

    function test_anUpheldChallengeFreezesTheRecordAndPaysHalfThePenalty() public {
        allow(outsider, address(ledger), CHALLENGE_BOND);
        uint64 rulingEndsAt = uint64(block.timestamp) + 2 * CHALLENGE;
        vm.expectEmit();
        emit ISlaLedger.RecordChallenged(nodeId, lane, EPOCH, outsider, CHALLENGE_BOND, "evidence", rulingEndsAt);
        vm.prank(outsider);
        ledger.challenge(nodeId, lane, EPOCH, CHALLENGE_BOND, "evidence");
        vm.assertEq(ledger.liabilities(), CHALLENGE_BOND);
        vm.assertEq(ledger.challengeOf(nodeId, lane, EPOCH).challenger, outsider);

        vm.expectEmit();
        emit ISlaLedger.RecordInvalid(nodeId, lane, EPOCH, 6e6);
        vm.expectEmit();
        emit ISlaLedger.LaneSlashed(nodeId, lane, EPOCH, FALSE_RECORD_PENALTY, outsider, FALSE_RECORD_PENALTY / 2);
        resolve(true);
        vm.assertEq(usdc.balanceOf(outsider), CHALLENGE_BOND + FALSE_RECORD_PENALTY / 2);
        vm.assertEq(usdc.balanceOf(treasury), FALSE_RECORD_PENALTY / 2);
        vm.assertEq(vault.stakeOf(lane).tokens, LANE_STAKE - FALSE_RECORD_PENALTY);
        vm.assertEq(ledger.liabilities(), 0);
        vm.assertEq(ledger.earnedOf(lane, EPOCH), 0);
        assertReleases(0, 6e6);
        assertAllSolvent();
    }

    function test_aRejectedChallengeCostsTheBondAndTheRecordIsFinalAtItsTime() public {
        challengeAs(outsider, EPOCH);
        resolve(false);
        vm.assertEq(usdc.balanceOf(treasury), CHALLENGE_BOND);
        vm.assertEq(usdc.balanceOf(outsider), 0);
        assertStatus(ISlaLedger.Status.Reported);
        skip(CHALLENGE);
        ledger.finalise(nodeId, lane, EPOCH);
        assertReleases(6e6, 0);
    }

    function test_aChallengeThatNobodyJudgesEndsWithTheBondBack() public {
        challengeAs(outsider, EPOCH);
        skip(2 * CHALLENGE);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.RulingOpen.selector, uint64(block.timestamp)));
        ledger.finalise(nodeId, lane, EPOCH);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.RulingOver.selector, uint64(block.timestamp) - 1));
        resolve(true);
        ledger.finalise(nodeId, lane, EPOCH);
        vm.assertEq(usdc.balanceOf(outsider), CHALLENGE_BOND);
        assertReleases(6e6, 0);
        assertStatus(ISlaLedger.Status.Final);
    }

    function test_challengesAreMadeInTimeWithABondAndOneByOne() public {
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.BondTooSmall.selector, CHALLENGE_BOND - 1, CHALLENGE_BOND));
        ledger.challenge(nodeId, lane, EPOCH, CHALLENGE_BOND - 1, "");
        challengeAs(outsider, EPOCH);
        vm.expectRevert(wrongStatus(ISlaLedger.Status.Challenged, ISlaLedger.Status.Reported));
        ledger.challenge(nodeId, lane, EPOCH, CHALLENGE_BOND, "");
        resolve(false);
        skip(CHALLENGE);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.WindowOver.selector, uint64(block.timestamp)));
        ledger.challenge(nodeId, lane, EPOCH, CHALLENGE_BOND, "");
        vm.expectRevert(wrongStatus(ISlaLedger.Status.None, ISlaLedger.Status.Reported));
        ledger.challenge(nodeId, lane, EPOCH + 1, CHALLENGE_BOND, "");
    }

    function test_onlyAnAuditorJudgesAndOnlyWhatIsChallenged() public {
        bytes32 role = ledger.AUDITOR_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, outsider, role)
        );
        vm.prank(outsider);
        ledger.resolveChallenge(nodeId, lane, EPOCH, true, "");
        vm.expectRevert(wrongStatus(ISlaLedger.Status.Reported, ISlaLedger.Status.Challenged));
        resolve(true);
    }

    function test_twoRecordsOfOneVersionAreJudgedWithoutAnAuditor() public {
        PerformanceRecord memory other = recordOf(EPOCH, 5e6, ROOT);
        prove(outsider, other);
        assertStatus(ISlaLedger.Status.Invalid);
        assertReleases(0, 6e6);
        vm.assertEq(usdc.balanceOf(outsider), FALSE_RECORD_PENALTY / 2);
        expectProofRefused(other, wrongStatus(ISlaLedger.Status.Invalid, ISlaLedger.Status.Reported));
    }

    function test_aContradictionEndsAnOpenChallengeWithTheBondBack() public {
        challengeAs(payer, EPOCH);
        prove(outsider, recordOf(EPOCH, 5e6, ROOT));
        vm.assertEq(usdc.balanceOf(payer), CHALLENGE_BOND);
        vm.assertEq(usdc.balanceOf(outsider), FALSE_RECORD_PENALTY / 2);
        vm.assertEq(ledger.liabilities(), 0);
    }

    function test_whatIsNoContradiction() public {
        PerformanceRecord memory same = recordOf(EPOCH, 6e6, ROOT);
        expectProofRefused(same, noContradiction(same));
        PerformanceRecord memory next = recordOf(EPOCH, 5e6, ROOT);
        next.version = 1;
        expectProofRefused(next, noContradiction(next));
        PerformanceRecord memory forged = recordOf(EPOCH, 5e6, ROOT);
        bytes memory byNode = signed(NODE_KEY, ledger.recordDigest(forged));
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidLaneSignature.selector, lane));
        ledger.proveContradiction(forged, byNode);
    }

    function test_aFinalRecordIsNoLongerContradicted() public {
        skip(CHALLENGE);
        ledger.finalise(nodeId, lane, EPOCH);
        expectProofRefused(recordOf(EPOCH, 5e6, ROOT), wrongStatus(ISlaLedger.Status.Final, ISlaLedger.Status.Reported));
    }

    function test_theNextVersionReleasesWhatTheInvalidOneFroze() public {
        claimFor(EPOCH, 6e6);
        prove(outsider, recordOf(EPOCH, 5e6, ROOT));
        skip(GRACE); // Past the grace period, and still frozen.
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).payable_, 0);

        PerformanceRecord memory next = recordOf(EPOCH, 6e6, ROOT);
        next.version = 1;
        report(next);
        assertReleases(0, 6e6);
        skip(CHALLENGE);
        ledger.finalise(nodeId, lane, EPOCH);
        assertReleases(6e6, 0);
        vm.assertEq(channels.settle(providerId, lane, epochList(EPOCH)), 6e6);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.NothingFrozen.selector, nodeId, lane, EPOCH));
        ledger.releaseInvalid(nodeId, lane, EPOCH);
    }

    function test_aLaneThatFallsSilentCannotKeepAProvidersMoney() public {
        claimFor(EPOCH, 6e6);
        prove(outsider, recordOf(EPOCH, 5e6, ROOT));
        uint64 freezeEndsAt = uint64(block.timestamp) + 10 * CHALLENGE;
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.FreezeRunning.selector, freezeEndsAt));
        ledger.releaseInvalid(nodeId, lane, EPOCH);
        skip(10 * CHALLENGE);
        vm.expectEmit();
        emit ISlaLedger.FreezeEnded(nodeId, lane, EPOCH, 6e6);
        ledger.releaseInvalid(nodeId, lane, EPOCH);
        assertReleases(0, 0);
        vm.assertEq(channels.settle(providerId, lane, epochList(EPOCH)), 6e6);
    }

    function test_moreFalseVersionsNeitherProlongTheFreezeNorAddToIt() public {
        prove(outsider, recordOf(EPOCH, 5e6, ROOT));
        uint64 freezeEndsAt = uint64(block.timestamp) + 10 * CHALLENGE;
        skip(5 * CHALLENGE);
        reportAndContradict(1, 4e6);
        assertReleases(0, 6e6);
        reportAndContradict(2, 7e6);
        assertReleases(0, 7e6);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.FreezeRunning.selector, freezeEndsAt));
        ledger.releaseInvalid(nodeId, lane, EPOCH);
        skip(5 * CHALLENGE);
        ledger.releaseInvalid(nodeId, lane, EPOCH);
        reportAndContradict(3, 7e6);
        assertReleases(0, 0);
    }

    function test_aLaneWithoutStakeIsJudgedAllTheSame() public {
        burnStake(lane);
        challengeAs(outsider, EPOCH);
        resolve(true);
        assertStatus(ISlaLedger.Status.Invalid);
        vm.assertEq(usdc.balanceOf(outsider), CHALLENGE_BOND);
    }

    /// @dev Whoever slashes itself for the reward loses, whatever its stake.
    function testFuzz_theRewardIsLessThanTheLoss(uint128 laneStake) public {
        burnStake(lane);
        laneStake = uint128(bound(laneStake, 1, FALSE_RECORD_PENALTY * 2));
        stake(lane, laneStake);
        prove(operator, recordOf(EPOCH, 5e6, ROOT));
        uint128 lost = laneStake - vault.stakeOf(lane).tokens;
        vm.assertLe(usdc.balanceOf(operator) * 2, lost, "at least half is lost");
    }

    function reportAndContradict(uint8 version, uint128 earned) private {
        PerformanceRecord memory record = recordOf(EPOCH, earned, ROOT);
        record.version = version;
        report(record);
        record.countsRoot = "other";
        prove(outsider, record);
    }

    function prove(address prover, PerformanceRecord memory other) private {
        bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(other));
        vm.prank(prover);
        ledger.proveContradiction(other, byLane);
    }

    function expectProofRefused(PerformanceRecord memory other, bytes memory reason) private {
        bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(other));
        vm.expectRevert(reason);
        ledger.proveContradiction(other, byLane);
    }

    function noContradiction(PerformanceRecord memory other) private view returns (bytes memory) {
        bytes32 standing = ledger.standingOf(nodeId, lane, EPOCH).recordHash;
        return abi.encodeWithSelector(ISlaLedger.NotAContradiction.selector, ReceiptHashes.hash(other), standing);
    }

    function resolve(bool upheld) private {
        vm.prank(auditor);
        ledger.resolveChallenge(nodeId, lane, EPOCH, upheld, keccak256("reason"));
    }

    function assertStatus(ISlaLedger.Status status) private view {
        vm.assertEq(uint256(ledger.standingOf(nodeId, lane, EPOCH).status), uint256(status), "status");
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
