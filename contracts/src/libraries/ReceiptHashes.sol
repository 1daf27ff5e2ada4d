// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice One attempt as the node that did the work saw it; signed by the node key.
struct WorkReceipt {
    bytes32 channelId;
    bytes32 requestId;
    uint8 attempt;
    bytes32 nodeId;
    uint64 seq;
    bytes32 termsHash;
    bytes32 modelHash;
    bytes32 requestHash;
    bytes32 outputHash;
    bytes32 integrityRoot;
    uint32 tokensIn;
    uint32 tokensCached;
    uint32 tokensOut;
    uint64 engineTtftUs;
    uint64 engineDurationUs;
    uint64 finishedAtMs;
    uint8 status;
}

/// @notice One attempt as the gateway delivered and priced it; signed by the lane.
struct DeliveryReceipt {
    bytes32 workHash;
    bytes32 channelId;
    bytes32 requestId;
    uint8 attempt;
    bytes32 nodeId;
    bytes32 lane;
    uint64 seq;
    bytes32 termsHash;
    uint32 billedIn;
    uint32 billedCached;
    uint32 billedOut;
    uint64 bytesIn;
    uint64 bytesOut;
    uint128 price;
    uint32 attemptTtftMs;
    uint32 durationMs;
    uint64 startedAtMs;
    uint16 httpStatus;
    uint8 fault;
    bytes8 region;
}

/// @notice A span of leased GPU time; signed by node and lane.
struct LeaseReceipt {
    bytes32 channelId;
    bytes32 leaseId;
    bytes32 nodeId;
    bytes32 lane;
    uint64 seq;
    bytes32 termsHash;
    uint64 fromMs;
    uint64 toMs;
    uint64 gpuMs;
    uint128 price;
}

/// @notice The most that a lane says a channel owes a provider by its signature, over all time.
struct Voucher {
    bytes32 channelId;
    bytes32 providerId;
    bytes32 lane;
    uint64 epoch;
    uint128 cumulative;
    bytes32 receiptRoot;
    uint128 earned; // Σ price of all the provider's receipts in the lane's epoch, in µUSD: set aside of the anchored sum.
}

/// @notice What a lane signs about one of its epochs.
struct EpochAnchor {
    bytes32 lane;
    uint64 epoch;
    bytes32 root; // Over the leaves of all receipts: work, delivery and lease.
    uint64 count; // Leaves under the root.
    uint128 sum; // Σ price of the delivery and lease receipts under the root, in µUSD.
    bytes32 dataHash; // Keccak-256 of the published epoch file.
    uint64 fromSeq; // The lane's numbers in this epoch, inclusive; without a gap to the epoch before.
    uint64 toSeq;
}

/// @notice An immutable version of a listing: what it costs and what it promises. `termsHash` is its struct hash.
/// @dev    Prices in µUSD. A promise of 0 is no promise. The document (region, hardware, models) is bound by its hash.
struct Terms {
    bytes32 providerId;
    bytes32 documentHash; // Keccak-256 of the canonical JSON of everything else.
    uint64 inPerMtok;
    uint64 cachedPerMtok;
    uint64 outPerMtok;
    uint64 inPerGb;
    uint64 outPerGb;
    uint64 perGpuHour;
    uint32 ttftBaseMs; // 95 % of attempts: TTFT ≤ ttftBaseMs + ttftPerKtokMs · ⌈tokens in / 1000⌉.
    uint32 ttftPerKtokMs;
    uint32 tpotUs; // 95 % of attempts: TPOT ≤ tpotUs.
    uint16 concurrencyMax; // Attempts at once up to which the promises hold.
    uint16 penaltyBps; // Of what the payer spent in the pool that broke a promise.
    bytes8 sloRegion; // The gateway region at which the promises hold; 0 = any.
}

