// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    DeliveryReceipt,
    EpochAnchor,
    LeaseReceipt,
    PerformanceRecord,
    ReceiptHashes,
    SessionKey,
    Voucher,
    WorkReceipt
} from "../../src/libraries/ReceiptHashes.sol";
import {World} from "./World.sol";

/// @dev One struct of every kind that is signed, as the function that takes it wants it, taken apart into type and members.
abstract contract SignedKinds is World {
    enum Kind {
        Voucher,
        Ceiling,
        SessionKey,
        EpochAnchor,
        PerformanceRecord,
        NodeKey,
        LaneKey,
        WorkReceipt,
        DeliveryReceipt,
        LeaseReceipt
    }

    uint256 internal constant KINDS = 10;
    uint256 internal constant SESSION = 0x5E55;
    uint256 internal constant NEW_NODE = 0xBEEF;
    uint256 internal constant GATEWAY = 0x6A7E99;

    /// @dev Of the contract that judges this kind, as EIP-712 says: all are of one name and version.
    function domainOf(Kind kind) internal view returns (bytes32) {
        address at_ = address(channels);
        if (kind == Kind.EpochAnchor) at_ = address(anchors);
        if (kind == Kind.PerformanceRecord) at_ = address(ledger);
        if (kind == Kind.NodeKey || kind == Kind.LaneKey) at_ = address(registry);
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(typehash, keccak256("Isochrone"), keccak256("1"), block.chainid, at_));
    }

    function digestOf(bytes32 domain, bytes32 typehash, bytes memory members) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(bytes.concat(typehash, members))));
    }

    function typehashOf(Kind kind) internal pure returns (bytes32) {
        if (kind == Kind.Voucher) return ReceiptHashes.VOUCHER_TYPEHASH;
        if (kind == Kind.Ceiling) return ReceiptHashes.CEILING_TYPEHASH;
        if (kind == Kind.SessionKey) return ReceiptHashes.SESSION_KEY_TYPEHASH;
        if (kind == Kind.EpochAnchor) return ReceiptHashes.EPOCH_ANCHOR_TYPEHASH;
        if (kind == Kind.PerformanceRecord) return ReceiptHashes.PERFORMANCE_TYPEHASH;
        if (kind == Kind.NodeKey) return keccak256("NodeKey(bytes32 providerId,address nodeKey)");
        if (kind == Kind.LaneKey) return keccak256("LaneKey(address gatewayKey,address operator)");
        if (kind == Kind.WorkReceipt) return ReceiptHashes.WORK_TYPEHASH;
        if (kind == Kind.DeliveryReceipt) return ReceiptHashes.DELIVERY_TYPEHASH;
        return ReceiptHashes.LEASE_TYPEHASH;
    }

    /// @dev All are static, so this is EIP-712's encodeData without the type.
    function membersOf(Kind kind) internal view returns (bytes memory) {
        if (kind == Kind.Voucher) return abi.encode(voucher());
        if (kind == Kind.Ceiling) return abi.encode(channelIds[0], uint128(60e6));
        if (kind == Kind.SessionKey) return abi.encode(session());
        if (kind == Kind.EpochAnchor) return abi.encode(nextEpoch());
        if (kind == Kind.PerformanceRecord) return abi.encode(record());
        if (kind == Kind.NodeKey) return abi.encode(providerIds[0], vm.addr(NEW_NODE));
        if (kind == Kind.LaneKey) return abi.encode(vm.addr(GATEWAY), operatorOf(0));
        if (kind == Kind.WorkReceipt) return abi.encode(work("one"));
        if (kind == Kind.DeliveryReceipt) return abi.encode(overcharged(30e6));
        return abi.encode(lease());
    }

    function voucher() internal view returns (Voucher memory) {
        return voucherOf(0, 0, 0, 1, 20e6);
    }

    function session() internal view returns (SessionKey memory) {
        return SessionKey(channelIds[0], vm.addr(SESSION), 80e6, uint64(block.timestamp + 1000));
    }

    function nextEpoch() internal view returns (EpochAnchor memory) {
        return nextAnchor(0, 2, keccak256("next"), 1, 1e6);
    }

    function record() internal view returns (PerformanceRecord memory) {
        return recordOf(0, 0, 1, 10e6, keccak256("counts"));
    }

    function work(bytes32 output) internal view returns (WorkReceipt memory receipt) {
        (receipt.nodeId, receipt.requestId, receipt.outputHash) = (nodeIds[0], keccak256("request"), output);
    }

    /// @dev By its terms 20 dollars.
    function overcharged(uint128 price) internal view returns (DeliveryReceipt memory receipt) {
        receipt = delivery(0, 0, 0, price);
        receipt.bytesOut = 20e6;
    }

    /// @dev By its terms free.
    function lease() internal view returns (LeaseReceipt memory receipt) {
        (receipt.lane, receipt.termsHash, receipt.price) = (lanes[0], termsHashes[0], 1e6);
    }
}
