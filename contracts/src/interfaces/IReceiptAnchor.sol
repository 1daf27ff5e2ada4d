// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title  IReceiptAnchor
/// @notice Puts each lane's epochs on record: the Merkle root over the receipts that the lane signed in an epoch, how
///         many they are and what they cost. Anyone relays; the lane's signature is the authority.
/// @dev    One anchor for each (lane, epoch), for ever. Two different signed anchors of one (lane, epoch) are a
///         contradiction that a contract can judge from the signatures alone.
interface IReceiptAnchor {
    struct EpochAnchor {
        bytes32 lane;
        uint64 epoch;
        bytes32 root;
        uint64 count; // Leaves under the root.
        uint128 sum; // Σ price of the delivery and lease receipts under the root, in µUSD.
        bytes32 dataHash; // Of the published epoch file.
    }

    struct Anchored {
        bytes32 root;
        uint64 anchoredAt; // Chain time in seconds; 0 when the epoch was never anchored.
        uint64 count;
        uint128 sum;
        bytes32 dataHash;
    }

    struct LaneTotals {
        uint64 lastEpoch;
        uint64 epochs;
        uint128 sum; // Lifetime Σ price in µUSD: what the lane's vouchers may claim in all.
    }

    event EpochAnchored(
        bytes32 indexed lane,
        uint64 indexed epoch,
        bytes32 root,
        uint64 count,
        uint128 sum,
        bytes32 dataHash,
        uint128 laneSum
    );

    error LaneNotActive(bytes32 lane);
    error InvalidAnchorSignature(bytes32 lane);
    error EpochAlreadyAnchored(bytes32 lane, uint64 epoch, bytes32 root);
    error EpochNotIncreasing(bytes32 lane, uint64 epoch, uint64 lastEpoch);
    error EmptyEpoch(bytes32 lane, uint64 epoch);

    /// @notice Records an epoch of a lane.
    /// @param  signature EIP-712 `EpochAnchor` by the lane's key, in this contract's domain.
    /// @dev    Reverts with {EpochAlreadyAnchored} for an epoch on record, which a relayer takes as done when the root
    ///         is the one that it wanted.
    function anchor(EpochAnchor calldata epochAnchor, bytes calldata signature) external;

    /// @notice Whether `leaf` is under the root of (lane, epoch). False when the epoch was never anchored.
    /// @param  leaf `keccak256(bytes.concat(keccak256(abi.encode(uint8 tag, bytes32 structHash))))`.
    function verify(bytes32 lane, uint64 epoch, bytes32 leaf, bytes32[] calldata proof) external view returns (bool);

    function anchorOf(bytes32 lane, uint64 epoch) external view returns (Anchored memory);
    function totalsOf(bytes32 lane) external view returns (LaneTotals memory);

    /// @notice What a claim needs, in one call.
    function claimBasis(bytes32 lane, uint64 epoch)
        external
        view
        returns (bytes32 root, uint64 anchoredAt, uint128 laneSum);

    /// @notice The EIP-712 digest that a lane signs.
    function anchorDigest(EpochAnchor calldata epochAnchor) external view returns (bytes32);
}
