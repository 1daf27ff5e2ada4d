// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {DeliveryReceipt, LeaseReceipt, ReceiptHashes} from "../../src/libraries/ReceiptHashes.sol";
import {TrustMarket} from "../support/TrustMarket.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @dev A dispute begins about an anchored receipt, by the payer, in time and for a bond; it holds the money it is about.
contract FilingTest is TrustMarket {
    IDisputeManager.Kind private constant OVERCHARGE = IDisputeManager.Kind.Overcharge;
    IDisputeManager.Kind private constant WITHHELD = IDisputeManager.Kind.Withheld;

    function test_aDisputeHoldsTheMoneyThatItIsAbout() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        claimFor(EPOCH, receipt.price);
        allow(payer, address(disputes), BOND);
        vm.prank(payer);
        uint256 disputeId = disputes.file(OVERCHARGE, receipt, EPOCH, noProof(), 4e6, "evidence");

        IDisputeManager.Dispute memory dispute = disputes.disputeOf(disputeId);
        assertState(disputeId, IDisputeManager.State.Filed);
        vm.assertEq(dispute.filer, payer);
        vm.assertEq(dispute.subject, ReceiptHashes.hash(receipt));
        vm.assertEq(dispute.providerId, providerId);
        vm.assertEq(dispute.deadline, block.timestamp + MINUTE);
        vm.assertEq(dispute.frozen, 4e6);
        vm.assertEq(dispute.locked, 0);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 4e6);
        vm.assertEq(disputes.liabilities(), BOND);
        vm.assertEq(disputes.liveDispute(dispute.subject, OVERCHARGE), disputeId);
        vm.assertEq(disputes.disputeCount(), 1);
    }

    function test_whatWasPaidOutIsLockedInTheProvidersStake() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        claimFor(EPOCH, receipt.price);
        vm.warp(block.timestamp + GRACE);
        channels.settle(providerId, lane, epochList(EPOCH));
        IDisputeManager.Dispute memory dispute = disputes.disputeOf(fileAbout(OVERCHARGE, receipt, 4e6));
        vm.assertEq(dispute.frozen, 0);
        vm.assertEq(dispute.locked, 4e6);
        vm.assertEq(vault.stakeOf(providerId).locked, 4e6);
    }

    function test_noMoreIsHeldThanThePayerPaid() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        claimFor(EPOCH, 1e6);
        IDisputeManager.Dispute memory dispute = disputes.disputeOf(fileAbout(OVERCHARGE, receipt, 4e6));
        vm.assertEq(dispute.frozen, 1e6);
        vm.assertEq(dispute.locked, 0, "of what the payer never paid, the provider's stake holds nothing");
    }

    /// @dev A lane and a payer in league sign a receipt that nobody paid: they hold nothing of what others paid.
    function test_receiptsThatNobodyPaidFreezeNothing() public {
        DeliveryReceipt memory honest = delivery(1);
        anchorDelivery(EPOCH, honest);
        claimFor(EPOCH, honest.price);
        DeliveryReceipt memory forged = delivery(2);
        (forged.channelId, forged.price) = (channels.open(outsider, "other"), 1e15);
        anchorDelivery(EPOCH + 1, forged);
        allow(outsider, address(disputes), BOND);
        vm.prank(outsider);
        uint256 disputeId = disputes.file(OVERCHARGE, forged, EPOCH + 1, noProof(), 1e15, "");
        vm.assertEq(disputes.disputeOf(disputeId).frozen, 0);
        vm.assertEq(disputes.disputeOf(disputeId).locked, 0);
    }

    function test_leaseReceiptsAreDisputedLikeDeliveries() public {
        LeaseReceipt memory receipt = lease(1);
        bytes32 subject = ReceiptHashes.hash(receipt);
        anchorLeaf(EPOCH, ReceiptHashes.leaf(ReceiptHashes.TAG_LEASE, subject), receipt.price);
        claimFor(EPOCH, receipt.price);
        allow(payer, address(disputes), BOND);
        vm.prank(payer);
        uint256 disputeId =
            disputes.fileLease(IDisputeManager.Kind.NotDelivered, receipt, EPOCH, noProof(), 5e6, "evidence");
        vm.assertEq(disputes.disputeOf(disputeId).frozen, 5e6);
        vm.assertEq(disputes.disputeOf(disputeId).subject, subject);
    }

    function test_aReceiptUnderALargerTreeIsProvenByItsPath() public {
        DeliveryReceipt memory receipt = delivery(1);
        bytes32 leaf = leafOf(receipt);
        bytes32 sibling = keccak256("sibling");
        (bytes32 left, bytes32 right) = leaf < sibling ? (leaf, sibling) : (sibling, leaf);
        anchorLeaf(EPOCH, keccak256(abi.encode(left, right)), receipt.price);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = sibling;
        allow(payer, address(disputes), BOND);
        vm.prank(payer);
        disputes.file(OVERCHARGE, receipt, EPOCH, proof, 1, "");
    }

    function test_onlyThePayerFilesAndOnlyAboutWhatWasAnchored() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotChannelOwner.selector, channelId, address(this)));
        disputes.file(OVERCHARGE, receipt, EPOCH, noProof(), 1, "");
        expectRefused(
            receipt, EPOCH + 1, 1, abi.encodeWithSelector(IDisputeManager.NotIncluded.selector, leafOf(receipt))
        );
        receipt.price = 6e6;
        expectRefused(receipt, EPOCH, 1, abi.encodeWithSelector(IDisputeManager.NotIncluded.selector, leafOf(receipt)));
    }

    function test_aLeaseLeafIsNoDelivery() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorLeaf(EPOCH, ReceiptHashes.leaf(ReceiptHashes.TAG_LEASE, ReceiptHashes.hash(receipt)), receipt.price);
        expectRefused(receipt, EPOCH, 1, abi.encodeWithSelector(IDisputeManager.NotIncluded.selector, leafOf(receipt)));
    }

    function test_noMoreIsAskedBackThanThePrice() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        expectRefused(
            receipt, EPOCH, 5e6 + 1, abi.encodeWithSelector(IDisputeManager.AmountTooLarge.selector, 5e6 + 1, 5e6)
        );
        expectRefused(receipt, EPOCH, 0, abi.encodeWithSelector(IDisputeManager.ZeroAmount.selector));
    }

    function test_filingEndsAtItsTime() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        skip(2 * MINUTE + 1);
        uint64 endedAt = uint64(block.timestamp) - 1;
        expectRefused(receipt, EPOCH, 1, abi.encodeWithSelector(IDisputeManager.FilingOver.selector, endedAt));
        vm.warp(endedAt);
        fileAbout(OVERCHARGE, receipt, 1);
    }

    function test_oneLiveDisputeForEachReceiptAndKind() public {
        uint256 first = fileOvercharge(4e6);
        bytes32 subject = disputes.disputeOf(first).subject;
        expectRefused(
            delivery(1), EPOCH, 1, abi.encodeWithSelector(IDisputeManager.LiveDispute.selector, subject, OVERCHARGE)
        );
        uint256 second = fileAbout(IDisputeManager.Kind.WrongOutput, delivery(1), 4e6);
        vm.assertEq(disputes.disputeOf(second).frozen, 1e6);
        vm.assertEq(disputes.liabilities(), 2 * BOND);
        assertAllSolvent();
    }

    function test_aBondIsNeeded() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(disputes), 0, BOND)
        );
        vm.prank(payer);
        disputes.file(OVERCHARGE, receipt, EPOCH, noProof(), 1, "");
        vm.assertEq(disputes.disputeCount(), 0);
    }

    function test_withheldDataIsNotAboutAReceipt() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongKind.selector, WITHHELD));
        vm.prank(payer);
        disputes.file(WITHHELD, receipt, EPOCH, noProof(), 1, "");
    }

    function test_anyoneSaysThatAFileIsWithheld() public {
        anchorSum(EPOCH, 5e6);
        allow(outsider, address(disputes), BOND);
        vm.prank(outsider);
        uint256 disputeId = disputes.fileWithheld(lane, EPOCH, "evidence");
        IDisputeManager.Dispute memory dispute = disputes.disputeOf(disputeId);
        vm.assertEq(dispute.amount, WITHHOLDING_PENALTY);
        vm.assertEq(dispute.locked, WITHHOLDING_PENALTY);
        vm.assertEq(vault.stakeOf(lane).locked, WITHHOLDING_PENALTY);
        vm.assertEq(dispute.providerId, bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.LiveDispute.selector, dispute.subject, WITHHELD));
        disputes.fileWithheld(lane, EPOCH, "evidence");
    }

    function test_noFileIsWithheldThatWasNeverAnchored() public {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.EpochNotAnchored.selector, lane, EPOCH));
        disputes.fileWithheld(lane, EPOCH, "");
        anchorSum(EPOCH, 5e6);
        skip(2 * MINUTE + 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.FilingOver.selector, uint64(block.timestamp) - 1));
        disputes.fileWithheld(lane, EPOCH, "");
    }

    function test_thereIsNoDisputeThatNobodyFiled() public {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownDispute.selector, 1));
        disputes.disputeOf(1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownDispute.selector, 1));
        disputes.execute(1);
    }

    function expectRefused(DeliveryReceipt memory receipt, uint64 epoch, uint128 amount, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(payer);
        disputes.file(OVERCHARGE, receipt, epoch, noProof(), amount, "");
    }

    function leafOf(DeliveryReceipt memory receipt) private pure returns (bytes32) {
        return ReceiptHashes.leaf(ReceiptHashes.TAG_DELIVERY, ReceiptHashes.hash(receipt));
    }
}
