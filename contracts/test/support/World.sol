// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Contradictions} from "../../src/Contradictions.sol";
import {DisputeManager} from "../../src/DisputeManager.sol";
import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {ReceiptAnchor} from "../../src/ReceiptAnchor.sol";
import {RecordPanels} from "../../src/RecordPanels.sol";
import {SignatureVerifier} from "../../src/SignatureVerifier.sol";
import {SlaLedger} from "../../src/SlaLedger.sol";
import {StakeVault} from "../../src/StakeVault.sol";
import {TestUSDC} from "../../src/TestUSDC.sol";
import {Refunds} from "../../src/disputes/Refunds.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {
    DeliveryReceipt,
    EpochAnchor,
    PerformanceRecord,
    ReceiptHashes,
    SlaCounts,
    Terms,
    Voucher,
    WorkReceipt
} from "../../src/libraries/ReceiptHashes.sol";
import {Records} from "../../src/sla/Records.sol";
import {ForgeTest} from "./ForgeTest.sol";

/// @dev The whole marketplace with several parties of each kind, all deadlines real, and honest hands for each step: what
///      attacks and invariants start from. Whoever runs it is the administrator.
abstract contract World is ForgeTest {
    using ReceiptHashes for DeliveryReceipt;
    using ReceiptHashes for SlaCounts;
    using ReceiptHashes for Terms;
    using ReceiptHashes for WorkReceipt;

    uint256 internal constant PAYER_KEY = 0xA11CE;
    uint256 internal constant LANE_KEY = 0x6A7E;
    uint256 internal constant NODE_KEY = 0x40DE;
    uint256 internal constant PARTIES = 3;

    uint64 internal constant GRACE = 1000;
    uint64 internal constant THAW = 5000;
    uint64 internal constant CHALLENGE = 60;
    uint64 internal constant FILING = 600;
    uint64 internal constant STEP = 60;
    uint64 internal constant MARGIN = 120;
    uint128 internal constant BOND = 5e6;
    uint128 internal constant SLASH_MAX = 50e6;
    uint128 internal constant PENALTY = 20e6;
    uint16 internal constant REWARD_BPS = 1000;
    uint16 internal constant FEE_BPS = 250;

    address internal treasury = address(0x7EA5);
    address internal auditor = address(0xA0D1);
    address internal guardian = address(0x60A2);
    address internal stranger = address(0x57A6);
    address internal thief = address(0x7415);

    TestUSDC internal usdc;
    ProviderRegistry internal registry;
    ReceiptAnchor internal anchors;
    SignatureVerifier internal verifier;
    StakeVault internal vault;
    PaymentChannels internal channels;
    SlaLedger internal ledger;
    DisputeManager internal disputes;
    Contradictions internal contradictions;
    RecordPanels internal panels;

    bytes32[PARTIES] internal channelIds;
    bytes32[PARTIES] internal providerIds;
    bytes32[PARTIES] internal lanes;
    bytes32[PARTIES] internal nodeIds;
    bytes32[PARTIES] internal termsHashes;
    mapping(bytes32 lane => uint64) internal lastSeq;

    function buildWorld() internal {
        vm.warp(1_800_000_000);
        vm.roll(1000);
        usdc = newToken();
        registry = new ProviderRegistry(address(this), FEE_BPS, THAW);
        anchors = new ReceiptAnchor(registry);
        verifier = new SignatureVerifier();
        IStakeVault.Deadlines memory deadlines = IStakeVault.Deadlines(FILING, STEP, STEP, STEP, STEP);
        vault = new StakeVault(address(this), usdc, registry, stakeThaw(), MARGIN, deadlines);
        channels = new PaymentChannels(address(this), usdc, registry, anchors, verifier, treasury, GRACE, THAW);
        _buildJudges();
        channels.setSlaLedger(ledger);
        channels.grantRole(channels.DISPUTE_ROLE(), address(disputes));
        channels.grantRole(channels.GUARDIAN_ROLE(), guardian);
        vault.grantRole(vault.LOCKER_ROLE(), address(disputes));
        vault.grantRole(vault.SLASHER_ROLE(), address(disputes));
        vault.grantRole(vault.SLASHER_ROLE(), address(ledger));
        vault.grantRole(vault.SLASHER_ROLE(), address(contradictions));
        ledger.grantRole(ledger.AUDITOR_ROLE(), auditor);
        ledger.grantRole(ledger.AUDITOR_ROLE(), address(panels));
        registry.grantRole(registry.LANE_ADMIN_ROLE(), address(this));
        registry.grantRole(registry.GUARDIAN_ROLE(), guardian);
        registry.setStakeVault(address(vault));
        for (uint256 i = 0; i < PARTIES; ++i) {
            _join(i);
        }
    }

    /// @dev The token of the world; an attack brings one of its own.
    function newToken() internal virtual returns (TestUSDC) {
        return new TestUSDC();
    }

    /// @dev Of stake; a test of the last moments takes the least that the vault accepts.
    function stakeThaw() internal pure virtual returns (uint64) {
        return THAW;
    }

    // ---------------------------------------------------------------------------------------------------- parties

    function payerOf(uint256 i) internal pure returns (address) {
        return vm.addr(PAYER_KEY + i);
    }

    function ownerOf(uint256 i) internal pure returns (address) {
        return address(uint160(0x0B0B00 + i));
    }

    function payoutOf(uint256 i) internal pure returns (address) {
        return address(uint160(0xCAFE00 + i));
    }

    function operatorOf(uint256 i) internal pure returns (address) {
        return address(uint160(0x09E400 + i));
    }

    function arbiterOf(uint256 i) internal pure returns (address) {
        return address(uint160(0xA4B100 + i));
    }

    // ------------------------------------------------------------------------------------------------ honest hands

    function fund(uint256 payer, uint128 amount) internal {
        give(payerOf(payer), address(channels), amount);
        vm.prank(payerOf(payer));
        channels.deposit(channelIds[payer], amount);
    }

    function raiseCeiling(uint256 payer, uint128 amount) internal {
        bytes32 id = channelIds[payer];
        channels.setCeiling(id, amount, signed(PAYER_KEY + payer, channels.ceilingDigest(id, amount)));
    }

    function stake(bytes32 subject, uint128 amount) internal {
        give(address(this), address(vault), amount);
        vault.provision(subject, amount);
    }

    /// @dev Mints, and lets `spender` take it.
    function give(address to, address spender, uint128 amount) internal {
        usdc.mint(to, amount);
        vm.prank(to);
        usdc.approve(spender, type(uint256).max);
    }

    /// @dev A receipt of this price at node 0 .. n, whose price follows from its terms: one µUSD per byte sent.
    function delivery(uint256 payer, uint256 lane, uint256 node, uint128 price)
        internal
        view
        returns (DeliveryReceipt memory receipt)
    {
        receipt.workHash = keccak256("work");
        receipt.channelId = channelIds[payer];
        receipt.requestId = keccak256(abi.encode("request", lane, lastSeq[lanes[lane]] + 1));
        receipt.nodeId = nodeIds[node];
        receipt.lane = lanes[lane];
        receipt.seq = lastSeq[lanes[lane]] + 1;
        receipt.termsHash = termsHashes[node];
        receipt.bytesOut = uint64(price);
        receipt.price = price;
        receipt.startedAtMs = uint64(block.timestamp) * 1000;
        receipt.httpStatus = 200;
    }

    function termsOf(uint256 node) internal view returns (Terms memory terms) {
        terms.providerId = providerIds[node];
        terms.documentHash = keccak256("document");
        terms.outPerGb = 1e9;
        terms.ttftBaseMs = 500;
        terms.tpotUs = 50_000;
        terms.penaltyBps = 5000;
    }

    /// @dev Anchors an epoch that holds one delivery receipt beside another leaf; `proof` proves the receipt.
    function anchorOne(uint256 lane, uint64 epoch, DeliveryReceipt memory receipt)
        internal
        returns (bytes32[] memory proof)
    {
        bytes32 leaf = ReceiptHashes.leaf(ReceiptHashes.TAG_DELIVERY, receipt.hash());
        bytes32 other = ReceiptHashes.leaf(ReceiptHashes.TAG_WORK, receipt.workHash);
        proof = new bytes32[](1);
        proof[0] = other;
        anchorRoot(lane, epoch, pairRoot(leaf, other), 2, receipt.price);
    }

    function anchorRoot(uint256 lane, uint64 epoch, bytes32 root, uint64 count, uint128 sum) internal {
        EpochAnchor memory value = nextAnchor(lane, epoch, root, count, sum);
        anchors.anchor(value, signed(LANE_KEY + lane, anchors.anchorDigest(value)));
        lastSeq[lanes[lane]] = value.toSeq;
    }

    function nextAnchor(uint256 lane, uint64 epoch, bytes32 root, uint64 count, uint128 sum)
        internal
        view
        returns (EpochAnchor memory)
    {
        uint64 seq = lastSeq[lanes[lane]] + 1;
        return EpochAnchor(lanes[lane], epoch, root, count, sum, keccak256("file"), seq, seq);
    }

    function voucherOf(uint256 payer, uint256 provider, uint256 lane, uint64 epoch, uint128 cumulative)
        internal
        view
        returns (Voucher memory)
    {
        bytes32 root = anchors.anchorOf(lanes[lane], epoch).root;
        return Voucher(channelIds[payer], providerIds[provider], lanes[lane], epoch, cumulative, root, 0);
    }

    function signVoucher(uint256 lane, Voucher memory voucher) internal view returns (bytes memory) {
        return signed(LANE_KEY + lane, channels.voucherDigest(voucher));
    }

    function claimUpTo(uint256 payer, uint256 provider, uint256 lane, uint64 epoch, uint128 cumulative)
        internal
        returns (uint128)
    {
        Voucher memory voucher = voucherOf(payer, provider, lane, epoch, cumulative);
        return channels.claim(voucher, signVoucher(lane, voucher));
    }

    function recordOf(uint256 node, uint256 lane, uint64 epoch, uint128 earned, bytes32 countsRoot)
        internal
        view
        returns (PerformanceRecord memory)
    {
        return PerformanceRecord(nodeIds[node], lanes[lane], epoch, 0, earned, 1, 0, countsRoot);
    }

    function reportBySigners(uint256 node, uint256 lane, PerformanceRecord memory record) internal {
        bytes32 digest = ledger.recordDigest(record);
        ledger.report(record, signed(NODE_KEY + node, digest), signed(LANE_KEY + lane, digest));
    }

    /// @dev Counts with `faults` failures, alone under their root.
    function countsOf(
        uint256 payer,
        uint256 node,
        uint256 lane,
        uint64 epoch,
        uint32 samples,
        uint32 faults,
        uint128 spent
    ) internal view returns (SlaCounts memory) {
        return SlaCounts(
            nodeIds[node], lanes[lane], epoch, channelIds[payer], termsHashes[node], samples, faults, 0, 0, 0, 0, spent
        );
    }

    function countsLeaf(SlaCounts memory counts) internal pure returns (bytes32) {
        return ReceiptHashes.leaf(ReceiptHashes.TAG_COUNTS, counts.hash());
    }

    function receiptDigest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", channels.domainSeparator(), structHash));
    }

    function permitDigest(address owner, address spender, uint256 amount, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(typehash, owner, spender, amount, usdc.nonces(owner), deadline));
        return keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), hash));
    }

    function pairRoot(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    function expectRefusal(IPaymentChannels.Refusal reason) internal {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.ClaimRefused.selector, reason));
    }

    function epochList(uint64 epoch) internal pure returns (uint64[] memory epochs) {
        epochs = new uint64[](1);
        epochs[0] = epoch;
    }

    function pass(uint64 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
        vm.roll(block.number + 1 + seconds_ / 12);
    }

    /// @dev Statement 1 of the design, for every contract that holds money.
    function assertSolvent() internal view {
        vm.assertGe(usdc.balanceOf(address(channels)), channels.liabilities(), "channels are solvent");
        vm.assertGe(usdc.balanceOf(address(vault)), vault.liabilities(), "the vault is solvent");
        vm.assertGe(usdc.balanceOf(address(ledger)), ledger.liabilities(), "the ledger is solvent");
        vm.assertGe(usdc.balanceOf(address(disputes)), disputes.liabilities(), "disputes are solvent");
        vm.assertGe(usdc.balanceOf(address(contradictions)), contradictions.liabilities(), "contradictions are solvent");
    }

    // ------------------------------------------------------------------------------------------------------ set-up

    function ledgerParameters() internal view returns (Records.Parameters memory) {
        return Records.Parameters({
            token: usdc,
            registry: registry,
            receiptAnchor: anchors,
            channels: channels,
            vault: vault,
            treasury: treasury,
            challengeSeconds: CHALLENGE,
            rulingSeconds: STEP,
            freezeSeconds: GRACE,
            bondMin: BOND,
            falseRecordPenalty: PENALTY,
            rewardBps: 5000
        });
    }

    function _buildJudges() private {
        ledger = new SlaLedger(address(this), ledgerParameters());
        Refunds.Parameters memory f = Refunds.Parameters({
            token: usdc,
            registry: registry,
            receiptAnchor: anchors,
            channels: channels,
            vault: vault,
            treasury: treasury,
            bond: BOND,
            appealBond: BOND,
            slashMax: SLASH_MAX,
            withholdingPenalty: PENALTY,
            rewardBps: REWARD_BPS
        });
        address[] memory roster = new address[](6);
        for (uint256 i = 0; i < 6; ++i) {
            roster[i] = arbiterOf(i);
        }
        disputes = new DisputeManager(address(this), f, roster);
        Contradictions.Parameters memory c =
            Contradictions.Parameters(usdc, registry, channels, vault, treasury, PENALTY, REWARD_BPS);
        contradictions = new Contradictions(address(this), c);
        panels = new RecordPanels(disputes, ledger, registry);
    }

    function _join(uint256 i) private {
        channelIds[i] = channels.open(payerOf(i), bytes32(i));
        vm.prank(ownerOf(i));
        providerIds[i] = registry.registerProvider(bytes32(i), payoutOf(i));
        address node = vm.addr(NODE_KEY + i);
        bytes memory proof = signed(NODE_KEY + i, registry.nodeKeyDigest(providerIds[i], node));
        vm.prank(ownerOf(i));
        nodeIds[i] = registry.addNodeKey(providerIds[i], node, proof);
        termsHashes[i] = termsOf(i).hash();
        vm.prank(ownerOf(i));
        registry.registerTerms(providerIds[i], termsHashes[i]);
        address gateway = vm.addr(LANE_KEY + i);
        lanes[i] = registry.addLane(
            gateway, operatorOf(i), signed(LANE_KEY + i, registry.laneKeyDigest(gateway, operatorOf(i)))
        );
    }
}
