// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RecordPanels} from "../../src/RecordPanels.sol";
import {IRecordPanels} from "../../src/interfaces/IRecordPanels.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {TrustMarket} from "../support/TrustMarket.sol";

/// @dev Two of three drawn arbiters judge a challenged record; nobody alone does, and nobody its own case.
contract RecordPanelsTest is TrustMarket {
    bytes32 private constant ROOT = keccak256("counts");
    bytes32 private constant REASON = keccak256("reason");

    RecordPanels private panels;

    function setUp() public override {
        super.setUp();
        panels = new RecordPanels(disputes, ledger, registry);
        bytes memory grant = abi.encodeCall(ledger.grantRole, (ledger.AUDITOR_ROLE(), address(panels)));
        administer(address(ledger), grant);
        anchorSum(EPOCH, 10e6);
        report(recordOf(EPOCH, 6e6, ROOT));
    }

    function test_twoAlikeUpholdAndTheLedgerCarriesItOut() public {
        address[3] memory panel = challengedAndDrawn();
        vm.expectEmit();
        emit IRecordPanels.RecordVoteCast(nodeId, lane, EPOCH, panel[0], true, REASON);
        vote(panel[0], true);
        assertStatus(ISlaLedger.Status.Challenged);
        vote(panel[1], false);
        assertStatus(ISlaLedger.Status.Challenged);
        IRecordPanels.Case memory open = panels.caseOf(nodeId, lane, EPOCH);
        vm.assertEq(open.upholding, 1);
        vm.assertEq(open.dismissing, 1);
        vm.assertTrue(panels.hasVoted(nodeId, lane, EPOCH, panel[0]), "voted");
        vm.assertTrue(!panels.hasVoted(nodeId, lane, EPOCH, panel[2]), "not yet");

        vm.expectEmit();
        emit ISlaLedger.ChallengeResolved(nodeId, lane, EPOCH, true, REASON);
        vote(panel[2], true);
        assertStatus(ISlaLedger.Status.Invalid);
        vm.assertEq(usdc.balanceOf(outsider), CHALLENGE_BOND + FALSE_RECORD_PENALTY / 2);
        vm.assertEq(vault.stakeOf(lane).tokens, LANE_STAKE - FALSE_RECORD_PENALTY);
        assertAllSolvent();
    }

    function test_twoAlikeDismissAndTheRecordIsFinalAtItsTime() public {
        address[3] memory panel = challengedAndDrawn();
        vote(panel[2], false);
        vote(panel[0], false);
        assertStatus(ISlaLedger.Status.Reported);
        vm.assertEq(usdc.balanceOf(treasury), CHALLENGE_BOND);
        vm.assertEq(usdc.balanceOf(outsider), 0);
        expectVoteRefused(panel[1], true, notChallenged());
        skip(CHALLENGE);
        ledger.finalise(nodeId, lane, EPOCH);
        assertStatus(ISlaLedger.Status.Final);
    }

    function test_oneVoteJudgesNothingAndTheBondGoesBack() public {
        address[3] memory panel = challengedAndDrawn();
        vote(panel[0], true);
        uint64 rulingEndsAt = ledger.challengeOf(nodeId, lane, EPOCH).rulingEndsAt;
        vm.warp(rulingEndsAt + 1);
        expectVoteRefused(panel[1], true, abi.encodeWithSelector(IRecordPanels.RulingOver.selector, rulingEndsAt));
        ledger.finalise(nodeId, lane, EPOCH);
        assertStatus(ISlaLedger.Status.Final);
        vm.assertEq(usdc.balanceOf(outsider), CHALLENGE_BOND);
    }

    function test_onlyThePanelVotesAndEachOfItOnce() public {
        challengeAs(outsider, EPOCH);
        expectVoteRefused(roster[0], true, notOnPanel(roster[0]));
        address[3] memory panel = drawPanel();
        for (uint256 i = 0; i < roster.length; ++i) {
            if (isOn(panel, roster[i])) continue;
            expectVoteRefused(roster[i], true, notOnPanel(roster[i]));
        }
        vote(panel[0], true);
        expectVoteRefused(panel[0], true, abi.encodeWithSelector(IRecordPanels.RecordVoteStands.selector, panel[0]));
    }

    function test_whoLeftTheRosterOrBecameAPartyVotesNoMore() public {
        address[3] memory panel = challengedAndDrawn();
        administer(address(disputes), abi.encodeCall(disputes.addArbiter, (address(0xA4B7))));
        administer(address(disputes), abi.encodeCall(disputes.removeArbiter, (panel[0])));
        expectVoteRefused(panel[0], true, notOnPanel(panel[0]));
        bytes memory asked = abi.encodeCall(registry.ownerOfSubject, (providerId));
        vm.mockCall(address(registry), asked, abi.encode(panel[1]));
        expectVoteRefused(panel[1], true, notOnPanel(panel[1]));
        vm.clearMockedCalls();
        vote(panel[1], true);
        vote(panel[2], true);
        assertStatus(ISlaLedger.Status.Invalid);
    }

    function test_noPartySitsOnItsOwnPanel() public {
        challengeAs(roster[0], EPOCH);
        vm.mockCall(address(registry), abi.encodeCall(registry.ownerOfSubject, (lane)), abi.encode(roster[1]));
        vm.mockCall(address(registry), abi.encodeCall(registry.ownerOfSubject, (providerId)), abi.encode(roster[2]));
        address[3] memory panel = drawPanel();
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertTrue(!isOn(panel, roster[i]), "a party");
            vm.assertTrue(isOn(panel, roster[i + 3]), "one of the rest");
        }
    }

    function test_tooSmallARosterDrawsNobody() public {
        challengeAs(outsider, EPOCH);
        panels.draw(nodeId, lane, EPOCH);
        rollBlock();
        address[] memory two = new address[](2);
        (two[0], two[1]) = (roster[0], roster[1]);
        vm.mockCall(address(disputes), abi.encodeCall(disputes.arbiters, ()), abi.encode(two));
        vm.expectRevert(abi.encodeWithSelector(IRecordPanels.RosterTooSmall.selector, 2, 3));
        panels.draw(nodeId, lane, EPOCH);
    }

    function test_theDrawIsArmedFirstAndOnce() public {
        vm.expectRevert(notChallenged());
        panels.draw(nodeId, lane, EPOCH);
        vm.expectRevert(notChallenged());
        panels.caseOf(nodeId, lane, EPOCH);
        challengeAs(outsider, EPOCH);
        vm.expectEmit();
        emit IRecordPanels.RecordPanelArmed(nodeId, lane, EPOCH, uint64(_blockNumber));
        vm.assertTrue(!panels.draw(nodeId, lane, EPOCH), "armed");
        vm.expectRevert(abi.encodeWithSelector(IRecordPanels.DrawTooEarly.selector, uint64(_blockNumber)));
        panels.draw(nodeId, lane, EPOCH);
        // The hash of the block is gone: armed anew.
        rollBlocks(300);
        vm.assertTrue(!panels.draw(nodeId, lane, EPOCH), "armed anew");
        rollBlock();
        vm.assertTrue(panels.draw(nodeId, lane, EPOCH), "drawn");
        vm.expectRevert(abi.encodeWithSelector(IRecordPanels.RecordPanelStands.selector, nodeId, lane, EPOCH));
        panels.draw(nodeId, lane, EPOCH);
    }

    function test_afterItsTimeNoPanelIsDrawn() public {
        challengeAs(outsider, EPOCH);
        uint64 rulingEndsAt = ledger.challengeOf(nodeId, lane, EPOCH).rulingEndsAt;
        vm.warp(rulingEndsAt + 1);
        vm.expectRevert(abi.encodeWithSelector(IRecordPanels.RulingOver.selector, rulingEndsAt));
        panels.draw(nodeId, lane, EPOCH);
    }

    /// @dev Blocks of one second, on chains that have them: votes of one challenge never count in the next.
    function test_aChallengeOfTheSameSecondIsAnotherCase() public {
        address[3] memory panel = challengedAndDrawn();
        vote(panel[0], false);
        vote(panel[1], false);
        challengeAs(outsider, EPOCH);
        IRecordPanels.Case memory open = panels.caseOf(nodeId, lane, EPOCH);
        vm.assertEq(open.dismissing, 0);
        vm.assertEq(open.members[0], address(0));
        expectVoteRefused(panel[2], false, notOnPanel(panel[2]));
    }

    function challengedAndDrawn() private returns (address[3] memory) {
        challengeAs(outsider, EPOCH);
        return drawPanel();
    }

    function drawPanel() private returns (address[3] memory) {
        panels.draw(nodeId, lane, EPOCH);
        rollBlock();
        vm.assertTrue(panels.draw(nodeId, lane, EPOCH), "drawn");
        return panels.caseOf(nodeId, lane, EPOCH).members;
    }

    function vote(address arbiter, bool upheld) private {
        vm.prank(arbiter);
        panels.rule(nodeId, lane, EPOCH, upheld, REASON);
    }

    function expectVoteRefused(address arbiter, bool upheld, bytes memory reason) private {
        vm.prank(arbiter);
        vm.expectRevert(reason);
        panels.rule(nodeId, lane, EPOCH, upheld, REASON);
    }

    function administer(address target, bytes memory call) private {
        timelock.schedule(target, 0, call, 0, 0, 1);
        skip(1);
        timelock.execute(target, 0, call, 0, 0);
    }

    function isOn(address[3] memory panel, address account) private pure returns (bool) {
        return panel[0] == account || panel[1] == account || panel[2] == account;
    }

    function assertStatus(ISlaLedger.Status status) private view {
        vm.assertEq(uint256(ledger.standingOf(nodeId, lane, EPOCH).status), uint256(status), "status");
    }

    function notChallenged() private view returns (bytes memory) {
        return abi.encodeWithSelector(IRecordPanels.RecordNotChallenged.selector, nodeId, lane, EPOCH);
    }

    function notOnPanel(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRecordPanels.NotOnRecordPanel.selector, caller);
    }
}
