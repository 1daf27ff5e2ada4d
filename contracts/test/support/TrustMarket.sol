// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Contradictions} from "../../src/Contradictions.sol";
import {DisputeManager} from "../../src/DisputeManager.sol";
import {SlaLedger} from "../../src/SlaLedger.sol";
import {StakeVault} from "../../src/StakeVault.sol";
import {Refunds} from "../../src/disputes/Refunds.sol";
import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {
    DeliveryReceipt,
    EpochAnchor,
    LeaseReceipt,
    PerformanceRecord,
    ReceiptHashes,
    SlaCounts,
    Terms,
    WorkReceipt
} from "../../src/libraries/ReceiptHashes.sol";
import {Records} from "../../src/sla/Records.sol";
import {Market} from "./Market.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @dev A marketplace with stake, records, disputes and contradictions, whose administrator is a timelock; and the steps
///      that tests take in it. Deadlines are whole minutes.
abstract contract TrustMarket is Market {
    uint64 internal constant MINUTE = 60;
    uint64 internal constant CHALLENGE = 30; // Shorter than the channels' grace period.
    uint64 internal constant STAKE_THAW = 600;
    uint128 internal constant BOND = 5e6;
    uint128 internal constant APPEAL_BOND = 10e6;
    uint128 internal constant SLASH_MAX = 400e6;
    uint128 internal constant CONTRADICTION_PENALTY = 50e6;
    uint128 internal constant WITHHOLDING_PENALTY = 100e6;
    uint128 internal constant FALSE_RECORD_PENALTY = 80e6;
    uint128 internal constant CHALLENGE_BOND = 2e6;
    uint128 internal constant PROVIDER_STAKE = 1000e6;
    uint128 internal constant LANE_STAKE = 500e6;
    uint64 internal constant EPOCH = 7;

    address internal auditor = address(0xA0D1);
    address internal outsider = address(0x0575);
    address[] internal roster;

    TimelockController internal timelock;
    StakeVault internal vault;
    SlaLedger internal ledger;
    DisputeManager internal disputes;
    Contradictions internal contradictions;
    bytes32 internal nodeId = bytes32(uint256(uint160(vm.addr(NODE_KEY))));
    Terms internal terms;
    bytes32 internal termsHash;
    uint256 private _blockNumber = 1000;

    function setUp() public virtual override {
        super.setUp();
        rollBlock();
        address[] memory self = new address[](1);
        self[0] = address(this);
        timelock = new TimelockController(1, self, self, address(0));
        for (uint160 i = 1; i <= 6; ++i) {
            roster.push(address(0xA4B0 + i));
        }
        IStakeVault.Deadlines memory steps = IStakeVault.Deadlines(2 * MINUTE, MINUTE, MINUTE, MINUTE, MINUTE);
        vault = new StakeVault(address(this), usdc, registry, STAKE_THAW, MINUTE, steps);
        ledger = new SlaLedger(address(this), ledgerParameters());
        disputes = new DisputeManager(address(this), disputeParameters(), roster);
        contradictions = new Contradictions(address(this), contradictionParameters());
        wire();

        if (registry.nodeKeyOf(vm.addr(NODE_KEY)).providerId == bytes32(0)) addNodeKey();
        terms = Terms({
            providerId: providerId,
            documentHash: keccak256("document"),
            inPerMtok: 1_000_000,
            cachedPerMtok: 100_000,
            outPerMtok: 3_000_000,
            inPerGb: 20_000,
            outPerGb: 40_000,
            perGpuHour: 2_500_000,
            ttftBaseMs: 500,
            ttftPerKtokMs: 100,
            tpotUs: 40_000,
            concurrencyMax: 8,
            penaltyBps: 1000,
            sloRegion: bytes8("eu-west")
        });
        termsHash = ReceiptHashes.hash(terms);
        vm.prank(owner);
        registry.registerTerms(providerId, termsHash);
        stake(providerId, PROVIDER_STAKE);
        stake(lane, LANE_STAKE);
        fund(1000e6);
        raiseCeiling(1000e6);
    }

    // ------------------------------------------------------------------------------------------------------ wiring

    function ledgerParameters() internal view returns (Records.Parameters memory) {
        return Records.Parameters({
            token: usdc,
            registry: registry,
            receiptAnchor: anchors,
            channels: channels,
            vault: vault,
            treasury: treasury,
            challengeSeconds: CHALLENGE,
            rulingSeconds: 2 * CHALLENGE,
            freezeSeconds: 10 * CHALLENGE,
            bondMin: CHALLENGE_BOND,
            falseRecordPenalty: FALSE_RECORD_PENALTY,
            rewardBps: 5000
        });
    }

    function disputeParameters() internal view returns (Refunds.Parameters memory) {
        return Refunds.Parameters({
            token: usdc,
            registry: registry,
            receiptAnchor: anchors,
            channels: channels,
            vault: vault,
            treasury: treasury,
            bond: BOND,
            appealBond: APPEAL_BOND,
            slashMax: SLASH_MAX,
            withholdingPenalty: WITHHOLDING_PENALTY,
            rewardBps: 1000
        });
    }

    function contradictionParameters() internal view returns (Contradictions.Parameters memory) {
        return Contradictions.Parameters({
            token: usdc,
            registry: registry,
            channels: channels,
            vault: vault,
            treasury: treasury,
            penalty: CONTRADICTION_PENALTY,
            rewardBps: 1000
        });
    }

    /// @dev Roles as a deployment gives them; then the deployer keeps none.
    function wire() private {
        registry.setStakeVault(address(vault));
        channels.setSlaLedger(ledger);
        vault.grantRole(vault.SLASHER_ROLE(), address(ledger));
        vault.grantRole(vault.SLASHER_ROLE(), address(disputes));
        vault.grantRole(vault.SLASHER_ROLE(), address(contradictions));
        vault.grantRole(vault.LOCKER_ROLE(), address(disputes));
        channels.grantRole(channels.DISPUTE_ROLE(), address(disputes));
        ledger.grantRole(ledger.AUDITOR_ROLE(), auditor);
        address[4] memory administered = [address(vault), address(ledger), address(disputes), address(contradictions)];
        for (uint256 i = 0; i < administered.length; ++i) {
            StakeVault(administered[i]).grantRole(0x00, address(timelock));
            StakeVault(administered[i]).renounceRole(0x00, address(this));
        }
    }

    function addNodeKey() private {
        bytes memory proof = signed(NODE_KEY, registry.nodeKeyDigest(providerId, vm.addr(NODE_KEY)));
        vm.prank(owner);
        registry.addNodeKey(providerId, vm.addr(NODE_KEY), proof);
    }

    // ------------------------------------------------------------------------------------------------------- steps

    function rollBlock() internal {
        vm.roll(++_blockNumber);
    }

    function rollBlocks(uint256 blocks) internal {
        _blockNumber += blocks;
        vm.roll(_blockNumber);
    }

    function skip(uint256 elapsedSeconds) internal {
        vm.warp(block.timestamp + elapsedSeconds);
    }

    /// @dev Gives an account tokens and lets a contract take them.
    function allow(address account, address spender, uint256 amount) internal {
        usdc.mint(account, amount);
        vm.prank(account);
        usdc.approve(spender, amount);
    }

    function stake(bytes32 subject, uint128 amount) internal {
        allow(address(this), address(vault), amount);
        vault.provision(subject, amount);
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
