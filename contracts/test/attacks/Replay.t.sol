// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {ReceiptAnchor} from "../../src/ReceiptAnchor.sol";
import {IContradictions} from "../../src/interfaces/IContradictions.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {
    DeliveryReceipt,
    EpochAnchor,
    PerformanceRecord,
    ReceiptHashes,
    Voucher
} from "../../src/libraries/ReceiptHashes.sol";
import {World} from "../support/World.sol";

/// @dev A thief has every signature that was ever made, and plays them again: here, on another chain, at another contract.
contract ReplayAttack is World {
    function setUp() public {
        buildWorld();
        fund(0, 100e6);
        raiseCeiling(0, 100e6);
        anchorRoot(0, 1, keccak256("root"), 1, 50e6);
    }

    function test_replayOnTheSameChainPaysOnce() public {
        Voucher memory voucher = voucherOf(0, 0, 0, 1, 20e6);
        bytes memory signature = signVoucher(0, voucher);
        vm.assertEq(channels.claim(voucher, signature), 20e6);
        vm.prank(thief);
        expectRefusal(IPaymentChannels.Refusal.NothingDue);
        channels.claim(voucher, signature);

        // The same voucher by each of the other doors.
        IPaymentChannels.Due memory due = dueOf(voucher)[0];
        expectRefusal(IPaymentChannels.Refusal.NothingDue);
        channels.claimCompact(voucher, due.r, due.vs);
        (Voucher[] memory list, bytes[] memory signatures) = (new Voucher[](2), new bytes[](2));
        (list[0], list[1], signatures[0], signatures[1]) = (voucher, voucher, signature, signature);
        vm.assertEq(channels.claimMany(list, signatures), 0);
        vm.assertEq(
            channels.claimEach(
                voucher.providerId, voucher.lane, 1, voucher.receiptRoot, voucher.earned, dueOf(voucher)
            ),
            0
        );
        channels.announce(voucher, signature);
        pass(GRACE);
        expectRefusal(IPaymentChannels.Refusal.NothingDue);
        channels.claimAnnounced(voucher);
        vm.assertEq(channels.channelOf(channelIds[0]).claimed, 20e6);
    }

    function test_replayOfAnEarlierVoucherNeverTakesBackWhatALaterOneSaid() public {
        Voucher memory early = voucherOf(0, 0, 0, 1, 5e6);
        claimUpTo(0, 0, 0, 1, 20e6);
        bytes memory signature = signVoucher(0, early);
        expectRefusal(IPaymentChannels.Refusal.NothingDue);
        channels.claim(early, signature);
        vm.assertEq(channels.claimedOf(channelIds[0], providerIds[0], lanes[0]), 20e6);
    }

    function test_replayOnAnotherChainIsNobodysSignature() public {
        Voucher memory voucher = voucherOf(0, 0, 0, 1, 20e6);
        bytes memory signature = signVoucher(0, voucher);
        bytes memory ceiling = signed(PAYER_KEY, channels.ceilingDigest(channelIds[0], 500e6));
        EpochAnchor memory anchor = nextAnchor(0, 2, keccak256("next"), 1, 1e6);
        bytes memory anchorSignature = signed(LANE_KEY, anchors.anchorDigest(anchor));
        PerformanceRecord memory record = recordOf(0, 0, 1, 20e6, 0);
        bytes memory recordSignature = signed(LANE_KEY, ledger.recordDigest(record));
        bytes memory keyProof = signed(0xBEEF, registry.nodeKeyDigest(providerIds[0], vm.addr(0xBEEF)));
        (DeliveryReceipt memory a, DeliveryReceipt memory b) = (delivery(0, 0, 0, 5e6), delivery(0, 0, 0, 6e6));
        bytes memory sigA = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(a)));
        bytes memory sigB = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(b)));

        vm.chainId(999);
        vm.expectRevert(abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, lanes[0]));
        contradictions.proveTwoDeliveries(a, sigA, b, sigB);
        vm.prank(ownerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidNodeKeySignature.selector, vm.addr(0xBEEF)));
        registry.addNodeKey(providerIds[0], vm.addr(0xBEEF), keyProof);
        expectRefusal(IPaymentChannels.Refusal.BadSignature);
        channels.claim(voucher, signature);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, channelIds[0], payerOf(0))
        );
        channels.setCeiling(channelIds[0], 500e6, ceiling);
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, lanes[0]));
        anchors.anchor(anchor, anchorSignature);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidLaneSignature.selector, lanes[0]));
        ledger.report(record, "", recordSignature);
    }

    function test_replayAtAnotherContractIsNobodysSignature() public {
        PaymentChannels other =
            new PaymentChannels(address(this), usdc, registry, anchors, verifier, treasury, GRACE, THAW);
        bytes32 sameId = other.open(payerOf(0), bytes32(0));
        vm.assertEq(sameId, channelIds[0]);
        give(payerOf(0), address(other), 100e6);
        vm.prank(payerOf(0));
        other.deposit(sameId, 100e6);

        bytes memory ceiling = signed(PAYER_KEY, channels.ceilingDigest(sameId, 50e6));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, sameId, payerOf(0)));
        other.setCeiling(sameId, 50e6, ceiling);
        other.setCeiling(sameId, 50e6, signed(PAYER_KEY, other.ceilingDigest(sameId, 50e6)));

        Voucher memory voucher = voucherOf(0, 0, 0, 1, 20e6);
        bytes memory signature = signVoucher(0, voucher);
        expectRefusal(IPaymentChannels.Refusal.BadSignature);
        other.claim(voucher, signature);
    }

    /// @dev What a lane anchored or a key proved here says nothing at contracts of the same code.
    function test_replayAtAnotherAnchorOrRegistryIsNobodysSignature() public {
        EpochAnchor memory anchor = nextAnchor(0, 1, keccak256("root"), 1, 50e6);
        (anchor.fromSeq, anchor.toSeq) = (1, 1);
        bytes memory anchorSignature = signed(LANE_KEY, anchors.anchorDigest(anchor));
        ReceiptAnchor otherAnchor = new ReceiptAnchor(registry);
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, lanes[0]));
        otherAnchor.anchor(anchor, anchorSignature);
        otherAnchor.anchor(anchor, signed(LANE_KEY, otherAnchor.anchorDigest(anchor)));

        ProviderRegistry otherRegistry = new ProviderRegistry(address(this), FEE_BPS, THAW);
        vm.prank(ownerOf(0));
        bytes32 sameId = otherRegistry.registerProvider(bytes32(0), payoutOf(0));
        vm.assertEq(sameId, providerIds[0]);
        address node = vm.addr(NODE_KEY);
        bytes memory proof = signed(NODE_KEY, registry.nodeKeyDigest(sameId, node));
        vm.prank(ownerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidNodeKeySignature.selector, node));
        otherRegistry.addNodeKey(sameId, node, proof);
    }

    function dueOf(Voucher memory voucher) private view returns (IPaymentChannels.Due[] memory dues) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(LANE_KEY, channels.voucherDigest(voucher));
        dues = new IPaymentChannels.Due[](1);
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        dues[0] = IPaymentChannels.Due(voucher.channelId, voucher.cumulative, r, vs);
    }
}
