// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {
    DeliveryReceipt,
    EpochAnchor,
    LeaseReceipt,
    PerformanceRecord,
    ReceiptHashes,
    SlaCounts,
    WorkReceipt
} from "../../src/libraries/ReceiptHashes.sol";
import {TrustDeployment} from "./TrustDeployment.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @dev The steps that tests take in a marketplace with stake, records, disputes and contradictions.
abstract contract TrustMarket is TrustDeployment {
    // ------------------------------------------------------------------------------------------------------- steps

    function rollBlocks(uint256 blocks) internal {
        _blockNumber += blocks;
        vm.roll(_blockNumber);
    }

    function skip(uint256 elapsedSeconds) internal {
        vm.warp(block.timestamp + elapsedSeconds);
    }

    /// @dev The stake, all of it, is slashed away by a contract that may.
    function burnStake(bytes32 subject) internal {
        vm.prank(address(disputes));
        vault.slash(subject, type(uint128).max, address(0xDEAD));
    }

    // ---------------------------------------------------------------------------------------------------- receipts

    function work(bytes32 requestId, bytes32 outputHash) internal view returns (WorkReceipt memory receipt) {
        receipt.channelId = channelId;
        receipt.requestId = requestId;
        receipt.nodeId = nodeId;
        receipt.seq = 1;
        receipt.termsHash = termsHash;
        receipt.outputHash = outputHash;
    }

    /// @dev 2,000,000 tokens in, 1,000,000 out: 5 USD by the terms.
    function delivery(uint64 seq) internal view returns (DeliveryReceipt memory receipt) {
        receipt.workHash = keccak256("work");
        receipt.channelId = channelId;
        receipt.requestId = keccak256(abi.encode("request", seq));
        receipt.nodeId = nodeId;
        receipt.lane = lane;
        receipt.seq = seq;
        receipt.termsHash = termsHash;
        receipt.billedIn = 2_000_000;
        receipt.billedOut = 1_000_000;
        receipt.price = 5e6;
    }

    /// @dev Two GPU hours: 5 USD by the terms.
    function lease(uint64 seq) internal view returns (LeaseReceipt memory receipt) {
        receipt.channelId = channelId;
        receipt.leaseId = keccak256(abi.encode("lease", seq));
        receipt.nodeId = nodeId;
        receipt.lane = lane;
        receipt.seq = seq;
        receipt.termsHash = termsHash;
        receipt.gpuMs = 7_200_000;
        receipt.price = 5e6;
    }

    function signReceipt(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return signed(key, MessageHashUtils.toTypedDataHash(channels.domainSeparator(), structHash));
    }

    /// @dev Anchors an epoch of one leaf, whose proof is therefore empty.
    function anchorLeaf(uint64 epoch, bytes32 leaf, uint128 sum) internal {
        EpochAnchor memory value = nextAnchor(epoch, leaf, sum);
        anchors.anchor(value, signAnchor(value));
    }

    function anchorDelivery(uint64 epoch, DeliveryReceipt memory receipt) internal {
        anchorLeaf(epoch, ReceiptHashes.leaf(ReceiptHashes.TAG_DELIVERY, ReceiptHashes.hash(receipt)), receipt.price);
    }

    /// @dev For tests about what follows from a payment: as if each payer had paid whatever is asked. What was truly paid is
    ///      told apart in test/attacks/Unpaid.t.sol.
    function assumePaid() internal {
        bytes memory asked = abi.encodeWithSelector(channels.claimedOf.selector);
        vm.mockCall(address(channels), asked, abi.encode(type(uint128).max));
    }

    /// @dev Draws on the channel, so that `cumulative` in all was claimed for the provider by this lane.
    function claimFor(uint64 epoch, uint128 cumulative) internal {
        claimUpTo(epoch, cumulative);
    }

    // ---------------------------------------------------------------------------------------------------- disputes

    function noProof() internal pure returns (bytes32[] memory) {
        return new bytes32[](0);
    }

    function fileAbout(IDisputeManager.Kind kind, DeliveryReceipt memory receipt, uint128 amount)
        internal
        returns (uint256 disputeId)
    {
        allow(payer, address(disputes), BOND);
        vm.prank(payer);
        return disputes.file(kind, receipt, EPOCH, noProof(), amount, keccak256("evidence"));
    }

    /// @dev Anchored, claimed in full, and disputed for `amount` of its 5 USD.
    function fileOvercharge(uint128 amount) internal returns (uint256 disputeId) {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        claimFor(EPOCH, receipt.price);
        return fileAbout(IDisputeManager.Kind.Overcharge, receipt, amount);
    }

    function answerAndDraw(uint256 disputeId) internal returns (address[3] memory panel) {
        vm.prank(owner);
        disputes.respond(disputeId, keccak256("answer"));
        return draw(disputeId, false);
    }

    function draw(uint256 disputeId, bool onAppeal) internal returns (address[3] memory panel) {
        rollBlock();
        vm.assertTrue(disputes.drawPanel(disputeId), "drawn");
        return disputes.panelOf(disputeId, onAppeal);
    }

    function vote(uint256 disputeId, address arbiter, uint128 refund) internal {
        vm.prank(arbiter);
        disputes.rule(disputeId, refund, keccak256("reason"));
    }

    function ruleAlike(uint256 disputeId, address[3] memory panel, uint128 refund) internal {
        vote(disputeId, panel[0], refund);
        vote(disputeId, panel[1], refund);
    }

    function appealBy(address party, uint256 disputeId) internal {
        allow(party, address(disputes), APPEAL_BOND);
        vm.prank(party);
        disputes.appeal(disputeId);
    }

    /// @dev Filed, answered, ruled, and past the time to appeal.
    function ruledFor(uint128 amount, uint128 refund) internal returns (uint256 disputeId) {
        disputeId = fileOvercharge(amount);
        ruleAlike(disputeId, answerAndDraw(disputeId), refund);
        skip(MINUTE + 1);
    }

    function stateOf(uint256 disputeId) internal view returns (uint256) {
        return uint256(disputes.disputeOf(disputeId).state);
    }

    function assertState(uint256 disputeId, IDisputeManager.State state) internal view {
        vm.assertEq(stateOf(disputeId), uint256(state), "state");
    }

    // ----------------------------------------------------------------------------------------------------- records

    /// @dev An epoch in which the lane anchored `sum`, under a root that nobody needs to prove against.
    function anchorSum(uint64 epoch, uint128 sum) internal {
        anchorEpoch(epoch, sum);
    }

    function recordOf(uint64 epoch, uint128 earned, bytes32 countsRoot)
        internal
        view
        returns (PerformanceRecord memory)
    {
        return PerformanceRecord(nodeId, lane, epoch, 0, earned, 600, 0, countsRoot);
    }

    function report(PerformanceRecord memory record) internal {
        bytes32 digest = ledger.recordDigest(record);
        ledger.report(record, signed(NODE_KEY, digest), signed(LANE_KEY, digest));
    }

    function reportByLaneAlone(PerformanceRecord memory record) internal {
        ledger.report(record, "", signed(LANE_KEY, ledger.recordDigest(record)));
    }

    function challengeAs(address challenger, uint64 epoch) internal {
        allow(challenger, address(ledger), CHALLENGE_BOND);
        vm.prank(challenger);
        ledger.challenge(nodeId, lane, epoch, CHALLENGE_BOND, keccak256("evidence"));
    }

    function countsOf(uint64 epoch, uint32 samples, uint32 faults, uint128 spent)
        internal
        view
        returns (SlaCounts memory counts)
    {
        (counts.nodeId, counts.lane, counts.epoch) = (nodeId, lane, epoch);
        (counts.channelId, counts.termsHash) = (channelId, termsHash);
        (counts.samples, counts.faults, counts.spent) = (samples, faults, spent);
    }

    /// @dev Anchors, reports and finalises an epoch whose record holds these counts alone.
    function finalRecordOf(SlaCounts memory counts) internal {
        anchorSum(counts.epoch, counts.spent);
        bytes32 root = ReceiptHashes.leaf(ReceiptHashes.TAG_COUNTS, ReceiptHashes.hash(counts));
        report(recordOf(counts.epoch, counts.spent, root));
        skip(CHALLENGE);
        ledger.finalise(nodeId, lane, counts.epoch);
    }

    function count(SlaCounts memory counts) internal returns (uint128) {
        finalRecordOf(counts);
        return ledger.countSamples(counts, terms, noProof());
    }

    // ---------------------------------------------------------------------------------------------------- at all times

    /// @dev Every contract holds what it owes.
    function assertAllSolvent() internal view {
        vm.assertGe(usdc.balanceOf(address(channels)), channels.liabilities(), "channels");
        vm.assertGe(usdc.balanceOf(address(vault)), vault.liabilities(), "vault");
        vm.assertGe(usdc.balanceOf(address(ledger)), ledger.liabilities(), "ledger");
        vm.assertGe(usdc.balanceOf(address(disputes)), disputes.liabilities(), "disputes");
        vm.assertGe(usdc.balanceOf(address(contradictions)), contradictions.liabilities(), "contradictions");
    }
}
