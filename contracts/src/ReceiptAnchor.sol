// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "./interfaces/IReceiptAnchor.sol";
import {EpochAnchor, ReceiptHashes} from "./libraries/ReceiptHashes.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title  ReceiptAnchor
/// @notice See {IReceiptAnchor}. Holds no money and has no administrator.
contract ReceiptAnchor is IReceiptAnchor, EIP712 {
    IProviderRegistry public immutable registry;

    mapping(bytes32 lane => LaneTotals) private _totals;
    mapping(bytes32 lane => mapping(uint64 epoch => Anchored)) private _anchors;

    constructor(IProviderRegistry registry_) EIP712("Isochrone", "1") {
        registry = registry_;
    }

    /// @inheritdoc IReceiptAnchor
    function anchor(EpochAnchor calldata value, bytes calldata signature) external {
        bytes32 lane = value.lane;
        bytes32 existing = _anchors[lane][value.epoch].root;
        if (existing != bytes32(0)) revert EpochAlreadyAnchored(lane, value.epoch, existing);
        if (!registry.isLane(lane)) revert LaneNotActive(lane);
        LaneTotals memory totals = _totals[lane];
        _requireNext(value, totals);
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(anchorDigest(value), signature);
        if (failure != ECDSA.RecoverError.NoError || bytes32(uint256(uint160(signer))) != lane) {
            revert InvalidAnchorSignature(lane);
        }
        _record(value, totals.sum + value.sum);
    }

    /// @inheritdoc IReceiptAnchor
    function verify(bytes32 lane, uint64 epoch, bytes32 leaf, bytes32[] calldata proof) public view returns (bool) {
        bytes32 root = _anchors[lane][epoch].root;
        return root != bytes32(0) && MerkleProof.verifyCalldata(proof, root, leaf);
    }

    /// @inheritdoc IReceiptAnchor
    function proveReceipt(bytes32 lane, uint64 epoch, uint8 tag, bytes32 structHash, bytes32[] calldata proof)
        external
    {
        bytes32 leaf = ReceiptHashes.leaf(tag, structHash);
        if (!verify(lane, epoch, leaf, proof)) revert NotIncluded(leaf);
        emit ReceiptProven(lane, epoch, tag, structHash);
    }

    /// @inheritdoc IReceiptAnchor
    function anchorOf(bytes32 lane, uint64 epoch) external view returns (Anchored memory) {
        return _anchors[lane][epoch];
    }

    /// @inheritdoc IReceiptAnchor
    function totalsOf(bytes32 lane) external view returns (LaneTotals memory) {
        return _totals[lane];
    }

    /// @inheritdoc IReceiptAnchor
    function laneSumOf(bytes32 lane) external view returns (uint128) {
        return _totals[lane].sum;
    }

    /// @inheritdoc IReceiptAnchor
    function anchorDigest(EpochAnchor calldata value) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptHashes.hash(value));
    }

    function _record(EpochAnchor calldata value, uint128 laneSum) private {
        _totals[value.lane] = LaneTotals(value.epoch, value.toSeq, laneSum);
        _anchors[value.lane][value.epoch] = Anchored(value.root, uint64(block.timestamp), value.count, value.sum);
        emit EpochAnchored(
            value.lane,
            value.epoch,
            value.root,
            value.count,
            value.sum,
            value.dataHash,
            value.fromSeq,
            value.toSeq,
            laneSum
        );
    }

    /// @dev Epochs of a lane only go up, so that none can be slipped in behind vouchers which are already signed; and its
    ///      numbers go on where they ended, so that no receipt can be left out between two epochs.
    function _requireNext(EpochAnchor calldata value, LaneTotals memory totals) private pure {
        (bytes32 lane, uint64 epoch) = (value.lane, value.epoch);
        if (value.count == 0 || value.root == bytes32(0)) revert EmptyEpoch(lane, epoch);
        if (epoch <= totals.lastEpoch) revert EpochNotIncreasing(lane, epoch, totals.lastEpoch);
        if (value.fromSeq <= totals.lastSeq || value.fromSeq - totals.lastSeq != 1 || value.toSeq < value.fromSeq) {
            revert SequenceGap(lane, value.fromSeq, totals.lastSeq);
        }
    }
}
