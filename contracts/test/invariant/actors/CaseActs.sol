// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../../src/interfaces/IDisputeManager.sol";
import {CourtActs} from "./CourtActs.sol";
import {LaneActs} from "./LaneActs.sol";
import {OutsiderActs} from "./OutsiderActs.sol";
import {PanelActs} from "./PanelActs.sol";
import {ProviderActs} from "./ProviderActs.sol";

/// @dev A sale that goes to court: after its provider was paid, so that a refund has to come out of stake, or before, so that
///      it comes out of the pending. By chance alone hardly a life gets there in time. Each step is one of the actors' own, which notes and checks what it does.
abstract contract CaseActs is LaneActs, ProviderActs, PanelActs, CourtActs, OutsiderActs {
    uint256 private constant VOTES_MAX = 3;
    /// @dev Of {laneAnchors}: of 600 samples.
    uint32 private constant FAULTS_MAX = 40;
    /// @dev Of {arbitersVote}: even, so that whoever votes says the same.
    uint128 private constant AGREED = 2;
    /// @dev Of {recordPanelVotes}: whoever votes says that the record stands.
    uint256 private constant DISMISSED = 2;
    /// @dev Of {laneSigns}: what was sold, and all of it earned.
    uint128 private constant HONEST = 4;

    function saleGoesToCourt(uint256 payer, uint256 provider, uint256 lane, uint128 price, uint8 kind) external {
        if (sales.length >= KEPT_MAX || disputeIds.length >= KEPT_MAX) return;
        (payer, provider, lane) = (pick(payer, PARTIES), pick(provider, PARTIES), pick(lane, PARTIES));
        (uint256 sale, uint256 filed) = (sales.length, disputeIds.length);
        // Providers first, then lanes: whoever reports, and whoever answers, has stake.
        this.providerStakes(provider, PENALTY);
        this.providerStakes(PARTIES + lane, PENALTY);
        this.laneAnchors(payer, provider, lane, price, 0);
        this.laneSigns(sale, HONEST, 0);
        if (kind % 4 != 3) payFor(sale, kind % 2 == 1);
        this.payerDisputes(sale, kind, sales[sale].receipt.price);
        this.providerAnswers(1);
        this.panelIsDrawn(1);
        // Whoever was silent is asked again.
        for (uint256 i = 0; i < VOTES_MAX && stateOf(disputeIds[filed]) == IDisputeManager.State.Drawn; ++i) {
            this.arbitersVote(1, i, AGREED + uint128(2 * i));
        }
        if (kind % 5 == 4 && stateOf(disputeIds[filed]) == IDisputeManager.State.Ruled) {
            this.providerAppeals(1);
            this.panelIsDrawn(1);
            this.arbitersVote(1, 0, AGREED);
        }
        pass(STEP + 1);
        this.anyoneExecutes(filed);
    }

    /// @dev All that a sale's provider and lane staked is gone when its ruling is carried out; its provider was paid before.
    function saleGoesToTheTreasury(uint256 payer, uint256 provider, uint256 lane, uint128 price) external {
        // Now and then: it takes long, and what else is open is over by then.
        if (price % 2 != 0 || sales.length >= KEPT_MAX || disputeIds.length >= KEPT_MAX) return;
        (payer, provider, lane) = (pick(payer, PARTIES), pick(provider, PARTIES), pick(lane, PARTIES));
        this.treasuryAllows(price);
        leaveVault(provider);
        leaveVault(PARTIES + lane);
        this.providerStakes(PARTIES + lane, PENALTY);
        (uint256 sale, uint256 filed) = (sales.length, disputeIds.length);
        this.laneAnchors(payer, provider, lane, price, 0);
        this.laneSigns(sale, HONEST, 0);
        payFor(sale, false);
        this.payerDisputes(sale, 0, sales[sale].receipt.price);
        // The lane convicts itself before anybody rules.
        for (uint64 seq = 0; seq < 8 && vault.stakeOf(lanes[lane]).tokens > 0; ++seq) {
            this.strangerConvictsALane(lane, seq);
        }
        this.providerAnswers(1);
        this.panelIsDrawn(1);
        for (uint256 i = 0; i < VOTES_MAX && stateOf(disputeIds[filed]) == IDisputeManager.State.Drawn; ++i) {
            this.arbitersVote(1, i, AGREED + uint128(2 * i));
        }
        pass(STEP + 1);
        this.anyoneExecutes(filed);
        this.providerStakes(provider, AMOUNT_MAX);
        this.providerStakes(PARTIES + lane, AMOUNT_MAX);
    }

    /// @dev A record, mostly the newest, is challenged and judged before its time is over; then the panel is asked once more.
    function recordGoesToAPanel(uint256 sale, uint256 first, uint256 dice) external {
        if (sales.length == 0) return;
        sale = dice % 8 == 0 ? pick(sale, sales.length) : sales.length - 1;
        try this.recordIsReported(sale, first % 2 == 0) {} catch {}
        this.recordIsChallenged(sale);
        this.recordPanelIsDrawn(1);
        this.recordPanelVotes(1, first, dice);
        this.recordPanelVotes(1, first + 1, dice >> 1);
    }

    /// @dev A record with more failures than an honest provider ever has is final, and counted.
    function providerBreaksAPromise(uint256 payer, uint256 provider, uint256 lane, uint128 price, uint256 wait)
        external
    {
        if (sales.length >= KEPT_MAX) return;
        (payer, provider, lane) = (pick(payer, PARTIES), pick(provider, PARTIES), pick(lane, PARTIES));
        uint256 sale = sales.length;
        this.providerStakes(PARTIES + lane, PENALTY);
        this.laneAnchors(payer, provider, lane, price, FAULTS_MAX);
        this.laneSigns(sale, HONEST, 0);
        this.recordIsReported(sale, true);
        pass(CHALLENGE);
        this.recordIsFinal(sale);
        this.samplesAreCounted(sale);
        this.penaltyIsCollected(sale, 1 + wait % 7);
    }

    /// @dev With all of its stake that nothing holds.
    function leaveVault(uint256 subject) private {
        this.providerThaws(subject, AMOUNT_MAX * 8);
        pass(THAW);
        this.providerUnstakes(subject);
    }

    /// @dev What the sale earned is released by its record, at times after a challenge that an auditor or a panel dismisses.
    function payFor(uint256 sale, bool isChallenged) private {
        this.recordIsReported(sale, true);
        if (isChallenged) {
            this.recordIsChallenged(sale);
            this.recordPanelIsDrawn(1);
            if (sale % 2 == 0) this.recordPanelVotes(1, sale, DISMISSED);
            else this.auditorRules(1, false);
        }
        pass(CHALLENGE);
        this.recordIsFinal(sale);
        Sale memory sold = sales[sale];
        this.providerIsPaid(sold.provider + PARTIES * sold.lane, sold.epoch);
    }
}
