// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IContradictions} from "../../src/interfaces/IContradictions.sol";
import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {DeliveryReceipt, EpochAnchor, ReceiptHashes, Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {Courtroom} from "../support/Courtroom.sol";

/// @dev Payers who dispute what they got, arbiters who rule for a friend, gateways that overcharge, omit and withhold.
contract DisputeAttack is Courtroom {
    function setUp() public {
        buildWorld();
        fund(0, 200e6);
        raiseCeiling(0, 200e6);
        stake(providerIds[0], 100e6);
        stake(lanes[0], 100e6);
    }

    function test_disputeSpamCostsABondEachAndHoldsNoMoreThanOneReceipt() public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        uint256 id = fileOvercharge(receipt, 1, proof, 30e6);
        give(payerOf(0), address(disputes), BOND);
        vm.prank(payerOf(0));
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeManager.LiveDispute.selector, ReceiptHashes.hash(receipt), IDisputeManager.Kind.Overcharge
            )
        );
        disputes.file(IDisputeManager.Kind.Overcharge, receipt, 1, proof, 1, 0);

        // Every other kind is another bond, and finds nothing left to hold.
        fileAs(IDisputeManager.Kind.NotDelivered, receipt, 1, proof, 30e6);
        fileAs(IDisputeManager.Kind.WrongOutput, receipt, 1, proof, 30e6);
        vm.assertEq(channels.pendingOf(providerIds[0], lanes[0], 1).frozen, 30e6, "no more than the provider was paid");
        vm.assertEq(disputes.liabilities(), 3 * BOND);

        drawUnanswered(id);
        ruleBoth(id, false, 0);
        pass(STEP + 1);
        disputes.execute(id);
        vm.assertTrue(stateOf(id) == IDisputeManager.State.Dismissed, "dismissed");
        vm.assertEq(usdc.balanceOf(treasury), BOND, "and the bond is lost");
        assertSolvent();
    }

    function test_aStrangerCannotDisputeWhatAnotherPaid() public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        give(thief, address(disputes), BOND);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotChannelOwner.selector, channelIds[0], thief));
        disputes.file(IDisputeManager.Kind.Overcharge, receipt, 1, proof, 30e6, 0);
    }

    function test_aMaliciousRulingIsBoundedAndAppealed() public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        uint256 id = fileOvercharge(receipt, 1, proof, 20e6);
        drawUnanswered(id);

        // One alone decides nothing, twice is refused, and an outsider has no vote.
        address bad = disputes.panelOf(id, false)[0];
        vm.prank(bad);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.AmountTooLarge.selector, 25e6, 20e6));
        disputes.rule(id, 25e6, 0);
        vote(id, false, 0, 20e6);
        vm.assertTrue(stateOf(id) == IDisputeManager.State.Drawn, "one vote rules nothing");
        vm.prank(bad);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.AlreadyVoted.selector, id, bad));
        disputes.rule(id, 20e6, 0);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotOnPanel.selector, id, thief));
        disputes.rule(id, 20e6, 0);
        vote(id, false, 1, 20e6);

        // The provider appeals: none of the three who ruled is asked again.
        give(ownerOf(0), address(disputes), BOND);
        vm.prank(ownerOf(0));
        disputes.appeal(id);
        drawAppeal(id);
        address[3] memory first = disputes.panelOf(id, false);
        address[3] memory second = disputes.panelOf(id, true);
        for (uint256 i = 0; i < 9; ++i) {
            vm.assertTrue(first[i / 3] != second[i % 3], "another panel");
        }
        ruleBoth(id, true, 0);
        vm.assertEq(disputes.execute(id), 0);
        vm.assertEq(usdc.balanceOf(ownerOf(0)), BOND, "the appellant has its bond back");
        vm.assertEq(channels.pendingOf(providerIds[0], lanes[0], 1).frozen, 0, "and nothing is held any more");

        vm.expectRevert(
            abi.encodeWithSelector(IDisputeManager.WrongState.selector, id, IDisputeManager.State.Dismissed)
        );
        disputes.execute(id);
        assertSolvent();
    }

    /// @dev One of three wants to move the ruling: by any vote, first, last or in between, or by silence. It stays within
    ///      what the two others voted.
    function testFuzz_oneMaliciousArbiterMovesNoRulingPastTheTwoOthers(
        uint128[3] memory votes,
        uint256 malicious,
        bool isSilent
    ) public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        uint256 id = fileOvercharge(receipt, 1, proof, 20e6);
        drawUnanswered(id);
        malicious %= 3;
        (uint128 low, uint128 high) = (20e6, 0);
        for (uint256 i = 0; i < 3; ++i) {
            votes[i] = uint128(bound(votes[i], 0, 20e6));
            if (i != malicious) {
                (low, high) = (votes[i] < low ? votes[i] : low, votes[i] > high ? votes[i] : high);
            }
            // Two alike have ruled before the third can.
            if ((i == malicious && isSilent) || stateOf(id) == IDisputeManager.State.Ruled) continue;
            vote(id, false, i, votes[i]);
        }
        pass(2 * STEP + 1);
        uint128 refunded = disputes.execute(id);
        vm.assertGe(refunded, low, "no less than both others would refund");
        vm.assertLe(refunded, high, "no more than either of them would");
        assertSolvent();
    }

    function test_aRulingThatStandsRefundsNoMoreThanThePriceOverAllKinds() public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        uint256 a = fileAs(IDisputeManager.Kind.Overcharge, receipt, 1, proof, 30e6);
        uint256 b = fileAs(IDisputeManager.Kind.NotDelivered, receipt, 1, proof, 30e6);
        pass(STEP + 1);
        disputes.drawPanel(a);
        disputes.drawPanel(b);
        vm.roll(block.number + 1);
        disputes.drawPanel(a);
        disputes.drawPanel(b);
        ruleBoth(a, false, 30e6);
        ruleBoth(b, false, 30e6);
        pass(STEP + 1);
        vm.assertEq(disputes.execute(a), 30e6);
        vm.assertEq(disputes.execute(b), 0, "the price was given back already");
        vm.assertEq(vault.stakeOf(providerIds[0]).tokens, 100e6, "the pending paid it, the stake did not");
        vm.assertEq(channels.channelOf(channelIds[0]).deposited, 230e6);
        assertSolvent();
    }

    function test_aGatewayThatOverchargesIsConvictedByItsOwnSignature() public {
        DeliveryReceipt memory receipt = delivery(0, 0, 0, 30e6);
        receipt.bytesOut = 20e6; // By the terms that it names, 20 dollars.
        bytes32[] memory proof = anchorOne(0, 1, receipt);
        claimUpTo(0, 0, 0, 1, 30e6);
        bytes memory signature = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(receipt)));
        vm.prank(stranger);
        vm.assertEq(contradictions.proveWrongPrice(receipt, signature, termsOf(0)), PENALTY);
        vm.assertEq(vault.stakeOf(lanes[0]).tokens, 100e6 - PENALTY);
        bytes32 offence = keccak256(abi.encode(bytes32("wrong price"), ReceiptHashes.hash(receipt)));
        vm.expectRevert(abi.encodeWithSelector(IContradictions.ContradictionTaken.selector, offence));
        contradictions.proveWrongPrice(receipt, signature, termsOf(0));

        // And what was taken too much comes back.
        uint256 id = fileOvercharge(receipt, 1, proof, 10e6);
        drawUnanswered(id);
        ruleBoth(id, false, 10e6);
        pass(STEP + 1);
        vm.assertEq(disputes.execute(id), 10e6);
        assertSolvent();
    }

    function test_aGatewayThatBillsOneNumberTwiceIsConvicted() public {
        DeliveryReceipt memory a = delivery(0, 0, 0, 5e6);
        DeliveryReceipt memory b = delivery(0, 0, 0, 6e6);
        bytes memory sigA = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(a)));
        bytes memory sigB = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(b)));
        bytes32 hashA = ReceiptHashes.hash(a);
        vm.expectRevert(abi.encodeWithSelector(IContradictions.NotAContradiction.selector, hashA, hashA));
        contradictions.proveTwoDeliveries(a, sigA, a, sigA);
        vm.assertEq(contradictions.proveTwoDeliveries(a, sigA, b, sigB), PENALTY);
    }

    function test_aGatewayThatOmitsAReceiptCannotCensorTheProvider() public {
        // It signed a voucher for 25, and then anchors an epoch that holds 5.
        anchorRoot(0, 1, keccak256("root"), 1, 5e6);
        Voucher memory voucher = voucherOf(0, 0, 0, 1, 25e6);
        bytes memory signature = signVoucher(0, voucher);
        vm.assertEq(channels.claim(voucher, signature), 5e6);
        vm.prank(ownerOf(0));
        channels.announce(voucher, signature);
        uint256 claimableAt = block.timestamp + GRACE;
        pass(GRACE - 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.GraceRunning.selector, claimableAt));
        channels.claimAnnounced(voucher);
        pass(1);
        vm.assertEq(channels.claimAnnounced(voucher), 20e6, "after the grace period the signature alone suffices");

        // Nor can it leave a number out between two epochs.
        EpochAnchor memory gap = nextAnchor(0, 2, keccak256("gap"), 1, 1e6);
        gap.fromSeq += 1;
        gap.toSeq += 1;
        bytes memory gapSignature = signed(LANE_KEY, anchors.anchorDigest(gap));
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.SequenceGap.selector, lanes[0], gap.fromSeq, 1));
        anchors.anchor(gap, gapSignature);
        assertSolvent();
    }

    /// @dev The limit of the contracts: vouchers are signed when an epoch closes, and whoever is left out before has none.
    ///      What is left to the provider is to show both signatures, and to serve that lane no more.
    function test_aGatewayThatOmitsAReceiptAndItsVoucherIsMadeToPayByNobody() public {
        DeliveryReceipt memory omitted = delivery(0, 0, 0, 20e6);
        bytes memory byLane = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(omitted)));
        anchorRoot(0, 1, keccak256("a file without it"), 1, 0);
        vm.assertEq(anchors.totalsOf(lanes[0]).lastSeq, omitted.seq, "its number is taken");
        bytes32[] memory none = new bytes32[](0);

        give(ownerOf(0), address(disputes), BOND);
        vm.prank(ownerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotChannelOwner.selector, channelIds[0], ownerOf(0)));
        disputes.file(IDisputeManager.Kind.NotDelivered, omitted, 1, none, 20e6, "omitted");
        bytes32 leaf = ReceiptHashes.leaf(ReceiptHashes.TAG_DELIVERY, ReceiptHashes.hash(omitted));
        give(payerOf(0), address(disputes), BOND);
        vm.prank(payerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotIncluded.selector, leaf));
        disputes.file(IDisputeManager.Kind.NotDelivered, omitted, 1, none, 20e6, "omitted");
        vm.expectRevert(abi.encodeWithSelector(IContradictions.PriceFollowsFromTerms.selector, 20e6));
        contradictions.proveWrongPrice(omitted, byLane, termsOf(0));
        pass(GRACE);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingPayable.selector, providerIds[0]));
        channels.settle(providerIds[0], lanes[0], epochList(1));
    }

    function test_aGatewayThatGivesAnOmittedReceiptsNumberToAnotherIsConvicted() public {
        DeliveryReceipt memory omitted = delivery(0, 0, 0, 20e6);
        DeliveryReceipt memory instead = delivery(1, 0, 1, 1e6);
        anchorOne(0, 1, instead);
        bytes memory ofOmitted = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(omitted)));
        bytes memory ofInstead = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(instead)));
        vm.prank(ownerOf(0));
        vm.assertEq(contradictions.proveTwoDeliveries(omitted, ofOmitted, instead, ofInstead), PENALTY);
        vm.assertEq(usdc.balanceOf(ownerOf(0)), PENALTY * REWARD_BPS / 10_000, "a share, whatever the receipt's price");
    }

    function test_aProviderIsPaidWithoutAnyRecordOnceTheGraceIsOver() public {
        sell(1, 30e6);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingPayable.selector, providerIds[0]));
        channels.settle(providerIds[0], lanes[0], epochList(1));
        pass(GRACE);
        vm.assertEq(channels.settle(providerIds[0], lanes[0], epochList(1)), 30e6, "silence of a gateway cannot censor");
    }

    function test_withheldDataCostsTheLaneItsPenalty() public {
        sell(1, 30e6);
        give(stranger, address(disputes), BOND);
        vm.prank(stranger);
        uint256 id = disputes.fileWithheld(lanes[0], 1, keccak256("nobody serves it"));
        drawUnanswered(id);
        ruleBoth(id, false, PENALTY);
        pass(STEP + 1);
        vm.assertEq(disputes.execute(id), PENALTY);
        vm.assertEq(vault.stakeOf(lanes[0]).tokens, 100e6 - PENALTY);
        vm.assertEq(usdc.balanceOf(stranger), BOND + PENALTY * REWARD_BPS / 10_000);

        // Once: a second penalty for the same epoch has nothing left to take.
        give(stranger, address(disputes), BOND);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.ZeroAmount.selector));
        disputes.fileWithheld(lanes[0], 1, 0);
        assertSolvent();
    }

    function test_aDisputeFiledTooLateIsRefused() public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        uint64 anchoredAt = uint64(block.timestamp);
        pass(FILING + 1);
        give(payerOf(0), address(disputes), BOND);
        vm.prank(payerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.FilingOver.selector, anchoredAt + FILING));
        disputes.file(IDisputeManager.Kind.Overcharge, receipt, 1, proof, 30e6, 0);
    }
}
