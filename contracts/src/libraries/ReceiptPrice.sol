// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DeliveryReceipt, LeaseReceipt, Terms} from "./ReceiptHashes.sol";

/// @title  ReceiptPrice
/// @notice What a receipt costs by its terms, in µUSD, rounded up once. Token prices are per 10⁶, byte prices per 10⁹.
/// @dev    Every factor has at most 64 bits, so no sum below can overflow.
library ReceiptPrice {
    uint256 private constant PER_GB = 1e9;
    uint256 private constant PER_MTOK_TO_PER_GB = 1e3;
    uint256 private constant MS_PER_HOUR = 3_600_000;

    function priceOf(DeliveryReceipt memory receipt, Terms memory terms) internal pure returns (uint256) {
        uint256 tokens = uint256(receipt.billedIn) * terms.inPerMtok + uint256(receipt.billedCached)
            * terms.cachedPerMtok + uint256(receipt.billedOut) * terms.outPerMtok;
        uint256 bytesMoved = uint256(receipt.bytesIn) * terms.inPerGb + uint256(receipt.bytesOut) * terms.outPerGb;
        return (tokens * PER_MTOK_TO_PER_GB + bytesMoved + PER_GB - 1) / PER_GB;
    }

    function priceOf(LeaseReceipt memory receipt, Terms memory terms) internal pure returns (uint256) {
        return (uint256(receipt.gpuMs) * terms.perGpuHour + MS_PER_HOUR - 1) / MS_PER_HOUR;
    }
}