/// @notice One payer's samples at one node in one epoch of a lane: a leaf under `PerformanceRecord.countsRoot`.
struct SlaCounts {
    bytes32 nodeId;
    bytes32 lane;
    uint64 epoch;
    bytes32 channelId;
    bytes32 termsHash;
    uint32 samples; // Attempts that count for availability, at most one a second.
    uint32 faults; // Of those, ended by the provider's fault.
    uint32 ttftSamples;
    uint32 ttftOver;
    uint32 tpotSamples;
    uint32 tpotOver;
    uint128 spent; // Σ price of all the payer's receipts there, in µUSD.
}

/// @notice A node's epoch on a lane: what it earned, and the counts by which it is judged; signed by node and lane.
struct PerformanceRecord {
    bytes32 nodeId;
    bytes32 lane;
    uint64 epoch;
    uint8 version; // 0 at first; one more each time that an invalid record is replaced.
    uint128 earned; // Σ price of the node's receipts of the epoch, in µUSD: what this record releases.
    uint32 attempts;
    uint32 faults;
    bytes32 countsRoot; // Over `SlaCounts` leaves (tag 4).
}

/// @notice Lets another key raise a channel's ceiling, up to a limit and for a time; signed by the channel's owner.
struct SessionKey {
    bytes32 channelId;
    address key;
    uint128 ceilingMax;
    uint64 validUntil; // Chain time in seconds.
}

