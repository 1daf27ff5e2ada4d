// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DisputeManager} from "../../src/DisputeManager.sol";
import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {TrustMarket} from "../support/TrustMarket.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// @dev Answer, draw, vote: three of the roster whom nobody chooses, of whom two agree or the middle one decides.
contract RulingsTest is TrustMarket {
    uint256 private disputeId;

    function setUp() public override {
        super.setUp();
        disputeId = fileOvercharge(4e6);
    }

    function test_theProviderOrTheLanesOperatorAnswersInTime() public {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotAParty.selector, disputeId, payer));
        vm.prank(payer);
        disputes.respond(disputeId, "answer");
        uint256 second = fileAbout(IDisputeManager.Kind.NotDelivered, delivery(1), 1e6);
        vm.prank(operator);
        disputes.respond(second, "answer");
        assertState(second, IDisputeManager.State.Answered);
        vm.expectEmit();
        emit IDisputeManager.DisputeAnswered(disputeId, owner, "answer");
        vm.prank(owner);
        disputes.respond(disputeId, "answer");
        vm.assertEq(disputes.disputeOf(disputeId).deadline, block.timestamp + MINUTE);
    }

    function test_theOtherPartysAnswerStillReachesThePanel() public {
        address[3] memory panel = answerAndDraw(disputeId);
        uint64 deadline = disputes.disputeOf(disputeId).deadline;
        skip(10);
        vm.expectEmit();
        emit IDisputeManager.DisputeAnswered(disputeId, operator, "answer");
        vm.prank(operator);
        disputes.respond(disputeId, "answer");
        vm.assertEq(disputes.disputeOf(disputeId).deadline, deadline);
        ruleAlike(disputeId, panel, 1e6);
        vm.expectRevert(wrongState(IDisputeManager.State.Ruled));
        vm.prank(operator);
        disputes.respond(disputeId, "answer");
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongState.selector, 99, IDisputeManager.State.None));
        disputes.respond(99, "answer");
    }

    function test_anAnswerComesTooLate() public {
        uint64 deadline = disputes.disputeOf(disputeId).deadline;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOver.selector, deadline));
        vm.prank(owner);
        disputes.respond(disputeId, "answer");
        vm.warp(deadline);
        vm.prank(owner);
        disputes.respond(disputeId, "answer");
    }

    function test_silenceIsAnsweredByAPanelAllTheSame() public {
        uint64 deadline = disputes.disputeOf(disputeId).deadline;
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOpen.selector, deadline));
        disputes.drawPanel(disputeId);
        skip(MINUTE + 1);
        vm.assertTrue(!disputes.drawPanel(disputeId), "armed");
        assertState(disputeId, IDisputeManager.State.Answered);
        vm.assertEq(disputes.disputeOf(disputeId).deadline, deadline + MINUTE);
        draw(disputeId, false);
        assertState(disputeId, IDisputeManager.State.Drawn);
    }

    function test_aPanelIsDrawnFromALaterBlockThanTheAnswer() public {
        vm.prank(owner);
        disputes.respond(disputeId, "answer");
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DrawTooEarly.selector, uint64(block.number)));
        disputes.drawPanel(disputeId);
        draw(disputeId, false);
        vm.expectRevert(wrongState(IDisputeManager.State.Drawn));
        disputes.drawPanel(disputeId);
    }

    /// @dev Who draws and when changes nothing: the block of the answer decides.
    function test_nobodyCanTryForABetterPanel() public {
        vm.prank(owner);
        disputes.respond(disputeId, "answer");
        address[3] memory first = draw(disputeId, false);
        uint256 second = fileAbout(IDisputeManager.Kind.NotDelivered, delivery(1), 1e6);
        vm.prank(owner);
        disputes.respond(second, "answer");
        rollBlocks(200);
        vm.prank(outsider);
        disputes.drawPanel(second);
        address[3] memory later = disputes.panelOf(second, false);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertTrue(isOnRoster(first[i]) && isOnRoster(later[i]), "of the roster");
            vm.assertTrue(first[i] != first[(i + 1) % 3] && later[i] != later[(i + 1) % 3], "three of them");
        }
    }

    function test_aDrawThatWaitedTooLongIsArmedAnew() public {
        vm.prank(owner);
        disputes.respond(disputeId, "answer");
        rollBlocks(300);
        vm.expectEmit();
        emit IDisputeManager.DrawArmed(disputeId, false, uint64(block.number));
        vm.assertTrue(!disputes.drawPanel(disputeId), "armed anew");
        draw(disputeId, false);
    }

    function test_noPanelIsDrawnWhenItsTimeIsOver() public {
        vm.prank(owner);
        disputes.respond(disputeId, "answer");
        skip(MINUTE + 1);
        rollBlock();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOver.selector, uint64(block.timestamp) - 1));
        disputes.drawPanel(disputeId);
    }

    function test_nobodyJudgesItsOwnCase() public {
        asAdmin();
        disputes.addArbiter(payer);
        asAdmin();
        disputes.addArbiter(owner);
        asAdmin();
        disputes.addArbiter(operator);
        for (uint256 i = 0; i < 3; ++i) {
            asAdmin();
            disputes.removeArbiter(roster[i]);
        }
        // Three parties and three others: the others it is.
        address[3] memory panel = answerAndDraw(disputeId);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertTrue(panel[i] == roster[3] || panel[i] == roster[4] || panel[i] == roster[5], "no party");
        }
        // And nobody is left to appeal to: the first ruling stands.
        ruleAlike(disputeId, panel, 1e6);
        appealBy(owner, disputeId);
        rollBlock();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.RosterTooSmall.selector, 0, 3));
        disputes.drawPanel(disputeId);
    }

    function test_twoVotesAlikeDecide() public {
        address[3] memory panel = answerAndDraw(disputeId);
        vm.expectEmit();
        emit IDisputeManager.VoteCast(disputeId, panel[0], 3e6, keccak256("reason"));
        vote(disputeId, panel[0], 3e6);
        assertState(disputeId, IDisputeManager.State.Drawn);
        skip(10);
        vm.expectEmit();
        emit IDisputeManager.DisputeRuled(disputeId, false, 3e6);
        vote(disputeId, panel[1], 3e6);
        assertState(disputeId, IDisputeManager.State.Ruled);
        vm.assertEq(disputes.disputeOf(disputeId).refund, 3e6);
        vm.assertEq(disputes.disputeOf(disputeId).deadline, block.timestamp + MINUTE);
        // The third could change nothing, and comes too late.
        vm.expectRevert(wrongState(IDisputeManager.State.Ruled));
        vote(disputeId, panel[2], 0);
    }

    function test_twoVotesAlikeDecideThoughTheThirdCameBetween() public {
        address[3] memory panel = answerAndDraw(disputeId);
        vote(disputeId, panel[0], 3e6);
        vote(disputeId, panel[1], 2e6);
        assertState(disputeId, IDisputeManager.State.Drawn);
        vote(disputeId, panel[2], 3e6);
        assertRuled(3e6);
    }

    /// @dev In every order, and at the ends of what can be voted.
    function test_threeVotesOfThreeKindsRuleTheMiddleOne() public {
        address[3] memory panel = answerAndDraw(disputeId);
        uint128[3][3] memory kinds = [[uint128(0), 1, 4e6], [uint128(1e6), 2e6, 3e6], [uint128(0), 4e6 - 1, 4e6]];
        uint8[3][6] memory orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        for (uint256 i = 0; i < 18; ++i) {
            uint256 snapshot = vm.snapshotState();
            (uint128[3] memory kind, uint8[3] memory order) = (kinds[i / 6], orders[i % 6]);
            for (uint256 member = 0; member < 3; ++member) {
                assertState(disputeId, IDisputeManager.State.Drawn);
                vote(disputeId, panel[member], kind[order[member]]);
            }
            assertRuled(kind[1]);
            skip(MINUTE + 1);
            vm.assertEq(disputes.execute(disputeId), kind[1]);
            vm.revertToState(snapshot);
        }
    }

    function test_twoForNothingDismissWhateverTheThirdWants() public {
        address[3] memory panel = answerAndDraw(disputeId);
        vote(disputeId, panel[0], 4e6);
        vote(disputeId, panel[1], 0);
        assertState(disputeId, IDisputeManager.State.Drawn);
        vote(disputeId, panel[2], 0);
        assertRuled(0);
        skip(MINUTE + 1);
        disputes.execute(disputeId);
        assertState(disputeId, IDisputeManager.State.Dismissed);
    }

    /// @dev Where one is silent, what both others would refund at least is ruled when the time is over.
    function test_twoUnlikeVotesRuleTheLowerOneWhenTheThirdIsSilent() public {
        address[3] memory panel = answerAndDraw(disputeId);
        vote(disputeId, panel[2], 3e6);
        vote(disputeId, panel[0], 1e6);
        uint64 deadline = disputes.disputeOf(disputeId).deadline;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOpen.selector, deadline));
        disputes.execute(disputeId);
        vm.expectRevert(wrongState(IDisputeManager.State.Drawn));
        vm.prank(owner);
        disputes.appeal(disputeId);

        // A second later a vote is too late, and the time to appeal has begun: with the deadline, whoever asks when.
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOver.selector, deadline));
        vote(disputeId, panel[1], 3e6);
        skip(9);
        vm.expectEmit();
        emit IDisputeManager.DisputeRuled(disputeId, false, 1e6);
        vm.assertEq(disputes.execute(disputeId), 0);
        assertRuled(1e6);
        vm.assertEq(disputes.disputeOf(disputeId).deadline, deadline + MINUTE);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 4e6, "held until it is carried out");
        vm.warp(deadline + MINUTE);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOpen.selector, deadline + MINUTE));
        disputes.execute(disputeId);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOver.selector, deadline + MINUTE));
        vm.prank(owner);
        disputes.appeal(disputeId);
        vm.assertEq(disputes.execute(disputeId), 1e6);
        assertState(disputeId, IDisputeManager.State.Executed);
    }

    /// @dev Whoever comes after the time to appeal as well: one call rules and carries out.
    function test_aRulingThatNobodyAskedForInTimeIsCarriedOutAtOnce() public {
        address[3] memory panel = answerAndDraw(disputeId);
        vote(disputeId, panel[0], 3e6);
        vote(disputeId, panel[1], 1e6);
        skip(2 * MINUTE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeManager.DeadlineOver.selector, disputes.disputeOf(disputeId).deadline + MINUTE
            )
        );
        vm.prank(owner);
        disputes.appeal(disputeId);
        vm.expectEmit();
        emit IDisputeManager.DisputeRuled(disputeId, false, 1e6);
        vm.assertEq(disputes.execute(disputeId), 1e6);
        assertState(disputeId, IDisputeManager.State.Executed);
    }

    function test_aRulingThatTimeClosedIsAppealedLikeAnyOther() public {
        address[3] memory panel = answerAndDraw(disputeId);
        vote(disputeId, panel[0], 3e6);
        vote(disputeId, panel[1], 1e6);
        uint64 deadline = disputes.disputeOf(disputeId).deadline;
        vm.warp(deadline + MINUTE);
        appealBy(payer, disputeId);
        vm.assertEq(disputes.disputeOf(disputeId).refund, 1e6);
        ruleAlike(disputeId, draw(disputeId, true), 4e6);
        vm.assertEq(disputes.execute(disputeId), 4e6);
    }

    /// @dev One for something, one for nothing, one silent: nothing that two agree on.
    function test_anEvenSplitBetweenSomethingAndNothingLapses() public {
        for (uint256 first = 0; first < 2; ++first) {
            uint256 snapshot = vm.snapshotState();
            address[3] memory panel = answerAndDraw(disputeId);
            vote(disputeId, panel[first], 4e6);
            vote(disputeId, panel[1 - first], 0);
            skip(MINUTE + 1);
            vm.assertEq(disputes.execute(disputeId), 0);
            assertState(disputeId, IDisputeManager.State.Lapsed);
            vm.assertEq(usdc.balanceOf(payer), BOND, "the bond goes back");
            vm.revertToState(snapshot);
        }
    }

    /// @dev Whoever leaves the roster after its vote has voted; the two others go on.
    function test_aVoteThatWasCastCountsThoughItsArbiterLeft() public {
        asAdmin();
        disputes.addArbiter(outsider);
        address[3] memory panel = answerAndDraw(disputeId);
        vote(disputeId, panel[0], 2e6);
        asAdmin();
        disputes.removeArbiter(panel[0]);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotOnPanel.selector, disputeId, panel[0]));
        vote(disputeId, panel[0], 3e6);
        vote(disputeId, panel[1], 0);
        vote(disputeId, panel[2], 4e6);
        assertRuled(2e6);
    }

    function test_aZeroOfWhoDidNotVoteIsNoVote() public {
        address[3] memory panel = answerAndDraw(disputeId);
        vote(disputeId, panel[0], 0);
        assertState(disputeId, IDisputeManager.State.Drawn);
    }

    function test_onlyThePanelVotesOnceEachAndInTime() public {
        vm.expectRevert(wrongState(IDisputeManager.State.Filed));
        disputes.rule(disputeId, 0, "");
        address[3] memory panel = answerAndDraw(disputeId);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotOnPanel.selector, disputeId, outsider));
        vm.prank(outsider);
        disputes.rule(disputeId, 0, "");
        vote(disputeId, panel[0], 1e6);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.AlreadyVoted.selector, disputeId, panel[0]));
        vote(disputeId, panel[0], 2e6);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.AmountTooLarge.selector, 4e6 + 1, 4e6));
        vote(disputeId, panel[1], 4e6 + 1);
        skip(MINUTE + 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOver.selector, uint64(block.timestamp) - 1));
        vote(disputeId, panel[1], 1e6);
    }

    function test_whoeverLeftTheRosterNoLongerJudges() public {
        asAdmin();
        disputes.addArbiter(outsider);
        address[3] memory panel = answerAndDraw(disputeId);
        asAdmin();
        disputes.removeArbiter(panel[0]);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotOnPanel.selector, disputeId, panel[0]));
        vote(disputeId, panel[0], 1e6);
    }

    /// @dev The draw leaves parties out; a party may also be made of a member of the panel.
    function test_whoeverBecomesAPartyNoLongerJudges() public {
        address[3] memory panel = answerAndDraw(disputeId);
        vm.prank(owner);
        registry.offerOwnership(providerId, panel[1]);
        vm.prank(panel[1]);
        registry.acceptOwnership(providerId);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotOnPanel.selector, disputeId, panel[1]));
        vote(disputeId, panel[1], 0);
        vote(disputeId, panel[0], 3e6);
        vote(disputeId, panel[2], 3e6);
        assertRuled(3e6);
    }

    function test_aFileIsWithheldOrItIsNot() public {
        allow(address(this), address(disputes), BOND);
        uint256 withheld = disputes.fileWithheld(lane, EPOCH, "");
        vm.prank(operator);
        disputes.respond(withheld, "answer");
        address[3] memory panel = draw(withheld, false);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotAllOrNothing.selector, 1, WITHHOLDING_PENALTY));
        vote(withheld, panel[0], 1);
        vote(withheld, panel[0], WITHHOLDING_PENALTY);
        vote(withheld, panel[1], 0);
        assertState(withheld, IDisputeManager.State.Drawn);
        vote(withheld, panel[2], WITHHOLDING_PENALTY);
        assertState(withheld, IDisputeManager.State.Ruled);
    }

    function test_lapsedDisputesReturnTheirBondAndLetGo() public {
        uint256 snapshot = usdc.balanceOf(payer);
        for (uint256 step = 0; step < 3; ++step) {
            // Nobody answered, nobody drew, or one alone voted.
            uint256 lapsing = step == 0 ? disputeId : fileAbout(IDisputeManager.Kind.Overcharge, delivery(1), 4e6);
            if (step == 1) {
                vm.prank(owner);
                disputes.respond(lapsing, "answer");
            }
            if (step == 2) vote(lapsing, answerAndDraw(lapsing)[0], 1e6);
            uint64 openUntil = disputes.disputeOf(lapsing).deadline + (step == 0 ? MINUTE : 0);
            vm.warp(openUntil);
            vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOpen.selector, openUntil));
            disputes.execute(lapsing);
            skip(1);
            vm.assertEq(disputes.execute(lapsing), 0);
            assertState(lapsing, IDisputeManager.State.Lapsed);
            vm.assertEq(usdc.balanceOf(payer), snapshot + (step + 1) * BOND);
            vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 0);
            vm.warp(openUntil - 2 * MINUTE); // Back into the filing window.
        }
        vm.assertEq(disputes.liabilities(), 0);
    }

    function test_aDisputeThatNobodyDrewAPanelForLapses() public {
        skip(2 * MINUTE + 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongState.selector, 99, IDisputeManager.State.None));
        disputes.drawPanel(99);
        disputes.execute(disputeId);
        assertState(disputeId, IDisputeManager.State.Lapsed);
        vm.expectRevert(wrongState(IDisputeManager.State.Lapsed));
        disputes.execute(disputeId);
    }

    function test_theRosterHasSixOrMoreAndNobodyTwice() public {
        vm.assertEq(disputes.arbiters().length, 6);
        asAdmin();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.ArbiterExists.selector, roster[0]));
        disputes.addArbiter(roster[0]);
        asAdmin();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.RosterTooSmall.selector, 5, 6));
        disputes.removeArbiter(roster[0]);
        asAdmin();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownArbiter.selector, outsider));
        disputes.removeArbiter(outsider);
        asAdmin();
        vm.expectRevert(IPayouts.ZeroAddress.selector);
        disputes.addArbiter(address(0));
        asAdmin();
        disputes.addArbiter(outsider);
        asAdmin();
        disputes.removeArbiter(roster[0]);
        vm.assertEq(disputes.arbiters().length, 6);
        roster.pop();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.RosterTooSmall.selector, 5, 6));
        new DisputeManager(address(this), disputeParameters(), roster);
    }

    function test_theRosterIsBounded() public {
        for (uint160 i = 0; i < 94; ++i) {
            asAdmin();
            disputes.addArbiter(address(0xBB00 + i));
        }
        asAdmin();
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ParameterTooLarge.selector, 101, 100));
        disputes.addArbiter(outsider);
        answerAndDraw(disputeId);
    }

    function test_onlyTheAdministratorChangesTheRoster() public {
        vm.expectRevert(missingAdmin());
        disputes.addArbiter(outsider);
        vm.expectRevert(missingAdmin());
        disputes.removeArbiter(roster[0]);
    }

    function test_theDeadlinesAreTheVaults() public view {
        vm.assertEq(disputes.fileSeconds(), 2 * MINUTE);
        vm.assertEq(disputes.respondSeconds(), MINUTE);
        vm.assertEq(disputes.ruleSeconds(), MINUTE);
        vm.assertEq(disputes.appealSeconds(), MINUTE);
        vm.assertEq(disputes.appealRuleSeconds(), MINUTE);
    }

    function assertRuled(uint128 refund) private view {
        assertState(disputeId, IDisputeManager.State.Ruled);
        vm.assertEq(disputes.disputeOf(disputeId).refund, refund, "the ruling");
    }

    function asAdmin() private {
        vm.prank(address(timelock));
    }

    function isOnRoster(address account) private view returns (bool found) {
        for (uint256 i = 0; i < roster.length; ++i) {
            if (roster[i] == account) found = true;
        }
    }

    function missingAdmin() private view returns (bytes memory) {
        return
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), bytes32(0));
    }

    function wrongState(IDisputeManager.State state) private view returns (bytes memory) {
        return abi.encodeWithSelector(IDisputeManager.WrongState.selector, disputeId, state);
    }
}
