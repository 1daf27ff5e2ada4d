// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {TrustMarket} from "../support/TrustMarket.sol";

/// @dev A ruling is taken to three others by either party, whose bond it costs when it changes nothing for the better.
contract AppealsTest is TrustMarket {
    uint256 private disputeId;
    address[3] private panel;

    function setUp() public override {
        super.setUp();
        disputeId = fileOvercharge(4e6);
        panel = answerAndDraw(disputeId);
        ruleAlike(disputeId, panel, 2e6);
    }

    function test_anAppealGoesToThreeOfTheRest() public {
        allow(owner, address(disputes), APPEAL_BOND);
        vm.expectEmit();
        emit IDisputeManager.DisputeAppealed(disputeId, owner, APPEAL_BOND);
        vm.prank(owner);
        disputes.appeal(disputeId);
        vm.assertEq(disputes.liabilities(), BOND + APPEAL_BOND);
        vm.assertEq(disputes.disputeOf(disputeId).deadline, block.timestamp + MINUTE);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DrawTooEarly.selector, uint64(block.number)));
        disputes.drawPanel(disputeId);
        address[3] memory others = draw(disputeId, true);
        assertState(disputeId, IDisputeManager.State.AppealDrawn);
        for (uint256 i = 0; i < 9; ++i) {
            vm.assertTrue(panel[i / 3] != others[i % 3], "nobody sits twice");
        }
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotOnPanel.selector, disputeId, panel[0]));
        vote(disputeId, panel[0], 0);
    }

    function test_anAppellantWhomTheAppealServesHasItsBondBack() public {
        ruledOnAppeal(owner, 0);
        vm.assertEq(disputes.execute(disputeId), 0);
        assertState(disputeId, IDisputeManager.State.Dismissed);
        vm.assertEq(usdc.balanceOf(owner), APPEAL_BOND);
        vm.assertEq(usdc.balanceOf(treasury), BOND);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 0);
    }

    function test_aProviderWhomTheAppealServesNotLosesItsBond() public {
        ruledOnAppeal(operator, 2e6);
        vm.assertEq(disputes.execute(disputeId), 2e6);
        vm.assertEq(usdc.balanceOf(operator), 0);
        vm.assertEq(usdc.balanceOf(treasury), APPEAL_BOND);
        vm.assertEq(usdc.balanceOf(payer), BOND);
    }

    function test_aPayerWhomTheAppealServesHasItsBondBack() public {
        ruledOnAppeal(payer, 3e6);
        vm.assertEq(disputes.execute(disputeId), 3e6);
        vm.assertEq(usdc.balanceOf(payer), BOND + APPEAL_BOND);
        vm.assertEq(usdc.balanceOf(treasury), 0);
        assertAllSolvent();
    }

    function test_aPayerWhomTheAppealServesNotLosesItsBond() public {
        ruledOnAppeal(payer, 1e6);
        vm.assertEq(disputes.execute(disputeId), 1e6);
        vm.assertEq(usdc.balanceOf(payer), BOND);
        vm.assertEq(usdc.balanceOf(treasury), APPEAL_BOND);
    }

    function test_anAppealThatNobodyRulesOnLeavesTheFirstRulingStanding() public {
        appealBy(owner, disputeId);
        draw(disputeId, true);
        uint64 deadline = disputes.disputeOf(disputeId).deadline;
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOpen.selector, deadline));
        disputes.execute(disputeId);
        skip(MINUTE + 1);
        vm.assertEq(disputes.execute(disputeId), 2e6);
        assertState(disputeId, IDisputeManager.State.Executed);
        vm.assertEq(usdc.balanceOf(owner), APPEAL_BOND);
        vm.assertEq(usdc.balanceOf(payer), BOND);
        vm.assertEq(disputes.liabilities(), 0);
    }

    /// @dev Where one of the second panel is silent, what both others would refund at least replaces the first ruling.
    function test_anAppealOnWhichTwoVoteUnlikeIsRuledByTheLowerOne() public {
        appealBy(payer, disputeId);
        address[3] memory others = draw(disputeId, true);
        vote(disputeId, others[0], 4e6);
        vote(disputeId, others[1], 3e6);
        uint64 deadline = disputes.disputeOf(disputeId).deadline;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOpen.selector, deadline));
        disputes.execute(disputeId);
        skip(1);
        vm.expectEmit();
        emit IDisputeManager.DisputeRuled(disputeId, true, 3e6);
        vm.assertEq(disputes.execute(disputeId), 3e6);
        vm.assertEq(usdc.balanceOf(payer), BOND + APPEAL_BOND, "it moved the refund the appellant's way");
    }

    function test_anAppealOnWhichThreeVoteUnlikeIsRuledByTheMiddleOne() public {
        appealBy(owner, disputeId);
        address[3] memory others = draw(disputeId, true);
        vote(disputeId, others[0], 4e6);
        vote(disputeId, others[1], 0);
        vote(disputeId, others[2], 1e6);
        assertState(disputeId, IDisputeManager.State.AppealRuled);
        vm.assertEq(disputes.execute(disputeId), 1e6);
    }

    function test_anAppealWithAnEvenSplitLeavesTheFirstRulingStanding() public {
        appealBy(owner, disputeId);
        address[3] memory others = draw(disputeId, true);
        vote(disputeId, others[0], 4e6);
        vote(disputeId, others[1], 0);
        skip(MINUTE + 1);
        vm.assertEq(disputes.execute(disputeId), 2e6);
        vm.assertEq(usdc.balanceOf(owner), APPEAL_BOND);
    }

    function test_anAppealForWhichNobodyDrewAPanelLeavesItStandingToo() public {
        appealBy(owner, disputeId);
        rollBlocks(300);
        vm.assertTrue(!disputes.drawPanel(disputeId), "armed anew");
        skip(MINUTE + 1);
        rollBlock();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOver.selector, uint64(block.timestamp) - 1));
        disputes.drawPanel(disputeId);
        vm.assertEq(disputes.execute(disputeId), 2e6);
        vm.assertEq(usdc.balanceOf(owner), APPEAL_BOND);
    }

    function test_onlyAPartyAppealsAndInTime() public {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotAParty.selector, disputeId, outsider));
        vm.prank(outsider);
        disputes.appeal(disputeId);
        uint64 deadline = disputes.disputeOf(disputeId).deadline;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOpen.selector, deadline));
        disputes.execute(disputeId);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineOver.selector, deadline));
        vm.prank(owner);
        disputes.appeal(disputeId);
        disputes.execute(disputeId);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeManager.WrongState.selector, disputeId, IDisputeManager.State.Executed)
        );
        vm.prank(owner);
        disputes.appeal(disputeId);
    }

    function test_anAppealIsMadeOnce() public {
        ruledOnAppeal(owner, 2e6);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeManager.WrongState.selector, disputeId, IDisputeManager.State.AppealRuled)
        );
        vm.prank(owner);
        disputes.appeal(disputeId);
    }

    /// @dev The longest dispute, with every step at its last second, ends before stake that began to thaw at filing is free.
    function test_theLongestDisputeEndsBeforeTheThaw() public {
        vm.prank(owner);
        vault.thaw(providerId, PROVIDER_STAKE);
        uint64 thawEndsAt = vault.stakeOf(providerId).thawEndsAt;
        vm.warp(disputes.disputeOf(disputeId).deadline);
        appealBy(payer, disputeId);
        address[3] memory others = draw(disputeId, true);
        vm.warp(disputes.disputeOf(disputeId).deadline);
        ruleAlike(disputeId, others, 4e6);
        disputes.execute(disputeId);
        vm.assertLe(block.timestamp + MINUTE, thawEndsAt, "a margin before the thaw ends");
    }

    function ruledOnAppeal(address party, uint128 refund) private {
        appealBy(party, disputeId);
        ruleAlike(disputeId, draw(disputeId, true), refund);
        assertState(disputeId, IDisputeManager.State.AppealRuled);
    }
}