/// @title  ReceiptHashes
/// @notice EIP-712 struct hashes of what nodes, lanes and payers sign, and the Merkle leaves made of them.
/// @dev    All members are static types, so `abi.encode(typehash, struct)` lays the members out in place, one word each,
///         which is EIP-712's encodeData.
library ReceiptHashes {
    uint8 internal constant TAG_WORK = 1;
    uint8 internal constant TAG_DELIVERY = 2;
    uint8 internal constant TAG_LEASE = 3;
    uint8 internal constant TAG_COUNTS = 4;

    bytes32 internal constant WORK_TYPEHASH = keccak256(
        "WorkReceipt(bytes32 channelId,bytes32 requestId,uint8 attempt,bytes32 nodeId,uint64 seq,bytes32 termsHash,bytes32 modelHash,bytes32 requestHash,bytes32 outputHash,bytes32 integrityRoot,uint32 tokensIn,uint32 tokensCached,uint32 tokensOut,uint64 engineTtftUs,uint64 engineDurationUs,uint64 finishedAtMs,uint8 status)"
    );
    bytes32 internal constant DELIVERY_TYPEHASH = keccak256(
        "DeliveryReceipt(bytes32 workHash,bytes32 channelId,bytes32 requestId,uint8 attempt,bytes32 nodeId,bytes32 lane,uint64 seq,bytes32 termsHash,uint32 billedIn,uint32 billedCached,uint32 billedOut,uint64 bytesIn,uint64 bytesOut,uint128 price,uint32 attemptTtftMs,uint32 durationMs,uint64 startedAtMs,uint16 httpStatus,uint8 fault,bytes8 region)"
    );
    bytes32 internal constant LEASE_TYPEHASH = keccak256(
        "LeaseReceipt(bytes32 channelId,bytes32 leaseId,bytes32 nodeId,bytes32 lane,uint64 seq,bytes32 termsHash,uint64 fromMs,uint64 toMs,uint64 gpuMs,uint128 price)"
    );
    bytes32 internal constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channelId,bytes32 providerId,bytes32 lane,uint64 epoch,uint128 cumulative,bytes32 receiptRoot,uint128 earned)"
    );
    bytes32 internal constant EPOCH_ANCHOR_TYPEHASH = keccak256(
        "EpochAnchor(bytes32 lane,uint64 epoch,bytes32 root,uint64 count,uint128 sum,bytes32 dataHash,uint64 fromSeq,uint64 toSeq)"
    );
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(bytes32 providerId,bytes32 documentHash,uint64 inPerMtok,uint64 cachedPerMtok,uint64 outPerMtok,uint64 inPerGb,uint64 outPerGb,uint64 perGpuHour,uint32 ttftBaseMs,uint32 ttftPerKtokMs,uint32 tpotUs,uint16 concurrencyMax,uint16 penaltyBps,bytes8 sloRegion)"
    );
    bytes32 internal constant COUNTS_TYPEHASH = keccak256(
        "SlaCounts(bytes32 nodeId,bytes32 lane,uint64 epoch,bytes32 channelId,bytes32 termsHash,uint32 samples,uint32 faults,uint32 ttftSamples,uint32 ttftOver,uint32 tpotSamples,uint32 tpotOver,uint128 spent)"
    );
    bytes32 internal constant PERFORMANCE_TYPEHASH = keccak256(
        "PerformanceRecord(bytes32 nodeId,bytes32 lane,uint64 epoch,uint8 version,uint128 earned,uint32 attempts,uint32 faults,bytes32 countsRoot)"
    );
    bytes32 internal constant SESSION_KEY_TYPEHASH =
        keccak256("SessionKey(bytes32 channelId,address key,uint128 ceilingMax,uint64 validUntil)");
    bytes32 internal constant CEILING_TYPEHASH = keccak256("Ceiling(bytes32 channelId,uint128 amount)");

    function hash(WorkReceipt memory receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(WORK_TYPEHASH, receipt));
    }

    function hash(DeliveryReceipt memory receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(DELIVERY_TYPEHASH, receipt));
    }

    function hash(LeaseReceipt memory receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(LEASE_TYPEHASH, receipt));
    }

    function hash(Voucher calldata voucher) internal pure returns (bytes32) {
        return keccak256(abi.encode(VOUCHER_TYPEHASH, voucher));
    }

    /// @dev Hashes where the voucher lies: the word before it lends its place to the typehash. A batch of claims does this
    ///      once for each, and an encoding of its own would cost three times as much.
    function hashInPlace(Voucher memory voucher) internal pure returns (bytes32 result) {
        bytes32 typehash = VOUCHER_TYPEHASH;
        assembly ("memory-safe") {
            let before := sub(voucher, 0x20)
            let kept := mload(before)
            mstore(before, typehash)
            result := keccak256(before, 0x100)
            mstore(before, kept)
        }
    }

    /// @dev A copy with a word before it, as {hashInPlace} wants it. The words are copied as they are: whoever calls it must
    ///      read every member that is narrower than a word, which refuses one with higher bits.
    function inMemory(Voucher calldata voucher) internal pure returns (Voucher memory copy) {
        assembly ("memory-safe") {
            let before := mload(0x40)
            copy := add(before, 0x20)
            calldatacopy(copy, voucher, 0xe0)
            mstore(0x40, add(copy, 0xe0))
        }
    }

    /// @dev As {hash}, without taking the words apart: whoever calls it must read every member that is narrower than a word,
    ///      which refuses one with higher bits.
    function hashInCalldata(EpochAnchor calldata value) internal pure returns (bytes32 result) {
        bytes32 typehash = EPOCH_ANCHOR_TYPEHASH;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, typehash)
            calldatacopy(add(data, 0x20), value, 0x100)
            result := keccak256(data, 0x120)
        }
    }

    function hash(EpochAnchor memory value) internal pure returns (bytes32) {
        return keccak256(abi.encode(EPOCH_ANCHOR_TYPEHASH, value));
    }

    function hash(Terms memory terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(TERMS_TYPEHASH, terms));
    }

    function hash(SlaCounts memory counts) internal pure returns (bytes32) {
        return keccak256(abi.encode(COUNTS_TYPEHASH, counts));
    }

    function hash(PerformanceRecord memory record) internal pure returns (bytes32) {
        return keccak256(abi.encode(PERFORMANCE_TYPEHASH, record));
    }

    function hash(SessionKey memory session) internal pure returns (bytes32) {
        return keccak256(abi.encode(SESSION_KEY_TYPEHASH, session));
    }

    function hashCeiling(bytes32 channelId, uint128 amount) internal pure returns (bytes32) {
        return keccak256(abi.encode(CEILING_TYPEHASH, channelId, amount));
    }

    /// @dev Hashed twice, so that no inner node of a tree can pass for a leaf; the tag keeps the kinds of receipt apart.
    function leaf(uint8 tag, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(tag, structHash))));
    }
}
