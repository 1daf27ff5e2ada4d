// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReceiptHasher} from "../../src/ReceiptHasher.sol";
import {
    DeliveryReceipt,
    EpochAnchor,
    LeaseReceipt,
    PerformanceRecord,
    SessionKey,
    SlaCounts,
    Terms,
    Voucher,
    WorkReceipt
} from "../../src/libraries/ReceiptHashes.sol";
import {ReceiptPrice} from "../../src/libraries/ReceiptPrice.sol";
import {Market} from "../support/Market.sol";

/// @dev The chain's word on hashes is the one by which its contracts judge.
contract HasherTest is Market {
    ReceiptHasher private hasher;

    function setUp() public override {
        super.setUp();
        hasher = new ReceiptHasher(channels);
    }

    function test_itsDigestsAreThoseOfTheContracts() public view {
        Voucher memory voucher = voucherFor(1, 5e6);
        vm.assertEq(hasher.digestOf(hasher.hashVoucher(voucher)), channels.voucherDigest(voucher));
        vm.assertEq(hasher.digestOf(hasher.hashCeiling(channelId, 5e6)), channels.ceilingDigest(channelId, 5e6));
        SessionKey memory session = SessionKey(channelId, STRANGER, 1, 2);
        vm.assertEq(hasher.digestOf(hasher.hashSessionKey(session)), channels.sessionKeyDigest(session));
    }

    function test_itsPricesAreThoseByWhichReceiptsAreJudged() public view {
        Terms memory terms;
        (terms.outPerMtok, terms.inPerGb, terms.perGpuHour) = (3_000_000, 20_000, 2_500_000);
        DeliveryReceipt memory delivery;
        (delivery.billedOut, delivery.bytesIn) = (1_000_000, 50_001);
        vm.assertEq(hasher.deliveryPrice(delivery, terms), 3_000_002); // 3,000,000 + 1.00002, rounded up.
        vm.assertEq(hasher.deliveryPrice(delivery, terms), ReceiptPrice.priceOf(delivery, terms));
        LeaseReceipt memory lease;
        lease.gpuMs = 3_600_001;
        vm.assertEq(hasher.leasePrice(lease, terms), 2_500_001);
        vm.assertEq(hasher.leasePrice(lease, terms), ReceiptPrice.priceOf(lease, terms));
    }

    function test_aKindOfStructureNeverHashesAsAnother() public view {
        WorkReceipt memory work;
        DeliveryReceipt memory delivery;
        LeaseReceipt memory lease;
        EpochAnchor memory epochAnchor;
        Terms memory terms;
        SlaCounts memory counts;
        PerformanceRecord memory record;
        bytes32[7] memory hashes = [
            hasher.hashWorkReceipt(work),
            hasher.hashDeliveryReceipt(delivery),
            hasher.hashLeaseReceipt(lease),
            hasher.hashEpochAnchor(epochAnchor),
            hasher.hashTerms(terms),
            hasher.hashSlaCounts(counts),
            hasher.hashPerformanceRecord(record)
        ];
        for (uint256 i = 0; i < 7; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                vm.assertTrue(hashes[i] != hashes[j], "different");
            }
        }
    }
}
