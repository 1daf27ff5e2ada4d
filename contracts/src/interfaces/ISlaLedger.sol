// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PerformanceRecord, SlaCounts, Terms} from "../libraries/ReceiptHashes.sol";
import {IPayouts} from "./IPayouts.sol";

/// @title  ISlaLedger
/// @notice One performance record for each (node, lane, epoch): reported with the signatures of node and lane, open to
///         challenge for a window, then final. A final record releases what the node earned in that epoch; an invalid one
///         freezes it. The counts under it are pooled for each (node, payer, terms) and break a promise only when an
///         honest provider would reach them with probability below α = 0.001 / 3.
interface ISlaLedger is IPayouts {
    /// @notice none → reported → final; reported → challenged → final | invalid; invalid → reported (next version).
    enum Status {
        None,
        Reported,
        Challenged,
        Final,
        Invalid
    }

    struct Standing {
        Status status;
        uint8 version;
        bool nodeSigned; // False: the lane alone signed, and the window is twice as long.
        uint64 finalAt; // Chain time in seconds from which it can be finalised.
        uint128 earned;
        bytes32 providerId;
        bytes32 countsRoot;
        bytes32 recordHash;
    }

    struct Challenge {
        address challenger;
        uint128 bond;
        uint64 rulingEndsAt;
        bytes32 evidenceHash;
    }

    /// @notice Samples of (node, payer, terms) since the last test.
    struct Pool {
        uint32 samples;
        uint32 faults;
        uint32 ttftSamples;
        uint32 ttftOver;
        uint32 tpotSamples;
        uint32 tpotOver;
        uint128 spent;
    }

    event RecordReported(
        bytes32 indexed nodeId,
        bytes32 indexed lane,
        uint64 indexed epoch,
        bytes32 providerId,
        uint8 version,
        uint128 earned,
        bytes32 countsRoot,
        bool nodeSigned,
        uint64 finalAt
    );
    event RecordChallenged(
        bytes32 indexed nodeId,
        bytes32 indexed lane,
        uint64 indexed epoch,
        address challenger,
        uint128 bond,
        bytes32 evidenceHash,
        uint64 rulingEndsAt
    );
    event ChallengeResolved(
        bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, bool upheld, bytes32 reasonHash
    );
    event NodeSignatureAdded(
        bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint8 version, uint64 finalAt
    );
    event RecordFinal(bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint128 released);
    event RecordInvalid(bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint128 frozen);
    event PoolTested(
        bytes32 indexed nodeId,
        bytes32 indexed channelId,
        bytes32 indexed termsHash,
        uint32 samples,
        uint8 brokenPromises, // Bits: 1 availability, 2 TTFT, 4 TPOT.
        uint128 penalty
    );
    /// @param left What the daily cap put off; still due.
    event PenaltyPaid(
        bytes32 indexed providerId,
        bytes32 indexed nodeId,
        bytes32 indexed channelId,
        bytes32 termsHash,
        uint128 credited,
        uint128 left
    );
    event LaneSlashed(
        bytes32 indexed nodeId,
        bytes32 indexed lane,
        uint64 indexed epoch,
        uint128 slashed,
        address rewarded,
        uint128 reward
    );
    event FreezeEnded(bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint128 unfrozen);

    error RecordExists(bytes32 nodeId, bytes32 lane, uint64 epoch, Status status);
    error WrongVersion(uint8 version, uint8 expected);
    error NodeUnknown(bytes32 nodeId);
    error EpochNotAnchored(bytes32 lane, uint64 epoch);
    error LaneStakeTooSmall(bytes32 lane, uint128 active, uint128 min);
    error EarnedAboveAnchored(uint128 earned, uint128 sum);
    error InvalidNodeSignature(bytes32 nodeId);
    error InvalidLaneSignature(bytes32 lane);
    error WrongStatus(Status status, Status expected);
    error WindowOver(uint64 finalAt);
    error WindowOpen(uint64 finalAt);
    error RulingOpen(uint64 rulingEndsAt);
    /// @notice The two hashes are of one document, or of two versions of it.
    error NotAContradiction(bytes32 a, bytes32 b);
    error CountsNotIncluded(bytes32 leaf);
    error CountsTaken(bytes32 leaf);
    error TermsMismatch(bytes32 termsHash, bytes32 expected);
    error BondTooSmall(uint128 bond, uint128 min);
    error RulingOver(uint64 rulingEndsAt);
    error TermsNotRegistered(bytes32 providerId, bytes32 termsHash);
    error SpentAboveEarned(uint128 spent, uint128 earned);
    error NoPenaltyDue(bytes32 nodeId, bytes32 channelId, bytes32 termsHash);
    error FreezeRunning(uint64 freezeEndsAt);
    error NothingFrozen(bytes32 nodeId, bytes32 lane, uint64 epoch);

