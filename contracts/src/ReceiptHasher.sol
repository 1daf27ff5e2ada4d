// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "./interfaces/IPaymentChannels.sol";
import {
    DeliveryReceipt,
    EpochAnchor,
    LeaseReceipt,
    PerformanceRecord,
    ReceiptHashes,
    SessionKey,
    SlaCounts,
    Terms,
    Voucher,
    WorkReceipt
} from "./libraries/ReceiptHashes.sol";
import {ReceiptPrice} from "./libraries/ReceiptPrice.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title  ReceiptHasher
/// @notice The chain's own word on how a signed structure hashes and what a receipt costs by its terms, for anyone who
///         checks an implementation against it. All but digests are pure; those are in the domain of the
///         `PaymentChannels` that this was deployed for.
contract ReceiptHasher {
    IPaymentChannels public immutable channels;

    constructor(IPaymentChannels channels_) {
        channels = channels_;
    }

    function hashWorkReceipt(WorkReceipt calldata receipt) external pure returns (bytes32) {
        return ReceiptHashes.hash(receipt);
    }

    function hashDeliveryReceipt(DeliveryReceipt calldata receipt) external pure returns (bytes32) {
        return ReceiptHashes.hash(receipt);
    }

    function hashLeaseReceipt(LeaseReceipt calldata receipt) external pure returns (bytes32) {
        return ReceiptHashes.hash(receipt);
    }

    function hashVoucher(Voucher calldata voucher) external pure returns (bytes32) {
        return ReceiptHashes.hash(voucher);
    }

    function hashEpochAnchor(EpochAnchor calldata value) external pure returns (bytes32) {
        return ReceiptHashes.hash(value);
    }

    function hashTerms(Terms calldata terms) external pure returns (bytes32) {
        return ReceiptHashes.hash(terms);
    }

    function hashSlaCounts(SlaCounts calldata counts) external pure returns (bytes32) {
        return ReceiptHashes.hash(counts);
    }

    function hashPerformanceRecord(PerformanceRecord calldata record) external pure returns (bytes32) {
        return ReceiptHashes.hash(record);
    }

    function hashSessionKey(SessionKey calldata session) external pure returns (bytes32) {
        return ReceiptHashes.hash(session);
    }

    function hashCeiling(bytes32 channelId, uint128 amount) external pure returns (bytes32) {
        return ReceiptHashes.hashCeiling(channelId, amount);
    }

    /// @notice The Merkle leaf of a struct hash: tag 1 work, 2 delivery, 3 lease, 4 counts.
    function leafOf(uint8 tag, bytes32 structHash) external pure returns (bytes32) {
        return ReceiptHashes.leaf(tag, structHash);
    }

    /// @notice What a delivery costs by its terms, in µUSD.
    function deliveryPrice(DeliveryReceipt calldata receipt, Terms calldata terms) external pure returns (uint256) {
        return ReceiptPrice.priceOf(receipt, terms);
    }

    /// @notice What a lease costs by its terms, in µUSD.
    function leasePrice(LeaseReceipt calldata receipt, Terms calldata terms) external pure returns (uint256) {
        return ReceiptPrice.priceOf(receipt, terms);
    }

    /// @notice The digest that is signed for a struct hash.
    function digestOf(bytes32 structHash) external view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(channels.domainSeparator(), structHash);
    }
}
