// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Payouts} from "../base/Payouts.sol";
import {Penalties} from "../base/Penalties.sol";
import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "../interfaces/IReceiptAnchor.sol";
import {ISlaLedger} from "../interfaces/ISlaLedger.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {PerformanceRecord, ReceiptHashes} from "../libraries/ReceiptHashes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title  Records
/// @notice The life of a performance record: reported, challenged, final or invalid; and what it releases or freezes.
abstract contract Records is ISlaLedger, Penalties, EIP712 {
    using ReceiptHashes for PerformanceRecord;

    /// @param challengeSeconds of a record that both signed; one that the lane alone signed has twice as long.
    /// @param rulingSeconds for an auditor, from a challenge on.
    /// @param freezeSeconds for which an invalid record freezes what it covered, at most.
    /// @param bondMin of a challenge.
    /// @param falseRecordPenalty what a false record costs its lane; `rewardBps` of it goes to whoever showed it.
    struct Parameters {
        IERC20 token;
        IProviderRegistry registry;
        IReceiptAnchor receiptAnchor;
        IPaymentChannels channels;
        IStakeVault vault;
        address treasury;
        uint64 challengeSeconds;
        uint64 rulingSeconds;
        uint64 freezeSeconds;
        uint128 bondMin;
        uint128 falseRecordPenalty;
        uint16 rewardBps;
    }

    /// @dev What a record of a (node, lane, epoch) froze, over all its versions.
    struct Freeze {
        uint128 amount;
        uint64 endsAt; // Set by the first invalid verdict and never moved; 0 before.
    }

    struct Release {
        uint128 released;
        uint128 frozen;
    }

    /// @notice May judge challenges.
    bytes32 public constant AUDITOR_ROLE = keccak256("AUDITOR_ROLE");

    IProviderRegistry public immutable registry;
    IReceiptAnchor public immutable receiptAnchor;
    IPaymentChannels public immutable channels;
    uint64 public immutable challengeSeconds;
    uint64 public immutable rulingSeconds;
    uint64 public immutable freezeSeconds;
    uint128 public immutable bondMin;
    uint128 public immutable falseRecordPenalty;

    mapping(bytes32 key => Standing) internal _standings; // key: _keyOf(node, lane, epoch)
    mapping(bytes32 key => Challenge) private _challenges;
    mapping(bytes32 key => Freeze) private _freezes;
    mapping(bytes32 key => Release) private _releases; // key: _keyOf(provider, lane, epoch)

    /// @notice Σ earned of the records of a (lane, epoch) that stand.
    mapping(bytes32 lane => mapping(uint64 epoch => uint128)) public earnedOf;

    constructor(address admin, Parameters memory p)
        Payouts(admin, p.token, p.treasury)
        Penalties(p.vault, p.rewardBps)
        EIP712("Isochrone", "1")
    {
        // A lane's stake must still be there when its last record is judged.
        uint256 longest = 2 * uint256(p.challengeSeconds) + p.rulingSeconds + p.vault.marginSeconds();
        if (longest > p.vault.thawSeconds()) revert ParameterTooLarge(longest, p.vault.thawSeconds());
        (registry, receiptAnchor, channels) = (p.registry, p.receiptAnchor, p.channels);
        (challengeSeconds, rulingSeconds, freezeSeconds) = (p.challengeSeconds, p.rulingSeconds, p.freezeSeconds);
        (bondMin, falseRecordPenalty) = (p.bondMin, p.falseRecordPenalty);
    }

    /// @inheritdoc ISlaLedger
    function report(PerformanceRecord calldata record, bytes calldata nodeSignature, bytes calldata laneSignature)
        external
    {
        bytes32 digest = recordDigest(record);
        if (!_isSigned(record.lane, digest, laneSignature)) revert InvalidLaneSignature(record.lane);
        bool nodeSigned = nodeSignature.length > 0;
        if (nodeSigned && !_isSigned(record.nodeId, digest, nodeSignature)) revert InvalidNodeSignature(record.nodeId);

        Standing storage standing = _standings[_keyOf(record.nodeId, record.lane, record.epoch)];
        if (nodeSigned && standing.status == Status.Reported && !standing.nodeSigned) {
            if (standing.recordHash == record.hash()) return _addNodeSignature(record, standing);
        }
        if (standing.status != Status.None && standing.status != Status.Invalid) {
            revert RecordExists(record.nodeId, record.lane, record.epoch, standing.status);
        }
        uint8 expected = standing.status == Status.None ? 0 : standing.version + 1;
        if (record.version != expected) revert WrongVersion(record.version, expected);
        _stand(record, standing, nodeSigned);
    }

    /// @inheritdoc ISlaLedger
    function challenge(bytes32 nodeId, bytes32 lane, uint64 epoch, uint128 bond, bytes32 evidenceHash)
        external
        nonReentrant
    {
        bytes32 key = _keyOf(nodeId, lane, epoch);
        Standing storage standing = _standings[key];
        _requireStatus(standing, Status.Reported);
        if (block.timestamp >= standing.finalAt) revert WindowOver(standing.finalAt);
        if (bond < bondMin) revert BondTooSmall(bond, bondMin);
        uint64 rulingEndsAt = uint64(block.timestamp) + rulingSeconds;
        standing.status = Status.Challenged;
        _challenges[key] = Challenge(msg.sender, bond, rulingEndsAt, evidenceHash);
        emit RecordChallenged(nodeId, lane, epoch, msg.sender, bond, evidenceHash, rulingEndsAt);
        _takeBond(bond);
    }

    /// @inheritdoc ISlaLedger
    function proveContradiction(PerformanceRecord calldata other, bytes calldata laneSignature) external nonReentrant {
        bytes32 key = _keyOf(other.nodeId, other.lane, other.epoch);
        Standing storage standing = _standings[key];
        bool challenged = standing.status == Status.Challenged;
        if (!challenged) _requireStatus(standing, Status.Reported);
        bytes32 otherHash = other.hash();
        if (other.version != standing.version || otherHash == standing.recordHash) {
            revert NotAContradiction(otherHash, standing.recordHash);
        }
        if (!_isSigned(other.lane, recordDigest(other), laneSignature)) revert InvalidLaneSignature(other.lane);

        _invalidate(key, standing, other.nodeId, other.lane, other.epoch);
        if (challenged) _endChallenge(key, _challenges[key].challenger);
        _punishLane(other.nodeId, other.lane, other.epoch, msg.sender);
    }

    /// @inheritdoc ISlaLedger
    function resolveChallenge(bytes32 nodeId, bytes32 lane, uint64 epoch, bool upheld, bytes32 reasonHash)
        external
        onlyRole(AUDITOR_ROLE)
        nonReentrant
    {
        bytes32 key = _keyOf(nodeId, lane, epoch);
        Standing storage standing = _standings[key];
        _requireStatus(standing, Status.Challenged);
        Challenge memory open = _challenges[key];
        if (block.timestamp > open.rulingEndsAt) revert RulingOver(open.rulingEndsAt);
        emit ChallengeResolved(nodeId, lane, epoch, upheld, reasonHash);
        if (!upheld) {
            standing.status = Status.Reported;
            _endChallenge(key, treasury);
            return;
        }
        _invalidate(key, standing, nodeId, lane, epoch);
        _endChallenge(key, open.challenger);
        _punishLane(nodeId, lane, epoch, open.challenger);
    }

    /// @inheritdoc ISlaLedger
    function finalise(bytes32 nodeId, bytes32 lane, uint64 epoch) external nonReentrant {
        bytes32 key = _keyOf(nodeId, lane, epoch);
        Standing storage standing = _standings[key];
        if (standing.status == Status.Challenged) {
            Challenge memory open = _challenges[key];
            if (block.timestamp <= open.rulingEndsAt) revert RulingOpen(open.rulingEndsAt);
            _endChallenge(key, open.challenger);
        } else {
            _requireStatus(standing, Status.Reported);
        }
        if (block.timestamp < standing.finalAt) revert WindowOpen(standing.finalAt);

        standing.status = Status.Final;
        Release storage release = _releases[_keyOf(standing.providerId, lane, epoch)];
        release.released += standing.earned;
        release.frozen -= _freezes[key].amount;
        _freezes[key].amount = 0;
        emit RecordFinal(nodeId, lane, epoch, standing.earned);
    }

    /// @inheritdoc ISlaLedger
    function releaseInvalid(bytes32 nodeId, bytes32 lane, uint64 epoch) external {
        bytes32 key = _keyOf(nodeId, lane, epoch);
        Freeze storage freeze = _freezes[key];
        uint128 amount = freeze.amount;
        if (amount == 0) revert NothingFrozen(nodeId, lane, epoch);
        if (block.timestamp < freeze.endsAt) revert FreezeRunning(freeze.endsAt);
        freeze.amount = 0;
        _releases[_keyOf(_standings[key].providerId, lane, epoch)].frozen -= amount;
        emit FreezeEnded(nodeId, lane, epoch, amount);
    }

    /// @inheritdoc ISlaLedger
    function standingOf(bytes32 nodeId, bytes32 lane, uint64 epoch) external view returns (Standing memory) {
        return _standings[_keyOf(nodeId, lane, epoch)];
    }

    /// @inheritdoc ISlaLedger
    function challengeOf(bytes32 nodeId, bytes32 lane, uint64 epoch) external view returns (Challenge memory) {
        return _challenges[_keyOf(nodeId, lane, epoch)];
    }

    /// @inheritdoc ISlaLedger
    function releaseOf(bytes32 providerId, bytes32 lane, uint64 epoch)
        external
        view
        returns (uint128 released, uint128 frozen)
    {
        Release memory release = _releases[_keyOf(providerId, lane, epoch)];
        return (release.released, release.frozen);
    }

    /// @inheritdoc ISlaLedger
    function recordDigest(PerformanceRecord calldata record) public view returns (bytes32) {
        return _hashTypedDataV4(record.hash());
    }

    function _addNodeSignature(PerformanceRecord calldata record, Standing storage standing) private {
        standing.nodeSigned = true;
        // A whole window from here on: who held the signature back cannot end the time that others were promised.
        uint64 endsAt = uint64(block.timestamp) + challengeSeconds;
        if (endsAt < standing.finalAt) standing.finalAt = endsAt;
        emit NodeSignatureAdded(record.nodeId, record.lane, record.epoch, record.version, standing.finalAt);
    }

    function _stand(PerformanceRecord calldata record, Standing storage standing, bool nodeSigned) private {
        bytes32 providerId = registry.nodeKeyOf(address(uint160(uint256(record.nodeId)))).providerId;
        // A name with other upper bits is the same key, and would have a record of its own.
        if (providerId == bytes32(0) || uint256(record.nodeId) > type(uint160).max) revert NodeUnknown(record.nodeId);
        IReceiptAnchor.Anchored memory anchored = receiptAnchor.anchorOf(record.lane, record.epoch);
        if (anchored.anchoredAt == 0) revert EpochNotAnchored(record.lane, record.epoch);
        // A record is worth the stake that answers for it: a lane on its way out can no longer say what others earned.
        uint128 active = vault.activeStakeOf(record.lane);
        if (active < falseRecordPenalty) revert LaneStakeTooSmall(record.lane, active, falseRecordPenalty);
        uint128 earnedBefore = earnedOf[record.lane][record.epoch];
        if (record.earned > anchored.sum - earnedBefore) {
            revert EarnedAboveAnchored(record.earned, anchored.sum - earnedBefore);
        }
        earnedOf[record.lane][record.epoch] = earnedBefore + record.earned;

        (standing.status, standing.version, standing.nodeSigned) = (Status.Reported, record.version, nodeSigned);
        standing.finalAt = uint64(block.timestamp) + (nodeSigned ? challengeSeconds : 2 * challengeSeconds);
        (standing.earned, standing.providerId) = (record.earned, providerId);
        (standing.countsRoot, standing.recordHash) = (record.countsRoot, record.hash());
        _emitReported(record, standing);
    }

    function _emitReported(PerformanceRecord calldata record, Standing storage standing) private {
        emit RecordReported(
            record.nodeId,
            record.lane,
            record.epoch,
            standing.providerId,
            record.version,
            record.earned,
            record.countsRoot,
            standing.nodeSigned,
            standing.finalAt
        );
    }

    /// @dev Freezes what the record covered, for a time that starts with the first invalid version: a lane that goes on
    ///      signing false ones cannot prolong it.
    function _invalidate(bytes32 key, Standing storage standing, bytes32 nodeId, bytes32 lane, uint64 epoch) private {
        standing.status = Status.Invalid;
        earnedOf[lane][epoch] -= standing.earned;
        Freeze storage freeze = _freezes[key];
        if (freeze.endsAt == 0) freeze.endsAt = uint64(block.timestamp) + freezeSeconds;
        if (block.timestamp < freeze.endsAt && standing.earned > freeze.amount) {
            _releases[_keyOf(standing.providerId, lane, epoch)].frozen += standing.earned - freeze.amount;
            freeze.amount = standing.earned;
        }
        emit RecordInvalid(nodeId, lane, epoch, freeze.amount);
    }

    function _endChallenge(bytes32 key, address bondTo) private {
        uint128 bond = _challenges[key].bond;
        delete _challenges[key];
        _payBond(bondTo, bond);
    }

    function _punishLane(bytes32 nodeId, bytes32 lane, uint64 epoch, address rewarded) private {
        (uint128 slashed, uint128 reward) = _punish(lane, falseRecordPenalty, rewarded);
        emit LaneSlashed(nodeId, lane, epoch, slashed, rewarded, reward);
    }

    function _requireStatus(Standing storage standing, Status expected) internal view {
        if (standing.status != expected) revert WrongStatus(standing.status, expected);
    }

    function _isSigned(bytes32 signer, bytes32 digest, bytes calldata signature) private pure returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && bytes32(uint256(uint160(recovered))) == signer;
    }

    function _keyOf(bytes32 nodeOrProvider, bytes32 lane, uint64 epoch) internal pure returns (bytes32) {
        return keccak256(abi.encode(nodeOrProvider, lane, epoch));
    }
}
