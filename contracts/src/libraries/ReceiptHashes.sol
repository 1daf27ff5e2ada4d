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
}

/// @title  ReceiptHashes
/// @notice EIP-712 struct hashes of what nodes, lanes and payers sign, and the Merkle leaves made of them.
/// @dev    All members are static types, so `abi.encode(typehash, struct)` lays the members out in place, one word each,
///         which is EIP-712's encodeData.
library ReceiptHashes {
    uint8 internal constant TAG_WORK = 1;
    uint8 internal constant TAG_DELIVERY = 2;
    uint8 internal constant TAG_LEASE = 3;

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
        "Voucher(bytes32 channelId,bytes32 providerId,bytes32 lane,uint64 epoch,uint128 cumulative,bytes32 receiptRoot)"
    );
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

    function hashCeiling(bytes32 channelId, uint128 amount) internal pure returns (bytes32) {
        return keccak256(abi.encode(CEILING_TYPEHASH, channelId, amount));
    }

    /// @dev Hashed twice, so that no inner node of a tree can pass for a leaf; the tag keeps the kinds of receipt apart.
    function leaf(uint8 tag, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(tag, structHash))));
    }
}
