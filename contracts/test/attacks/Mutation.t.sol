// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IContradictions} from "../../src/interfaces/IContradictions.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
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
} from "../../src/libraries/ReceiptHashes.sol";
import {World} from "../support/World.sol";

/// @dev A mutated field of every struct: each member is under the signature, or under the hash that is.
contract MutationAttack is World {
    function setUp() public {
        buildWorld();
        fund(0, 100e6);
        raiseCeiling(0, 50e6);
        stake(lanes[0], PENALTY);
        anchorRoot(0, 1, keccak256("root"), 1, 50e6);
    }

    function test_aMutatedVoucherIsRefused() public {
        Voucher memory voucher = voucherOf(0, 0, 0, 1, 20e6);
        bytes memory signature = signVoucher(0, voucher);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(LANE_KEY, channels.voucherDigest(voucher));
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        for (uint256 i = 0; i < 7; ++i) {
            Voucher memory forged = abi.decode(mutated(abi.encode(voucher), i, false), (Voucher));
            expectRefusal(IPaymentChannels.Refusal.BadSignature);
            channels.claim(forged, signature);
            expectRefusal(IPaymentChannels.Refusal.BadSignature);
            channels.claimCompact(forged, r, vs);
        }
        vm.assertEq(channels.claimCompact(voucher, r, vs), 20e6);
    }

    function test_aMutatedAnchorIsRefused() public {
        EpochAnchor memory anchor = nextAnchor(0, 2, keccak256("next"), 3, 1e6);
        bytes memory signature = signed(LANE_KEY, anchors.anchorDigest(anchor));
        for (uint256 i = 0; i < 8; ++i) {
            EpochAnchor memory forged = abi.decode(mutated(abi.encode(anchor), i, false), (EpochAnchor));
            bytes memory refusal = abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, forged.lane);
            // Asked before the signature: another lane has no number yet, and the lane's own must go on.
            if (forged.lane != anchor.lane || forged.fromSeq != anchor.fromSeq) {
                refusal = abi.encodeWithSelector(
                    IReceiptAnchor.SequenceGap.selector,
                    forged.lane,
                    forged.fromSeq,
                    forged.lane == anchor.lane ? anchor.fromSeq - 1 : 0
                );
            }
            vm.expectRevert(refusal);
            anchors.anchor(forged, signature);
        }
        anchors.anchor(anchor, signature);
    }

    function test_aMutatedRecordIsRefused() public {
        PerformanceRecord memory record = recordOf(0, 0, 1, 20e6, keccak256("counts"));
        bytes memory signature = signed(LANE_KEY, ledger.recordDigest(record));
        for (uint256 i = 0; i < 8; ++i) {
            PerformanceRecord memory forged = abi.decode(mutated(abi.encode(record), i, false), (PerformanceRecord));
            vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidLaneSignature.selector, forged.lane));
            ledger.report(forged, "", signature);
        }
        // The lane signs something else than the node did; another lane's name needs another lane's key.
        bytes memory byNode = signed(NODE_KEY, ledger.recordDigest(record));
        for (uint256 i = 0; i < 8; ++i) {
            if (i == 1) continue;
            PerformanceRecord memory forged = abi.decode(mutated(abi.encode(record), i, false), (PerformanceRecord));
            bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(forged));
            vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidNodeSignature.selector, forged.nodeId));
            ledger.report(forged, byNode, byLane);
        }
        ledger.report(record, byNode, signature);
    }

    function test_aMutatedCeilingOrSessionIsRefused() public {
        bytes memory signature = signed(PAYER_KEY, channels.ceilingDigest(channelIds[0], 60e6));
        for (uint256 payer = 0; payer < 2; ++payer) {
            bytes32 channelId = channelIds[payer];
            address owner = channels.channelOf(channelId).owner;
            vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, channelId, owner));
            channels.setCeiling(channelId, payer == 0 ? 60e6 + 1 : 60e6, signature);
        }

        uint256 sessionKey = 0x5E55;
        SessionKey memory session = SessionKey(channelIds[0], vm.addr(sessionKey), 80e6, uint64(block.timestamp + 1000));
        bytes memory byOwner = signed(PAYER_KEY, channels.sessionKeyDigest(session));
        bytes memory byKey = signed(sessionKey, channels.ceilingDigest(channelIds[0], 60e6));
        for (uint256 i = 0; i < 4; ++i) {
            SessionKey memory forged = abi.decode(mutated(abi.encode(session), i, false), (SessionKey));
            vm.expectRevert(
                forged.channelId == session.channelId
                    ? abi.encodeWithSelector(IPaymentChannels.SessionKeyInvalid.selector, session.channelId, forged.key)
                    : abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, forged.channelId)
            );
            channels.setCeilingBySession(60e6, forged, byOwner, byKey);
        }
        channels.setCeilingBySession(60e6, session, byOwner, byKey);
    }

    function test_aMutatedKeyProofIsRefused() public {
        uint256 key = 0xBEEF;
        bytes memory proof = signed(key, registry.nodeKeyDigest(providerIds[0], vm.addr(key)));
        vm.prank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidNodeKeySignature.selector, vm.addr(key)));
        registry.addNodeKey(providerIds[1], vm.addr(key), proof);
        vm.prank(ownerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidNodeKeySignature.selector, vm.addr(key + 1)));
        registry.addNodeKey(providerIds[0], vm.addr(key + 1), proof);

        bytes memory laneProof = signed(key, registry.laneKeyDigest(vm.addr(key), operatorOf(0)));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidLaneKeySignature.selector, vm.addr(key)));
        registry.addLane(vm.addr(key), operatorOf(1), laneProof);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidLaneKeySignature.selector, vm.addr(key + 1)));
        registry.addLane(vm.addr(key + 1), operatorOf(0), laneProof);
    }

    /// @dev What is not signed itself is bound by its hash: each member changes it.
    function test_everyMemberOfEveryStructChangesItsHash() public view {
        WorkReceipt memory work;
        DeliveryReceipt memory given = delivery(0, 0, 0, 1e6);
        LeaseReceipt memory lease;
        Terms memory terms = termsOf(0);
        SlaCounts memory counts = countsOf(0, 0, 0, 1, 600, 1, 1e6);
        for (uint256 i = 0; i < 17; ++i) {
            WorkReceipt memory forged = abi.decode(mutated(abi.encode(work), i, false), (WorkReceipt));
            requireOther(ReceiptHashes.hash(work), ReceiptHashes.hash(forged));
        }
        for (uint256 i = 0; i < 20; ++i) {
            DeliveryReceipt memory forged = abi.decode(mutated(abi.encode(given), i, i == 19), (DeliveryReceipt));
            requireOther(ReceiptHashes.hash(given), ReceiptHashes.hash(forged));
        }
        for (uint256 i = 0; i < 10; ++i) {
            LeaseReceipt memory forged = abi.decode(mutated(abi.encode(lease), i, false), (LeaseReceipt));
            requireOther(ReceiptHashes.hash(lease), ReceiptHashes.hash(forged));
        }
        for (uint256 i = 0; i < 14; ++i) {
            Terms memory forged = abi.decode(mutated(abi.encode(terms), i, i == 13), (Terms));
            requireOther(ReceiptHashes.hash(terms), ReceiptHashes.hash(forged));
        }
        for (uint256 i = 0; i < 12; ++i) {
            SlaCounts memory forged = abi.decode(mutated(abi.encode(counts), i, false), (SlaCounts));
            requireOther(ReceiptHashes.hash(counts), ReceiptHashes.hash(forged));
        }
    }

    /// @dev The price is wrong to begin with, whichever field is changed besides: the signature alone saves the lane.
    function test_aMutatedReceiptProvesNothing() public {
        DeliveryReceipt memory receipt = delivery(0, 0, 0, 5e6);
        Terms memory terms = termsOf(0);
        bytes memory right = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(receipt)));
        vm.expectRevert(abi.encodeWithSelector(IContradictions.PriceFollowsFromTerms.selector, receipt.price));
        contradictions.proveWrongPrice(receipt, right, terms);
        receipt.price = 7e6;
        bytes memory signature = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(receipt)));
        for (uint256 i = 0; i < 20; ++i) {
            DeliveryReceipt memory forged = abi.decode(mutated(abi.encode(receipt), i, i == 19), (DeliveryReceipt));
            expectNotOfLane(forged.lane, forged.termsHash, terms);
            contradictions.proveWrongPrice(forged, signature, terms);
        }
        vm.assertEq(contradictions.proveWrongPrice(receipt, signature, terms), PENALTY, "as it was signed, it does");
    }

    /// @dev A work receipt convicts only as it was signed, and a lease receipt only by its own terms.
    function test_aMutatedWorkOrLeaseReceiptConvictsNobody() public {
        WorkReceipt memory a;
        (a.nodeId, a.requestId, a.outputHash) = (nodeIds[0], keccak256("request"), keccak256("one"));
        WorkReceipt memory b = abi.decode(abi.encode(a), (WorkReceipt));
        b.outputHash = keccak256("another");
        bytes memory sigA = signed(NODE_KEY, receiptDigest(ReceiptHashes.hash(a)));
        bytes memory sigB = signed(NODE_KEY, receiptDigest(ReceiptHashes.hash(b)));
        for (uint256 i = 0; i < 17; ++i) {
            WorkReceipt memory forged = abi.decode(mutated(abi.encode(b), i, false), (WorkReceipt));
            bool isSameWork = forged.requestId == a.requestId && forged.attempt == a.attempt
                && forged.nodeId == a.nodeId && forged.channelId == a.channelId && forged.requestHash == a.requestHash;
            vm.expectRevert(
                isSameWork
                    ? abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, a.nodeId)
                    : abi.encodeWithSelector(
                        IContradictions.NotAContradiction.selector, ReceiptHashes.hash(a), ReceiptHashes.hash(forged)
                    )
            );
            contradictions.proveTwoOutputs(a, sigA, forged, sigB);
        }
        stake(providerIds[0], PENALTY);
        vm.assertEq(contradictions.proveTwoOutputs(a, sigA, b, sigB), PENALTY, "as they were signed, they do");

        LeaseReceipt memory lease;
        (lease.nodeId, lease.lane, lease.termsHash, lease.price) = (nodeIds[0], lanes[0], termsHashes[0], 7);
        bytes memory signature = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(lease)));
        Terms memory terms = termsOf(0);
        for (uint256 i = 0; i < 10; ++i) {
            LeaseReceipt memory forged = abi.decode(mutated(abi.encode(lease), i, false), (LeaseReceipt));
            expectNotOfLane(forged.lane, forged.termsHash, terms);
            contradictions.proveWrongLeasePrice(forged, signature, terms);
        }
        for (uint256 i = 0; i < 14; ++i) {
            Terms memory forged = abi.decode(mutated(abi.encode(terms), i, i == 13), (Terms));
            expectNotOfLane(lease.lane, lease.termsHash, forged);
            contradictions.proveWrongLeasePrice(lease, signature, forged);
        }
        vm.assertEq(contradictions.proveWrongLeasePrice(lease, signature, terms), PENALTY);
    }

    function test_mutatedCountsAreNotInTheRecord() public {
        SlaCounts memory counts = countsOf(0, 0, 0, 1, 600, 1, 10e6);
        reportBySigners(0, 0, recordOf(0, 0, 1, 20e6, countsLeaf(counts)));
        pass(CHALLENGE);
        ledger.finalise(nodeIds[0], lanes[0], 1);
        Terms memory terms = termsOf(0);
        for (uint256 i = 0; i < 12; ++i) {
            SlaCounts memory forged = abi.decode(mutated(abi.encode(counts), i, false), (SlaCounts));
            bytes32 leaf = ReceiptHashes.leaf(ReceiptHashes.TAG_COUNTS, ReceiptHashes.hash(forged));
            bytes memory refusal = abi.encodeWithSelector(ISlaLedger.CountsNotIncluded.selector, leaf);
            // Node, lane and epoch name the record: of another there is none.
            if (i < 3) {
                refusal = abi.encodeWithSelector(
                    ISlaLedger.WrongStatus.selector, ISlaLedger.Status.None, ISlaLedger.Status.Final
                );
            }
            vm.expectRevert(refusal);
            ledger.countSamples(forged, terms, new bytes32[](0));
        }
        ledger.countSamples(counts, terms, new bytes32[](0));
        vm.assertEq(ledger.poolOf(nodeIds[0], channelIds[0], termsHashes[0]).samples, 0, "600 samples were judged");
    }

    /// @dev The terms must be those that the receipt names, and the receipt as its lane signed it.
    function expectNotOfLane(bytes32 lane, bytes32 termsHash, Terms memory terms) private {
        bytes32 given = ReceiptHashes.hash(terms);
        vm.expectRevert(
            given == termsHash
                ? abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, lane)
                : abi.encodeWithSelector(IContradictions.TermsMismatch.selector, given, termsHash)
        );
    }

    /// @dev Flips the lowest bit of word `i`; of a left-aligned member (`bytes8`) the highest byte's.
    function mutated(bytes memory encoded, uint256 i, bool isLeftAligned) private pure returns (bytes memory) {
        uint256 place = 32 * i + (isLeftAligned ? 0 : 31);
        encoded[place] = encoded[place] ^ 0x01;
        return encoded;
    }

    function requireOther(bytes32 a, bytes32 b) private pure {
        vm.assertTrue(a != b, "a member is not hashed");
    }
}
