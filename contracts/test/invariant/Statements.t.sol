// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ForgeTest} from "../support/ForgeTest.sol";
import {Actors} from "./actors/Actors.sol";

/// @dev The five statements of the design ("always true"), after every step of random lives of the whole marketplace, and
///      time and again in a long one that is shown to reach every kind of step.
contract StatementsTest is ForgeTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    uint256 private constant LIVES_MAX = 8;
    uint256 private constant STEPS_BETWEEN_CHECKS = 50;
    /// @dev Two lives from this one on reach every step.
    uint256 private constant FIRST_LIFE = 5;

    Actors private actors;

    function setUp() public {
        actors = new Actors();
    }

    /// @dev forge plays the functions of these contracts.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[61] memory acts = [
            actors.payerDeposits.selector,
            actors.payerRaisesCeiling.selector,
            actors.payerAsksBack.selector,
            actors.payerWithdraws.selector,
            actors.payerDepositsByPermit.selector,
            actors.payerDepositsByAuthorization.selector,
            actors.payerGrantsSession.selector,
            actors.sessionRaisesCeiling.selector,
            actors.payerRevokesSession.selector,
            actors.thiefForgesSession.selector,
            actors.laneAnchors.selector,
            actors.laneAnchors.selector,
            actors.laneSigns.selector,
            actors.laneSigns.selector,
            actors.laneRedeems.selector,
            actors.laneAnnounces.selector,
            actors.announcedIsClaimed.selector,
            actors.providerStakes.selector,
            actors.orderStakes.selector,
            actors.providerThaws.selector,
            actors.providerUnstakes.selector,
            actors.recordIsReported.selector,
            actors.recordIsContradicted.selector,
            actors.recordIsChallenged.selector,
            actors.recordIsChallenged.selector,
            actors.auditorRules.selector,
            actors.recordPanelIsDrawn.selector,
            actors.recordPanelIsDrawn.selector,
            actors.recordPanelVotes.selector,
            actors.recordPanelVotes.selector,
            actors.recordPanelVotes.selector,
            actors.recordIsFinal.selector,
            actors.samplesAreCounted.selector,
            actors.samplesAreCounted.selector,
            actors.penaltyIsCollected.selector,
            actors.strangerEndsAFreeze.selector,
            actors.providerIsPaid.selector,
            actors.payerDisputes.selector,
            actors.payerDisputesALease.selector,
            actors.strangerSaysWithheld.selector,
            actors.providerAnswers.selector,
            actors.panelIsDrawn.selector,
            actors.arbitersVote.selector,
            actors.providerAppeals.selector,
            actors.anyoneExecutes.selector,
            actors.treasuryAllows.selector,
            actors.saleGoesToCourt.selector,
            actors.saleGoesToTheTreasury.selector,
            actors.providerBreaksAPromise.selector,
            actors.recordGoesToAPanel.selector,
            actors.strangerTransfers.selector,
            actors.strangerGivesDust.selector,
            actors.strangerReturnsSetAside.selector,
            actors.strangerClaimsDust.selector,
            actors.strangerConvictsANode.selector,
            actors.strangerConvictsALane.selector,
            actors.thiefForges.selector,
            actors.thiefTakes.selector,
            actors.guardianPauses.selector,
            actors.guardianRemovesALane.selector,
            actors.timePasses.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0].addr = address(actors);
        targets[0].selectors = new bytes4[](acts.length);
        for (uint256 i = 0; i < acts.length; ++i) {
            targets[0].selectors[i] = acts[i];
        }
    }

    /// @dev A life in which nothing happens proves nothing: the actors reach every kind of step.
    function test_theActorsReachEveryStep() public {
        string[59] memory steps = [
            "deposit",
            "ceiling",
            "ask back",
            "withdraw",
            "permit",
            "authorization",
            "grant",
            "session",
            "session refused",
            "revoke",
            "forge session",
            "anchor",
            "claim",
            "claim compact",
            "give back",
            "announce",
            "claim announced",
            "provision",
            "order",
            "order again",
            "thaw",
            "unstake",
            "report",
            "contradict",
            "challenge",
            "audit",
            "record panel drawn",
            "record upheld by panel",
            "record dismissed by panel",
            "party's vote refused",
            "second vote refused",
            "final",
            "penalty",
            "penalty collected",
            "freeze ended",
            "settle",
            "file",
            "file lease",
            "withheld",
            "answer",
            "draw",
            "rule",
            "appeal",
            "execute",
            "refund of pending",
            "refund of provider's stake",
            "refund of lane's stake",
            "treasury allows",
            "refund of treasury",
            "transfer",
            "dust",
            "dust claimed late",
            "node convicted",
            "lane convicted",
            "forge",
            "steal",
            "pause",
            "remove lane",
            "time"
        ];
        string memory missing;
        bool[] memory reached = new bool[](steps.length);
        // A life can miss its chance: its sales are few, and their windows pass.
        for (uint256 life = 0; life < LIVES_MAX && (life == 0 || bytes(missing).length > 0); ++life) {
            if (life > 0) actors = new Actors();
            this.live(FIRST_LIFE + life);
            missing = "";
            for (uint256 i = 0; i < steps.length; ++i) {
                reached[i] = reached[i] || actors.done(steps[i]) > 0;
                if (!reached[i]) missing = string.concat(missing, steps[i], "; ");
            }
        }
        vm.assertTrue(bytes(missing).length == 0, missing);
    }

    /// @dev A call of its own, so that its memory is given back.
    function live(uint256 life) external {
        FuzzSelector[] memory targets = targetSelectors();
        uint256 count = targets[0].selectors.length;
        for (uint256 i = 0; i < 2000; ++i) {
            bytes4 act = targets[0].selectors[uint256(keccak256(abi.encode("act", life, i))) % count];
            uint256 seed = uint256(keccak256(abi.encode("seed", life, i)));
            // Small words, so that each fits whatever type an actor takes; what does not fit is refused, like any step.
            (uint256 a, uint256 b, uint256 c) = (seed % 256, (seed >> 8) % (i % 2 == 0 ? 2 : 256), (seed >> 16) % 256);
            (bool isDone,) =
                address(actors).call(abi.encodeWithSelector(act, a, b, c, 1 + (seed >> 32) % 1e8, seed % 41));
            isDone;
            if (i % STEPS_BETWEEN_CHECKS == STEPS_BETWEEN_CHECKS - 1) checkAll();
        }
    }

    function checkAll() private {
        actors.checkSolvency();
        actors.checkClaims();
        actors.checkDisputes();
        actors.checkStake();
        actors.checkPromises();
    }

    function invariant_1_balancesCoverLiabilities() public view {
        actors.checkSolvency();
    }

    function invariant_2_claimsStayWithinWhatWasDepositedSignedAndAnchored() public {
        actors.checkClaims();
    }

    function invariant_3_refundsStayWithinPricesAndVerdictsAreFinal() public view {
        actors.checkDisputes();
    }

    function invariant_4_slashesAreCappedAndNothingLeavesBeforeItsTime() public view {
        actors.checkStake();
        actors.checkPromises();
    }

    function invariant_5_noPauseNoStrangerAndNoThiefChangesWhatIsOwed() public view {
        actors.checkPromises();
    }
}
