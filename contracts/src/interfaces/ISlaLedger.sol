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

    /// @notice What is on the ledger for (node, lane, epoch). All zero when nothing was reported.
    struct Standing {
        Status status; // See {Status}.
        uint8 version; // 0 at first; one more for each that replaced an invalid one.
        bool nodeSigned; // False: the lane alone signed, and the window is twice as long.
        uint64 finalAt; // Chain time in seconds from which it can be finalised.
        uint128 earned; // µUSD that it releases when it is final.
        bytes32 providerId; // Whose node it is, as when it was reported.
        bytes32 countsRoot; // Over the counts by which the node is judged.
        bytes32 recordHash; // Struct hash of the whole record.
    }

    /// @notice An open challenge. All zero where there is none.
    struct Challenge {
        address challenger; // Has the bond back, and a share, if it is right.
        uint128 bond; // In µUSD.
        uint64 rulingEndsAt; // Chain time in seconds; after it the record stands.
        bytes32 evidenceHash; // The evidence is kept elsewhere.
    }

    /// @notice Samples of (node, payer, terms) since the last test.
    struct Pool {
        uint32 samples; // For availability.
        uint32 faults; // Of those.
        uint32 ttftSamples; // With a time to the first token.
        uint32 ttftOver; // Of those, over the promise.
        uint32 tpotSamples; // With a time per output token.
        uint32 tpotOver; // Of those, over the promise.
        uint128 spent; // By the payer, in µUSD: what a penalty is a share of.
    }

    /// @notice A record stands: open to challenge until `finalAt`, in chain seconds. `earned` is in µUSD;
    ///         `nodeSigned` false: the lane alone signed.
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
    /// @notice `challenger` says that the record is wrong, for `bond` µUSD; it is judged until `rulingEndsAt`, in
    ///         chain seconds.
    event RecordChallenged(
        bytes32 indexed nodeId,
        bytes32 indexed lane,
        uint64 indexed epoch,
        address challenger,
        uint128 bond,
        bytes32 evidenceHash,
        uint64 rulingEndsAt
    );
    /// @notice An AUDITOR ruled. `upheld`: the record is wrong. The reason is kept elsewhere under its hash.
    event ChallengeResolved(
        bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, bool upheld, bytes32 reasonHash
    );
    /// @notice The node signed a record that the lane alone had: it can be final at `finalAt`, which is no later than
    ///         before.
    event NodeSignatureAdded(
        bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint8 version, uint64 finalAt
    );
    /// @notice The record is final: `released` µUSD of the provider's pending become payable.
    event RecordFinal(bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint128 released);
    /// @notice The record is wrong: `frozen` µUSD of the provider's pending wait for a corrected one.
    event RecordInvalid(bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint128 frozen);
    /// @notice `samples` samples were judged and begin anew; `penalty` µUSD for the promises that broke.
    event PoolTested(
        bytes32 indexed nodeId,
        bytes32 indexed channelId,
        bytes32 indexed termsHash,
        uint32 samples,
        uint8 brokenPromises, // Bits: 1 availability, 2 TTFT, 4 TPOT.
        uint128 penalty
    );
    /// @notice `credited` µUSD of the provider's stake went into the channel for broken promises.
    /// @param left What the daily cap put off; still due.
    event PenaltyPaid(
        bytes32 indexed providerId,
        bytes32 indexed nodeId,
        bytes32 indexed channelId,
        bytes32 termsHash,
        uint128 credited,
        uint128 left
    );
    /// @notice The lane lost `slashed` µUSD for a false record, of which `reward` went to `rewarded`.
    event LaneSlashed(
        bytes32 indexed nodeId,
        bytes32 indexed lane,
        uint64 indexed epoch,
        uint128 slashed,
        address rewarded,
        uint128 reward
    );
    /// @notice No corrected record came in time: `unfrozen` µUSD are held no more.
    event FreezeEnded(bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint128 unfrozen);

    /// @notice A record stands, in `status`; only an invalid one is replaced.
    error RecordExists(bytes32 nodeId, bytes32 lane, uint64 epoch, Status status);
    /// @notice The first record has version 0, each that replaces an invalid one the next.
    error WrongVersion(uint8 version, uint8 expected);
    /// @notice No provider ever bound this node's key, or the id is another name of one.
    error NodeUnknown(bytes32 nodeId);
    /// @notice The lane anchored no such epoch.
    error EpochNotAnchored(bytes32 lane, uint64 epoch);
    /// @notice `active` µUSD of the lane's stake answer for its records; a false one costs `min`.
    error LaneStakeTooSmall(bytes32 lane, uint128 active, uint128 min);
    /// @notice Both in µUSD: `sum` is what the lane anchored for the epoch less what its other records earned.
    error EarnedAboveAnchored(uint128 earned, uint128 sum);
    /// @notice The node did not sign this record.
    error InvalidNodeSignature(bytes32 nodeId);
    /// @notice The lane did not sign this record.
    error InvalidLaneSignature(bytes32 lane);
    /// @notice The step is for a record in `expected`, and this one is in `status`.
    error WrongStatus(Status status, Status expected);
    /// @notice The record could be challenged before `finalAt`.
    error WindowOver(uint64 finalAt);
    /// @notice The record can be challenged, and cannot be final, before `finalAt`.
    error WindowOpen(uint64 finalAt);
    /// @notice The challenge is judged until `rulingEndsAt`.
    error RulingOpen(uint64 rulingEndsAt);
    /// @notice The two hashes are of one document, or of two versions of it.
    error NotAContradiction(bytes32 a, bytes32 b);
    /// @notice The proof does not lead from these counts to the record's root.
    error CountsNotIncluded(bytes32 leaf);
    /// @notice These counts are in their pool already.
    error CountsTaken(bytes32 leaf);
    /// @notice The terms hash to `termsHash`, and the counts name `expected`.
    error TermsMismatch(bytes32 termsHash, bytes32 expected);
    /// @notice In µUSD: a challenge takes `min`.
    error BondTooSmall(uint128 bond, uint128 min);
    /// @notice The challenge could be judged until `rulingEndsAt`.
    error RulingOver(uint64 rulingEndsAt);
    /// @notice The provider never registered these terms: nobody makes a promise in its name.
    error TermsNotRegistered(bytes32 providerId, bytes32 termsHash);
    /// @notice Both in µUSD: `earned` is what the record earned less what counts of it have spent.
    error SpentAboveEarned(uint128 spent, uint128 earned);
    /// @notice Nothing was put off for this channel at this node under these terms.
    error NoPenaltyDue(bytes32 nodeId, bytes32 channelId, bytes32 termsHash);
    /// @notice The freeze ends at `freezeEndsAt`, in chain seconds.
    error FreezeRunning(uint64 freezeEndsAt);
    /// @notice No invalid record holds anything of this epoch.
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

    /// @notice All zero when no record was reported.
    function standingOf(bytes32 nodeId, bytes32 lane, uint64 epoch) external view returns (Standing memory);
    /// @notice The open challenge; all zero where there is none.
    function challengeOf(bytes32 nodeId, bytes32 lane, uint64 epoch) external view returns (Challenge memory);
    /// @notice Samples since the last test; all zero before the first.
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

    /// @notice The EIP-712 digest that node and lane sign.
    function recordDigest(PerformanceRecord calldata record) external view returns (bytes32);
    /// @notice How long a record that both signed is open to challenge, in chain seconds; twice that where the lane
    ///         alone signed.
    function challengeSeconds() external view returns (uint64);
}
