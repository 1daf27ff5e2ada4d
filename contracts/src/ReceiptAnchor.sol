// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "./interfaces/IReceiptAnchor.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title  ReceiptAnchor
/// @notice See {IReceiptAnchor}. Holds no money and has no administrator.
contract ReceiptAnchor is IReceiptAnchor, EIP712 {
    bytes32 private constant EPOCH_ANCHOR_TYPEHASH =
        keccak256("EpochAnchor(bytes32 lane,uint64 epoch,bytes32 root,uint64 count,uint128 sum,bytes32 dataHash)");

    IProviderRegistry public immutable registry;

    mapping(bytes32 lane => LaneTotals) private _totals;
    mapping(bytes32 lane => mapping(uint64 epoch => Anchored)) private _anchors;

    constructor(IProviderRegistry registry_) EIP712("Isochrone", "1") {
        registry = registry_;
    }

    /// @inheritdoc IReceiptAnchor
    function anchor(EpochAnchor calldata epochAnchor, bytes calldata signature) external {
        (bytes32 lane, uint64 epoch) = (epochAnchor.lane, epochAnchor.epoch);
        bytes32 existing = _anchors[lane][epoch].root;
        if (existing != bytes32(0)) revert EpochAlreadyAnchored(lane, epoch, existing);
        if (!registry.isLane(lane)) revert LaneNotActive(lane);
        if (epochAnchor.count == 0 || epochAnchor.root == bytes32(0)) revert EmptyEpoch(lane, epoch);

        // Strictly increasing, so that no epoch can be slipped in behind vouchers which are already signed.
        LaneTotals memory totals = _totals[lane];
        if (epoch <= totals.lastEpoch) revert EpochNotIncreasing(lane, epoch, totals.lastEpoch);

        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(anchorDigest(epochAnchor), signature);
        if (failure != ECDSA.RecoverError.NoError || bytes32(uint256(uint160(signer))) != lane) {
            revert InvalidAnchorSignature(lane);
        }

        uint128 laneSum = totals.sum + epochAnchor.sum;
        _totals[lane] = LaneTotals(epoch, totals.epochs + 1, laneSum);
        _anchors[lane][epoch] = Anchored(
            epochAnchor.root, uint64(block.timestamp), epochAnchor.count, epochAnchor.sum, epochAnchor.dataHash
        );
        emit EpochAnchored(
            lane, epoch, epochAnchor.root, epochAnchor.count, epochAnchor.sum, epochAnchor.dataHash, laneSum
        );
    }

    /// @inheritdoc IReceiptAnchor
    function verify(bytes32 lane, uint64 epoch, bytes32 leaf, bytes32[] calldata proof) external view returns (bool) {
        bytes32 root = _anchors[lane][epoch].root;
        return root != bytes32(0) && MerkleProof.verifyCalldata(proof, root, leaf);
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
    function claimBasis(bytes32 lane, uint64 epoch)
        external
        view
        returns (bytes32 root, uint64 anchoredAt, uint128 laneSum)
    {
        Anchored storage anchored = _anchors[lane][epoch];
        return (anchored.root, anchored.anchoredAt, _totals[lane].sum);
    }

    /// @inheritdoc IReceiptAnchor
    function anchorDigest(EpochAnchor calldata epochAnchor) public view returns (bytes32) {
        // All fields are static, so the struct encodes in place, exactly as EIP-712 lays out its members.
        return _hashTypedDataV4(keccak256(abi.encode(EPOCH_ANCHOR_TYPEHASH, epochAnchor)));
    }
}