    /// @notice Puts a record on the ledger. Anyone relays; `nodeSignature` may be empty (a node that will not sign cannot
    ///         stop its record), which doubles the challenge window. The same record again with the node's signature leaves
    ///         one window from then on, and never more than was left: a relayer that leaves the signature out gains
    ///         nothing, and whoever holds it back takes no time from a challenger.
    /// @dev    Σ earned of the records of a (lane, epoch) ≤ what the lane anchored for it. The lane's active stake must reach
    ///         the penalty for a false record.
    function report(PerformanceRecord calldata record, bytes calldata nodeSignature, bytes calldata laneSignature)
        external;

    /// @notice Says that a record is wrong, within its window, with a bond from the caller. An AUDITOR judges it: a panel of {IRecordPanels}, or a single key.
    function challenge(bytes32 nodeId, bytes32 lane, uint64 epoch, uint128 bond, bytes32 evidenceHash) external;

    /// @notice The automatic verdict: another record which the same lane signed for the same (node, epoch, version).
    ///         Makes the record invalid, slashes the lane, and pays the caller a share of what was slashed. Until the record
    ///         is final. A challenge that was open has its bond back.
    function proveContradiction(PerformanceRecord calldata other, bytes calldata laneSignature) external;

    /// @notice AUDITOR only. Upheld: the record is invalid, the lane is slashed, the challenger is paid a share and has
    ///         the bond back. Not upheld: the bond goes to the treasury and the record is final at its time.
    function resolveChallenge(bytes32 nodeId, bytes32 lane, uint64 epoch, bool upheld, bytes32 reasonHash) external;

    /// @notice Makes a record final once its window is over. A challenge that nobody judged in time ends here too: the
    ///         bond goes back and the record stands. Anyone may call.
    function finalise(bytes32 nodeId, bytes32 lane, uint64 epoch) external;

    /// @notice Lets go of what an invalid record freezes when no other version became final for `freezeSeconds`: a lane that
    ///         contradicts itself and falls silent cannot keep a provider's money for ever. Anyone may call.
    function releaseInvalid(bytes32 nodeId, bytes32 lane, uint64 epoch) external;

    /// @notice Adds a payer's counts of a final record to its pool, once; tests the pool from 500 samples on; credits a
    ///         broken promise to the payer's channel out of the provider's stake. Anyone may call.
    /// @dev    penalty = spent of the pool · penaltyBps / 10⁴, once a test, whichever promises broke; within 5 % of the
    ///         provider's stake a day and never out of what disputes hold; what that puts off stays due. A test resets samples, faults and spent, and of
    ///         TTFT and TPOT those that it judged: one with fewer than 500 samples of its own waits for the next test. The
    ///         provider must have registered the terms, so that nobody can make a promise in its name.
    function countSamples(SlaCounts calldata counts, Terms calldata terms, bytes32[] calldata proof)
        external
        returns (uint128 credited);

    /// @notice Pays what the daily cap put off, within today's. Anyone may call.
    function collectPenalty(bytes32 providerId, bytes32 nodeId, bytes32 channelId, bytes32 termsHash)
        external
        returns (uint128 credited);

    function standingOf(bytes32 nodeId, bytes32 lane, uint64 epoch) external view returns (Standing memory);
    function challengeOf(bytes32 nodeId, bytes32 lane, uint64 epoch) external view returns (Challenge memory);
    function poolOf(bytes32 nodeId, bytes32 channelId, bytes32 termsHash) external view returns (Pool memory);

    /// @notice Penalties that a provider owes to a channel for a node under some terms.
    function penaltyDueOf(bytes32 providerId, bytes32 nodeId, bytes32 channelId, bytes32 termsHash)
        external
        view
        returns (uint128);

    /// @notice How many of `samples` break a promise of 5 % (TTFT, TPOT) and one of 1 % (availability).
    function criticalCounts(uint256 samples) external pure returns (uint256 at5Percent, uint256 at1Percent);

    /// @notice For a settlement: µUSD of (provider, lane, epoch) that final records released, and that invalid ones freeze.
    function releaseOf(bytes32 providerId, bytes32 lane, uint64 epoch)
        external
        view
        returns (uint128 released, uint128 frozen);

    function recordDigest(PerformanceRecord calldata record) external view returns (bytes32);
    function challengeSeconds() external view returns (uint64);
}
