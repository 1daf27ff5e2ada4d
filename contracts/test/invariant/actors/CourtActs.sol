// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../../src/interfaces/IDisputeManager.sol";
import {LeaseReceipt, ReceiptHashes, Voucher} from "../../../src/libraries/ReceiptHashes.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev Payers who dispute, providers who answer and appeal, arbiters who vote as they like, anyone who executes.
abstract contract CourtActs is Ghosts {
    /// @dev The dispute that was brought a step further last: windows are short, and only who goes on sees the end.
    uint256 private inCourt;

    function payerDisputes(uint256 sale, uint8 kind, uint128 amount) external {
        if (sales.length == 0 || disputeIds.length >= KEPT_MAX) return;
        Sale memory sold = sales[pick(sale, sales.length)];
        amount = uint128(bound(amount, 1, sold.receipt.price));
        give(payerOf(sold.payer), address(disputes), BOND);
        vm.prank(payerOf(sold.payer));
        disputeIds.push(
            disputes.file(IDisputeManager.Kind(kind % 3), sold.receipt, sold.epoch, sold.proof, amount, "evidence")
        );
        tokensIn[address(disputes)] += BOND;
        done["file"]++;
    }

    /// @dev A lease is sold, claimed and disputed at once; the court goes on with it as with any other dispute.
    function payerDisputesALease(uint256 payer, uint256 provider, uint256 lane, uint128 price, uint8 kind) external {
        if (leases.length >= LEASES_MAX || disputeIds.length >= KEPT_MAX) return;
        payer = pick(payer, PARTIES);
        (LeaseReceipt memory receipt, uint64 epoch) =
            sellLease(payer, pick(provider, PARTIES), pick(lane, PARTIES), uint128(bound(price, 1, AMOUNT_MAX / 2)));
        give(payerOf(payer), address(disputes), BOND);
        vm.prank(payerOf(payer));
        inCourt = disputes.fileLease(
            IDisputeManager.Kind(kind % 3), receipt, epoch, new bytes32[](0), receipt.price, "evidence"
        );
        disputeIds.push(inCourt);
        tokensIn[address(disputes)] += BOND;
        done["file lease"]++;
    }

    function sellLease(uint256 payer, uint256 provider, uint256 lane, uint128 price)
        private
        returns (LeaseReceipt memory receipt, uint64 epoch)
    {
        epoch = ++nextEpoch[lane];
        (receipt.channelId, receipt.leaseId) = (channelIds[payer], keccak256(abi.encode(lane, epoch)));
        (receipt.nodeId, receipt.lane, receipt.seq) = (nodeIds[provider], lanes[lane], lastSeq[lanes[lane]] + 1);
        (receipt.termsHash, receipt.price) = (termsHashes[provider], price);
        bytes32 subject = ReceiptHashes.hash(receipt);
        leases.push(SoldLease(subject, price));
        anchorRoot(lane, epoch, ReceiptHashes.leaf(ReceiptHashes.TAG_LEASE, subject), 1, price);
        bytes32 key = keyOf(channelIds[payer], providerIds[provider], lanes[lane]);
        signedOf[key] += price;
        Voucher memory voucher = voucherOf(payer, provider, lane, epoch, signedOf[key]);
        try channels.claim(voucher, signVoucher(lane, voucher)) {} catch {}
    }

    function strangerSaysWithheld(uint256 sale) external {
        if (sales.length == 0 || disputeIds.length >= KEPT_MAX) return;
        Sale memory sold = sales[pick(sale, sales.length)];
        give(stranger, address(disputes), BOND);
        vm.prank(stranger);
        disputeIds.push(disputes.fileWithheld(lanes[sold.lane], sold.epoch, "evidence"));
        tokensIn[address(disputes)] += BOND;
        done["withheld"]++;
    }

    function providerAnswers(uint256 dispute) external {
        if (disputeIds.length == 0) return;
        // Mostly the newest one.
        uint256 id = disputeIds[dispute % 4 == 0 ? pick(dispute, disputeIds.length) : disputeIds.length - 1];
        vm.prank(respondentOf(id));
        disputes.respond(id, "answer");
        inCourt = id;
        done["answer"]++;
    }

    function panelIsDrawn(uint256 dispute) external {
        if (disputeIds.length == 0) return;
        vm.roll(block.number + 1);
        uint256 id = oneOf(dispute);
        disputes.drawPanel(id);
        inCourt = id;
        done["draw"]++;
    }

    function arbitersVote(uint256 dispute, uint256 first, uint128 refund) external {
        if (disputeIds.length == 0) return;
        uint256 id = oneOf(dispute);
        IDisputeManager.Dispute memory d = disputes.disputeOf(id);
        bool isWithheld = d.kind == IDisputeManager.Kind.Withheld;
        bool onAppeal = d.state == IDisputeManager.State.AppealDrawn;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 seat = (first + i) % 3;
            uint256 dice = uint256(keccak256(abi.encode(refund, seat)));
            if (dice % 4 == 0) continue; // Silent, for now.
            uint256 wanted = isWithheld ? (dice >> 8) % 2 * d.amount : bound(dice >> 8, 0, d.amount);
            // Half of the panels agree.
            voteOf(id, onAppeal, seat, uint128(refund % 2 == 0 ? (isWithheld ? d.amount : d.amount / 2) : wanted));
        }
        d = disputes.disputeOf(id);
        bool isRuled = d.state == (onAppeal ? IDisputeManager.State.AppealRuled : IDisputeManager.State.Ruled);
        if (isRuled) done["rule"]++;
    }

    function voteOf(uint256 id, bool onAppeal, uint256 seat, uint128 refund) private {
        vm.prank(disputes.panelOf(id, onAppeal)[seat]);
        try disputes.rule(id, refund, keccak256("reason")) {
            if (votesSeen[id][onAppeal][seat] != 0) breaks("an arbiter voted twice");
            votesSeen[id][onAppeal][seat] = refund;
        } catch {}
    }

    function providerAppeals(uint256 dispute) external {
        if (disputeIds.length == 0) return;
        uint256 id = oneOf(dispute);
        address respondent = respondentOf(id);
        give(respondent, address(disputes), BOND);
        vm.prank(respondent);
        disputes.appeal(id);
        tokensIn[address(disputes)] += BOND;
        done["appeal"]++;
    }

    /// @dev The treasury answers where stakes do not suffice, as far as it has approved: all, something or nothing.
    function treasuryAllows(uint128 amount) external {
        vm.prank(treasury);
        usdc.approve(address(disputes), amount % 8 == 0 ? 0 : bound(amount, 1, AMOUNT_MAX));
        done["treasury allows"]++;
    }

    function anyoneExecutes(uint256 dispute) external {
        if (disputeIds.length == 0) return;
        uint256 id = disputeIds[pick(dispute, disputeIds.length)];
        IDisputeManager.Dispute memory d = disputes.disputeOf(id);
        bool isDue = isRipe(d);
        uint256 allowed = usdc.allowance(treasury, address(disputes));
        try disputes.execute(id) returns (uint128 refunded) {
            if (terminalSeen[id] != IDisputeManager.State.None) breaks("a closed dispute was executed again");
            bool isWithheld = d.kind == IDisputeManager.Kind.Withheld;
            uint256 ofProvider = noteSlash(d.providerId, SLASH_MAX);
            uint256 ofLane = noteSlash(d.lane, isWithheld ? PENALTY : SLASH_MAX);
            uint256 ofTreasury = allowed - usdc.allowance(treasury, address(disputes));
            // Of a withheld file nothing goes into a channel.
            if (!isWithheld) noteRefund(ofProvider, ofLane, ofTreasury, refunded);
            else if (ofTreasury > 0) breaks("the treasury paid for a withheld file");
            if (stateOf(id) >= IDisputeManager.State.Executed) {
                tokensOut[address(disputes)] += d.state > IDisputeManager.State.Ruled ? 2 * BOND : BOND;
                done["execute"]++;
            }
        } catch (bytes memory reason) {
            if (isPauseError(reason)) breaks("a pause stopped a refund");
            if (isDue) breaks("a verdict that was due could not be carried out");
        }
        IDisputeManager.State state = stateOf(id);
        if (state >= IDisputeManager.State.Executed && terminalSeen[id] == IDisputeManager.State.None) {
            terminalSeen[id] = state;
        }
    }

    function noteRefund(uint256 ofProvider, uint256 ofLane, uint256 ofTreasury, uint256 refunded) private {
        uint256 credited = ofProvider + ofLane + ofTreasury;
        tokensIn[address(channels)] += credited;
        if (refunded < credited) breaks("a refund gave back less than it took");
        if (refunded > credited) done["refund of pending"]++;
        if (ofProvider > 0) done["refund of provider's stake"]++;
        if (ofLane > 0) done["refund of lane's stake"]++;
        if (ofTreasury > 0) done["refund of treasury"]++;
    }

    function oneOf(uint256 seed) private view returns (uint256) {
        return seed % 4 == 0 || inCourt == 0 ? disputeIds[pick(seed, disputeIds.length)] : inCourt;
    }

    function isRipe(IDisputeManager.Dispute memory d) private view returns (bool) {
        if (d.state == IDisputeManager.State.AppealRuled) return true;
        if (d.state >= IDisputeManager.State.Executed) return false;
        return block.timestamp > d.deadline + (d.state == IDisputeManager.State.Filed ? STEP : 0);
    }

    function respondentOf(uint256 id) private view returns (address) {
        IDisputeManager.Dispute memory d = disputes.disputeOf(id);
        return registry.ownerOfSubject(d.providerId == 0 ? d.lane : d.providerId);
    }
}
