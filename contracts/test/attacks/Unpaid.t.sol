// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {DeliveryReceipt, PerformanceRecord, SlaCounts} from "../../src/libraries/ReceiptHashes.sol";
import {Courtroom} from "../support/Courtroom.sol";

/// @dev A lane and a payer in league: receipts, counts and epochs that they make up between them, to draw on the money of
///      providers who never saw them.
contract UnpaidAttack is Courtroom {
    function setUp() public {
        buildWorld();
        fund(0, 200e6);
        raiseCeiling(0, 200e6);
        stake(providerIds[0], 100e6);
        stake(lanes[0], 40e6);
        give(treasury, address(disputes), 100e6);
    }

    function test_aReceiptThatNobodyPaidDrawsOnTheLaneAlone() public {
        DeliveryReceipt memory receipt = delivery(0, 0, 0, 150e6);
        bytes32[] memory proof = anchorOne(0, 1, receipt);
        uint256 id = fileAs(IDisputeManager.Kind.NotDelivered, receipt, 1, proof, 150e6);
        vm.assertEq(vault.stakeOf(providerIds[0]).locked, 0, "nor does it hold anything meanwhile");
        drawUnanswered(id);
        ruleBoth(id, false, 150e6);
        pass(STEP + 1);
        vm.assertEq(disputes.execute(id), 40e6, "the lane signed it, and answers with what it has");
        vm.assertEq(vault.stakeOf(providerIds[0]).tokens, 100e6);
        vm.assertEq(usdc.balanceOf(treasury), 100e6);
        assertSolvent();
    }

    function test_onePaymentIsHeldOnceByAllDisputesAboutIt() public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 30e6);
        // Another payer's money in the same pending.
        fund(1, 90e6);
        raiseCeiling(1, 90e6);
        anchorRoot(0, 2, keccak256("more"), 1, 90e6);
        claimUpTo(1, 0, 0, 1, 90e6);
        fileAs(IDisputeManager.Kind.Overcharge, receipt, 1, proof, 30e6);
        fileAs(IDisputeManager.Kind.NotDelivered, receipt, 1, proof, 30e6);
        fileAs(IDisputeManager.Kind.WrongOutput, receipt, 1, proof, 30e6);
        vm.assertEq(channels.pendingOf(providerIds[0], lanes[0], 1).frozen, 30e6);
        vm.assertEq(vault.stakeOf(providerIds[0]).locked, 0);
    }

    function test_inventedCountsCostNothing() public {
        DeliveryReceipt memory receipt = delivery(0, 0, 0, 100e6);
        anchorOne(0, 1, receipt);
        SlaCounts memory counts = countsOf(0, 0, 0, 1, 600, 500, 100e6);
        PerformanceRecord memory record = recordOf(0, 0, 1, 100e6, countsLeaf(counts));
        ledger.report(record, "", signed(LANE_KEY, ledger.recordDigest(record)));
        pass(2 * CHALLENGE);
        ledger.finalise(nodeIds[0], lanes[0], 1);
        uint256 snapshot = vm.snapshotState();
        vm.assertEq(ledger.countSamples(counts, termsOf(0), new bytes32[](0)), 0);
        vm.assertEq(vault.stakeOf(providerIds[0]).tokens, 100e6);

        // The same counts about money that was paid cost what the terms say, within the day's cap.
        vm.revertToState(snapshot);
        claimUpTo(0, 0, 0, 1, 100e6);
        vm.assertEq(ledger.countSamples(counts, termsOf(0), new bytes32[](0)), 5e6);
    }

    function test_moneyClaimedIntoAnOldEpochIsNotPayableAtOnce() public {
        anchorRoot(0, 1, keccak256("prime"), 1, 1);
        claimUpTo(0, 0, 0, 1, 1);
        pass(GRACE + 1);
        anchorRoot(0, 2, keccak256("made up"), 1, 150e6);
        vm.assertEq(claimUpTo(0, 0, 0, 1, 150e6), 150e6 - 1);
        vm.assertEq(channels.settle(providerIds[0], lanes[0], epochList(1)), 1, "only what was there before");
        pass(GRACE - 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingPayable.selector, providerIds[0]));
        channels.settle(providerIds[0], lanes[0], epochList(1));
        // In that time it can be disputed and frozen like any other claim, and the lane removed.
        pass(1);
        vm.assertEq(channels.settle(providerIds[0], lanes[0], epochList(1)), 150e6 - 1);
        assertSolvent();
    }

    function test_anotherNameOfANodeHasNoRecord() public {
        sell(1, 30e6);
        PerformanceRecord memory record = recordOf(0, 0, 1, 30e6, 0);
        record.nodeId = bytes32(uint256(record.nodeId) | (1 << 200));
        bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(record));
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.NodeUnknown.selector, record.nodeId));
        ledger.report(record, "", byLane);
    }

    function test_anArbiterCannotBeAPartyToWhatItsRosterJudges() public {
        sell(1, 30e6);
        give(arbiterOf(0), address(disputes), BOND);
        vm.prank(arbiterOf(0));
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotAParty.selector, 0, arbiterOf(0)));
        disputes.fileWithheld(lanes[0], 1, "evidence");
    }
}
