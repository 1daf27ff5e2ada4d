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
    using ReceiptHashes for EpochAnchor;

    /// @dev Three numbers of 64, 64 and 128 bits in a word, lowest first: a struct would be read, masked and written thrice.
    struct Packed {
        uint256 word;
    }

    struct Epoch {
        bytes32 root;
        Packed numbers; // {Anchored}'s anchoredAt, count and sum.
    }

    IProviderRegistry public immutable registry;

    mapping(bytes32 lane => Packed) private _totals; // {LaneTotals}
    mapping(bytes32 lane => mapping(uint64 epoch => Epoch)) private _anchors;

    constructor(IProviderRegistry registry_) EIP712("Isochrone", "1") {
        registry = registry_;
    }

    /// @inheritdoc IReceiptAnchor
    function anchor(EpochAnchor calldata value, bytes calldata signature) external {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(_digestOf(value), signature);
        _anchor(value, signer, failure);
    }

    /// @inheritdoc IReceiptAnchor
    function anchorCompact(EpochAnchor calldata value, bytes32 r, bytes32 vs) external {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(_digestOf(value), r, vs);
        _anchor(value, signer, failure);
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
        Epoch storage anchored = _anchors[lane][epoch];
        uint256 word = anchored.numbers.word;
        return Anchored(anchored.root, uint64(word), uint64(word >> 64), uint128(word >> 128));
    }

    /// @inheritdoc IReceiptAnchor
    function totalsOf(bytes32 lane) external view returns (LaneTotals memory) {
        uint256 word = _totals[lane].word;
        return LaneTotals(uint64(word), uint64(word >> 64), uint128(word >> 128));
    }

    /// @inheritdoc IReceiptAnchor
    function laneSumOf(bytes32 lane) external view returns (uint128) {
        return uint128(_totals[lane].word >> 128);
    }

    /// @inheritdoc IReceiptAnchor
    function anchorDigest(EpochAnchor calldata value) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptHashes.hash(value));
    }

    function _anchor(EpochAnchor calldata value, address signer, ECDSA.RecoverError failure) private {
        bytes32 lane = value.lane;
        Packed storage totals = _totals[lane];
        (uint256 totalsAfter, uint256 numbers) = _next(value, totals.word);
        if (!registry.isLane(lane)) revert LaneNotActive(lane);
        if (failure != ECDSA.RecoverError.NoError || bytes32(uint256(uint160(signer))) != lane) {
            revert InvalidAnchorSignature(lane);
        }
        totals.word = totalsAfter;
        Epoch storage anchored = _anchors[lane][uint64(totalsAfter)];
        (anchored.root, anchored.numbers.word) = (value.root, numbers);
        _emitAnchored(value, totalsAfter >> 128);
    }

    /// @dev As {anchorDigest}; {_next} checks the widths that it leaves unchecked.
    function _digestOf(EpochAnchor calldata value) private view returns (bytes32) {
        return _hashTypedDataV4(value.hashInCalldata());
    }

    /// @dev The lane's totals after an anchor, and the anchor's own numbers. Epochs of a lane only go up, so that none can be
    ///      slipped in behind vouchers which are already signed; and its numbers go on where they ended, so that no receipt
    ///      can be left out between two epochs. Each member is read once, as a word: all their widths are checked at once.
    function _next(EpochAnchor calldata value, uint256 totals) private view returns (uint256, uint256) {
        (uint256 epoch, uint256 count, uint256 sum) = (_word(value, 1), _word(value, 3), _word(value, 4));
        (uint256 fromSeq, uint256 toSeq) = (_word(value, 6), _word(value, 7));
        if ((epoch | count | fromSeq | toSeq) > type(uint64).max) _refuseNumber([epoch, count, fromSeq, toSeq]);
        if (epoch <= uint64(totals)) _refuseEpoch(value.lane, uint64(epoch), uint64(totals));
        if (count == 0 || value.root == bytes32(0)) revert EmptyEpoch(value.lane, uint64(epoch));
        unchecked {
            if (fromSeq != uint256(uint64(totals >> 64)) + 1 || toSeq < fromSeq) {
                revert SequenceGap(value.lane, uint64(fromSeq), uint64(totals >> 64));
            }
            uint256 laneSum = (totals >> 128) + sum;
            if (sum > type(uint128).max || laneSum > type(uint128).max) {
                revert NumberTooLarge(sum > type(uint128).max ? sum : laneSum, type(uint128).max);
            }
            return (epoch | toSeq << 64 | laneSum << 128, block.timestamp | count << 64 | sum << 128);
        }
    }

    function _refuseEpoch(bytes32 lane, uint64 epoch, uint64 lastEpoch) private view {
        bytes32 existing = _anchors[lane][epoch].root;
        if (existing != bytes32(0)) revert EpochAlreadyAnchored(lane, epoch, existing);
        revert EpochNotIncreasing(lane, epoch, lastEpoch);
    }

    /// @dev Names the first that is too large; one is.
    function _refuseNumber(uint256[4] memory numbers) private pure {
        uint256 i = 0;
        while (numbers[i] <= type(uint64).max) {
            ++i;
        }
        revert NumberTooLarge(numbers[i], type(uint64).max);
    }

    function _word(EpochAnchor calldata value, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(value, shl(5, index)))
        }
    }

    /// @dev {EpochAnchored}: its data are the anchor's words from the root on, and the lane's sum.
    function _emitAnchored(EpochAnchor calldata value, uint256 laneSum) private {
        bytes32 topic = EpochAnchored.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, add(value, 0x40), 0xc0)
            mstore(add(data, 0xc0), laneSum)
            log3(data, 0xe0, topic, calldataload(value), calldataload(add(value, 0x20)))
        }
    }
}
