// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../../src/interfaces/IDisputeManager.sol";
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

    function anyoneExecutes(uint256 dispute) external {
        if (disputeIds.length == 0) return;
        uint256 id = disputeIds[pick(dispute, disputeIds.length)];
        IDisputeManager.Dispute memory d = disputes.disputeOf(id);
        bool isDue = isRipe(d);
        try disputes.execute(id) {
            if (terminalSeen[id] != IDisputeManager.State.None) breaks("a closed dispute was executed again");
            bool isWithheld = d.kind == IDisputeManager.Kind.Withheld;
            uint256 slashed = noteSlash(d.providerId, SLASH_MAX) + noteSlash(d.lane, isWithheld ? PENALTY : SLASH_MAX);
            // Of a withheld file nothing goes into a channel. The treasury lets nobody draw on it here.
            if (!isWithheld) tokensIn[address(channels)] += slashed;
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
