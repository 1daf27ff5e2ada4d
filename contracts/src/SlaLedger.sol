// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISlaLedger} from "./interfaces/ISlaLedger.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {ReceiptHashes, SlaCounts, Terms} from "./libraries/ReceiptHashes.sol";
import {SlaTest} from "./libraries/SlaTest.sol";
import {Records} from "./sla/Records.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title  SlaLedger
/// @notice See {ISlaLedger}. {Records} keeps the records; this pools their counts, and makes broken promises cost.
contract SlaLedger is Records {
    using ReceiptHashes for SlaCounts;
    using ReceiptHashes for Terms;
    using SafeERC20 for IERC20;

    /// @notice Of a provider's stake, what broken promises may take in a day of chain time.
    uint256 public constant DAILY_CAP_BPS = 500;

    uint8 private constant AVAILABILITY = 1;
    uint8 private constant TTFT = 2;
    uint8 private constant TPOT = 4;

    mapping(bytes32 key => Pool) private _pools; // key: keccak(node, channel, terms)
    mapping(bytes32 key => uint128) private _penaltyDue; // key: keccak(provider, node, channel, terms)
    mapping(bytes32 key => uint128) private _spentCounted; // key: _keyOf(node, lane, epoch)
    mapping(bytes32 payment => uint128) private _paidCounted; // key: keccak(channel, provider, lane)
    mapping(bytes32 leaf => bool) private _countsTaken;

    /// @notice µUSD that broken promises took of a provider's stake on a day (chain time / 86,400).
    mapping(bytes32 providerId => mapping(uint256 day => uint128)) public takenOn;

    constructor(address admin, Parameters memory p) Records(admin, p) {}

    /// @inheritdoc ISlaLedger
    function countSamples(SlaCounts calldata counts, Terms calldata terms, bytes32[] calldata proof)
        external
        nonReentrant
        returns (uint128 credited)
    {
        Standing memory standing = _takeCounts(counts, proof);
        _requireTerms(standing.providerId, counts.termsHash, terms);
        Pool memory pool = _added(_pools[_poolKey(counts.nodeId, counts.channelId, counts.termsHash)], counts);
        pool.spent += _paidOf(counts, standing.providerId);
        uint128 penalty = _test(pool, counts, terms);
        _pools[_poolKey(counts.nodeId, counts.channelId, counts.termsHash)] = pool;
        if (penalty == 0) return 0;

        bytes32 key = _dueKey(standing.providerId, counts.nodeId, counts.channelId, counts.termsHash);
        _penaltyDue[key] += penalty;
        return _payPenalty(key, standing.providerId, counts.nodeId, counts.channelId, counts.termsHash);
    }

    /// @inheritdoc ISlaLedger
    function collectPenalty(bytes32 providerId, bytes32 nodeId, bytes32 channelId, bytes32 termsHash)
        external
        nonReentrant
        returns (uint128 credited)
    {
        bytes32 key = _dueKey(providerId, nodeId, channelId, termsHash);
        if (_penaltyDue[key] == 0) revert NoPenaltyDue(nodeId, channelId, termsHash);
        return _payPenalty(key, providerId, nodeId, channelId, termsHash);
    }

    /// @inheritdoc ISlaLedger
    function poolOf(bytes32 nodeId, bytes32 channelId, bytes32 termsHash) external view returns (Pool memory) {
        return _pools[_poolKey(nodeId, channelId, termsHash)];
    }

    /// @inheritdoc ISlaLedger
    function penaltyDueOf(bytes32 providerId, bytes32 nodeId, bytes32 channelId, bytes32 termsHash)
        external
        view
        returns (uint128)
    {
        return _penaltyDue[_dueKey(providerId, nodeId, channelId, termsHash)];
    }

    /// @inheritdoc ISlaLedger
    function criticalCounts(uint256 samples) external pure returns (uint256 at5Percent, uint256 at1Percent) {
        return SlaTest.criticalCounts(samples);
    }

    /// @dev Once for each leaf of a final record; the leaves together cannot claim more spending than the record.
    function _takeCounts(SlaCounts calldata counts, bytes32[] calldata proof) private returns (Standing memory) {
        bytes32 key = _keyOf(counts.nodeId, counts.lane, counts.epoch);
        Standing storage standing = _standings[key];
        _requireStatus(standing, Status.Final);
        bytes32 leaf = ReceiptHashes.leaf(ReceiptHashes.TAG_COUNTS, counts.hash());
        if (!MerkleProof.verifyCalldata(proof, standing.countsRoot, leaf)) revert CountsNotIncluded(leaf);
        if (_countsTaken[leaf]) revert CountsTaken(leaf);
        _countsTaken[leaf] = true;
        uint128 left = standing.earned - _spentCounted[key];
        if (counts.spent > left) revert SpentAboveEarned(counts.spent, left);
        _spentCounted[key] += counts.spent;
        return standing;
    }

    /// @dev What the payer truly paid this provider by this lane bounds what its samples may cost the provider: counts
    ///      that a lane invents cost nothing.
    function _paidOf(SlaCounts calldata counts, bytes32 providerId) private returns (uint128 paid) {
        bytes32 payment = keccak256(abi.encode(counts.channelId, providerId, counts.lane));
        uint128 claimed = channels.claimedOf(counts.channelId, providerId, counts.lane);
        uint128 before = _paidCounted[payment];
        paid = uint128(Math.min(counts.spent, claimed > before ? claimed - before : 0));
        _paidCounted[payment] = before + paid;
    }

    function _requireTerms(bytes32 providerId, bytes32 termsHash, Terms calldata terms) private view {
        bytes32 given = terms.hash();
        if (given != termsHash) revert TermsMismatch(given, termsHash);
        if (registry.termsRegisteredAt(providerId, given) == 0) revert TermsNotRegistered(providerId, given);
    }

    function _added(Pool memory pool, SlaCounts calldata counts) private pure returns (Pool memory) {
        pool.samples = _sum(pool.samples, counts.samples);
        pool.faults = _sum(pool.faults, counts.faults);
        pool.ttftSamples = _sum(pool.ttftSamples, counts.ttftSamples);
        pool.ttftOver = _sum(pool.ttftOver, counts.ttftOver);
        pool.tpotSamples = _sum(pool.tpotSamples, counts.tpotSamples);
        pool.tpotOver = _sum(pool.tpotOver, counts.tpotOver);
        return pool;
    }

    /// @dev Changes the pool in memory: what is judged starts anew.
    function _test(Pool memory pool, SlaCounts calldata counts, Terms calldata terms)
        private
        returns (uint128 penalty)
    {
        uint32 samples = pool.samples;
        if (samples < SlaTest.SAMPLES_MIN) return 0;
        uint8 broken;
        (, uint256 critical) = SlaTest.criticalCounts(samples);
        if (pool.faults >= critical) broken |= AVAILABILITY;
        (pool.samples, pool.faults) = (0, 0);
        if (pool.ttftSamples >= SlaTest.SAMPLES_MIN) {
            (critical,) = SlaTest.criticalCounts(pool.ttftSamples);
            bool promised = terms.ttftBaseMs > 0 || terms.ttftPerKtokMs > 0;
            if (promised && pool.ttftOver >= critical) broken |= TTFT;
            (pool.ttftSamples, pool.ttftOver) = (0, 0);
        }
        if (pool.tpotSamples >= SlaTest.SAMPLES_MIN) {
            (critical,) = SlaTest.criticalCounts(pool.tpotSamples);
            if (terms.tpotUs > 0 && pool.tpotOver >= critical) broken |= TPOT;
            (pool.tpotSamples, pool.tpotOver) = (0, 0);
        }
        if (broken != 0) {
            penalty = uint128(Math.min(uint256(pool.spent) * terms.penaltyBps / BPS, type(uint128).max));
        }
        pool.spent = 0;
        emit PoolTested(counts.nodeId, counts.channelId, counts.termsHash, samples, broken, penalty);
    }

    /// @dev What the cap of the day puts off stays due: a provider cannot use it up on itself to be rid of the rest. Nor can
    ///      it pay itself, by a channel of its own, what a dispute holds.
    function _payPenalty(bytes32 key, bytes32 providerId, bytes32 nodeId, bytes32 channelId, bytes32 termsHash)
        private
        returns (uint128 credited)
    {
        uint256 day = block.timestamp / 1 days;
        uint128 due = _penaltyDue[key];
        credited = vault.slash(providerId, uint128(Math.min(due, _payableToday(providerId, day))), address(this));
        _penaltyDue[key] = due - credited;
        takenOn[providerId][day] += credited;
        emit PenaltyPaid(providerId, nodeId, channelId, termsHash, credited, due - credited);
        if (credited == 0) return 0;
        token.forceApprove(address(channels), credited);
        channels.credit(channelId, credited);
    }

    function _payableToday(bytes32 providerId, uint256 day) private view returns (uint256) {
        IStakeVault.Stake memory stake = vault.stakeOf(providerId);
        uint256 taken = takenOn[providerId][day];
        uint256 cap = (stake.tokens + taken) * DAILY_CAP_BPS / BPS;
        return cap > taken ? Math.min(cap - taken, stake.tokens - stake.locked) : 0;
    }

    /// @dev Saturates: counts that no honest lane signs must not stop a pool for ever.
    function _sum(uint32 a, uint32 b) private pure returns (uint32) {
        return uint32(Math.min(uint256(a) + b, type(uint32).max));
    }

    function _poolKey(bytes32 nodeId, bytes32 channelId, bytes32 termsHash) private pure returns (bytes32) {
        return keccak256(abi.encode(nodeId, channelId, termsHash));
    }

    function _dueKey(bytes32 providerId, bytes32 nodeId, bytes32 channelId, bytes32 termsHash)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(providerId, nodeId, channelId, termsHash));
    }
}
