// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EpochAnchor} from "../libraries/ReceiptHashes.sol";

/// @title  IReceiptAnchor
/// @notice Puts each lane's epochs on record: the Merkle root over the receipts that the lane signed in an epoch, how
///         many they are and what they cost. Anyone relays; the lane's signature is the authority.
/// @dev    One anchor for each (lane, epoch), for ever. Two different signed anchors of one (lane, epoch) are a
///         contradiction that a contract can judge from the signatures alone.
interface IReceiptAnchor {
    /// @notice One epoch of a lane, as its anchor said. All zero when it was never anchored.
    struct Anchored {
        bytes32 root; // Over the leaves of all its receipts.
        uint64 anchoredAt; // Chain time in seconds; 0 when the epoch was never anchored.
        uint64 count; // Leaves under the root.
        uint128 sum; // Σ price of its delivery and lease receipts, in µUSD.
    }

    /// @notice Where a lane stands after its last anchor. All zero before the first.
    struct LaneTotals {
        uint64 lastEpoch; // The next one must be above it.
        uint64 lastSeq; // The next epoch must begin with the number after it: no gap can be hidden.
        uint128 sum; // Lifetime Σ price in µUSD: what the lane's vouchers may claim in all.
    }

    /// @notice An epoch is on record for ever: `count` leaves under `root`, numbers `fromSeq` to `toSeq`, `sum` µUSD in
    ///         all; `laneSum` is the lane's lifetime sum after.
    event EpochAnchored(
        bytes32 indexed lane,
        uint64 indexed epoch,
        bytes32 root,
        uint64 count,
        uint128 sum,
        bytes32 dataHash, // In the event and in the lane's signature alone: nothing on-chain reads it.
        uint64 fromSeq,
        uint64 toSeq,
        uint128 laneSum
    );

    /// @notice {proveReceipt} found the receipt of this kind and struct hash under the epoch's root.
    event ReceiptProven(bytes32 indexed lane, uint64 indexed epoch, uint8 tag, bytes32 indexed structHash);

    /// @notice The proof does not lead from this leaf to the anchored root, or nothing was anchored.
    error NotIncluded(bytes32 leaf);
    /// @notice The lane is not admitted, or was removed: it anchors no more.
    error LaneNotActive(bytes32 lane);
    /// @notice `lane` did not sign this anchor.
    error InvalidAnchorSignature(bytes32 lane);
    /// @notice The epoch is on record, with `root`: who wanted that one is done.
    error EpochAlreadyAnchored(bytes32 lane, uint64 epoch, bytes32 root);
    /// @notice Epochs of a lane only go up: `lastEpoch` is anchored already.
    error EpochNotIncreasing(bytes32 lane, uint64 epoch, uint64 lastEpoch);
    /// @notice An epoch begins with the number after `lastSeq`, the last of the one before, and ends no earlier: no
    ///         receipt is left out between them.
    error SequenceGap(bytes32 lane, uint64 fromSeq, uint64 lastSeq);
    /// @notice An epoch has at least one leaf, and a root.
    error EmptyEpoch(bytes32 lane, uint64 epoch);
    /// @notice A number of the anchor, or the sum that it leads to, is above `max`, which is what its field holds.
    error NumberTooLarge(uint256 number, uint256 max);

    /// @notice Records an epoch of a lane.
    /// @param  signature EIP-712 `EpochAnchor` by the lane's key, in this contract's domain.
    /// @dev    Reverts with {EpochAlreadyAnchored} for an epoch on record, which a relayer takes as done when the root
    ///         is the one that it wanted.
    function anchor(EpochAnchor calldata epochAnchor, bytes calldata signature) external;

    /// @notice {anchor} with the signature in two words (EIP-2098). Cheapest.
    function anchorCompact(EpochAnchor calldata epochAnchor, bytes32 r, bytes32 vs) external;

    /// @notice Whether `leaf` is under the root of (lane, epoch). False when the epoch was never anchored.
    /// @param  leaf `keccak256(bytes.concat(keccak256(abi.encode(uint8 tag, bytes32 structHash))))`; tag 1 work, 2 delivery,
    ///         3 lease.
    function verify(bytes32 lane, uint64 epoch, bytes32 leaf, bytes32[] calldata proof) external view returns (bool);

    /// @notice {verify}, as a transaction that leaves a record: emits {ReceiptProven}, or reverts with {NotIncluded}.
    function proveReceipt(bytes32 lane, uint64 epoch, uint8 tag, bytes32 structHash, bytes32[] calldata proof) external;

    /// @notice What is on record of (lane, epoch). All zero when it was never anchored.
    function anchorOf(bytes32 lane, uint64 epoch) external view returns (Anchored memory);
    /// @notice The lane's last epoch, last number and lifetime sum. All zero before its first anchor.
    function totalsOf(bytes32 lane) external view returns (LaneTotals memory);

    /// @notice Lifetime Σ price of the lane: what a claim needs.
    function laneSumOf(bytes32 lane) external view returns (uint128);

    /// @notice The EIP-712 digest that a lane signs.
    function anchorDigest(EpochAnchor calldata epochAnchor) external view returns (bytes32);
}
