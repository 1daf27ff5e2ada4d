// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../interfaces/IDisputeManager.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {DeliveryReceipt, LeaseReceipt, ReceiptHashes} from "../libraries/ReceiptHashes.sol";
import {Refunds} from "./Refunds.sol";

/// @title  Filing
/// @notice The disputes, and how one begins: about an anchored receipt or a withheld file, in time, for a bond, and with a
///         hold on the money that it is about.
/// @dev    Receipts are hashed from calldata: copies in memory would cost the bytecode that the manager has not.
abstract contract Filing is Refunds {
    uint128 public immutable bond;
    uint128 public immutable appealBond;
    uint128 public immutable withholdingPenalty;
    uint64 public immutable fileSeconds;
    uint64 public immutable respondSeconds;
    uint64 public immutable ruleSeconds;
    uint64 public immutable appealSeconds;
    uint64 public immutable appealRuleSeconds;

    /// @notice Disputes ever filed; the last one's id.
    uint256 public disputeCount;

    mapping(uint256 disputeId => Dispute) internal _disputes;

    /// @notice The live dispute about a subject, by kind; 0 when there is none.
    mapping(bytes32 subject => mapping(Kind => uint256)) public liveDispute;

    constructor(Parameters memory p) Refunds(p) {
        (bond, appealBond, withholdingPenalty) = (p.bond, p.appealBond, p.withholdingPenalty);
        IStakeVault.Deadlines memory d = p.vault.deadlines();
        (fileSeconds, respondSeconds, ruleSeconds) = (d.fileSeconds, d.respondSeconds, d.ruleSeconds);
        (appealSeconds, appealRuleSeconds) = (d.appealSeconds, d.appealRuleSeconds);
    }

    /// @inheritdoc IDisputeManager
    function file(
        Kind kind,
        DeliveryReceipt calldata receipt,
        uint64 epoch,
        bytes32[] calldata proof,
        uint128 amount,
        bytes32 evidenceHash
    ) external nonReentrant returns (uint256 disputeId) {
        Dispute memory dispute;
        (dispute.kind, dispute.subject, dispute.epoch, dispute.amount) =
        (kind, keccak256(abi.encode(ReceiptHashes.DELIVERY_TYPEHASH, receipt)), epoch, amount);
        (dispute.channelId, dispute.lane, dispute.price) = (receipt.channelId, receipt.lane, receipt.price);
        return _fileReceipt(dispute, ReceiptHashes.TAG_DELIVERY, receipt.nodeId, proof, evidenceHash);
    }

    /// @inheritdoc IDisputeManager
    function fileLease(
        Kind kind,
        LeaseReceipt calldata receipt,
        uint64 epoch,
        bytes32[] calldata proof,
        uint128 amount,
        bytes32 evidenceHash
    ) external nonReentrant returns (uint256 disputeId) {
        Dispute memory dispute;
        (dispute.kind, dispute.subject, dispute.epoch, dispute.amount) =
        (kind, keccak256(abi.encode(ReceiptHashes.LEASE_TYPEHASH, receipt)), epoch, amount);
        (dispute.channelId, dispute.lane, dispute.price) = (receipt.channelId, receipt.lane, receipt.price);
        return _fileReceipt(dispute, ReceiptHashes.TAG_LEASE, receipt.nodeId, proof, evidenceHash);
    }

    /// @inheritdoc IDisputeManager
    function fileWithheld(bytes32 lane, uint64 epoch, bytes32 evidenceHash)
        external
        nonReentrant
        returns (uint256 disputeId)
    {
        Dispute memory dispute;
        dispute.subject = keccak256(abi.encode(lane, epoch));
        (dispute.kind, dispute.lane, dispute.epoch, dispute.price) = (Kind.Withheld, lane, epoch, withholdingPenalty);
        dispute.amount = withholdingPenalty - refundedOf[dispute.subject];
        disputeId = _open(dispute, evidenceHash);
        _disputes[disputeId].locked = vault.lock(lane, dispute.amount);
    }

    function _isArbiter(address account) internal view virtual returns (bool);

    function _fileReceipt(
        Dispute memory dispute,
        uint8 tag,
        bytes32 nodeId,
        bytes32[] calldata proof,
        bytes32 evidenceHash
    ) private returns (uint256 disputeId) {
        if (dispute.kind == Kind.Withheld) revert WrongKind(dispute.kind);
        if (channels.channelOf(dispute.channelId).owner != msg.sender) {
            revert NotChannelOwner(dispute.channelId, msg.sender);
        }
        bytes32 leaf = ReceiptHashes.leaf(tag, dispute.subject);
        if (!receiptAnchor.verify(dispute.lane, dispute.epoch, leaf, proof)) revert NotIncluded(leaf);
        dispute.providerId = registry.nodeKeyOf(address(uint160(uint256(nodeId)))).providerId;
        uint128 max = dispute.price - refundedOf[dispute.subject];
        if (dispute.amount > max) revert AmountTooLarge(dispute.amount, max);
        disputeId = _open(dispute, evidenceHash);
        (_disputes[disputeId].frozen, _disputes[disputeId].locked) = _hold(dispute);
    }

    function _open(Dispute memory dispute, bytes32 evidenceHash) private returns (uint256 disputeId) {
        // With a party among six arbiters, too few would be left for an appeal.
        if (_isArbiter(msg.sender)) revert NotAParty(0, msg.sender);
        uint64 anchoredAt = receiptAnchor.anchorOf(dispute.lane, dispute.epoch).anchoredAt;
        if (anchoredAt == 0) revert EpochNotAnchored(dispute.lane, dispute.epoch);
        if (block.timestamp > anchoredAt + fileSeconds) revert FilingOver(anchoredAt + fileSeconds);
        if (dispute.amount == 0) revert ZeroAmount();
        if (liveDispute[dispute.subject][dispute.kind] != 0) revert LiveDispute(dispute.subject, dispute.kind);

        disputeId = ++disputeCount;
        liveDispute[dispute.subject][dispute.kind] = disputeId;
        (dispute.state, dispute.filer, dispute.bond) = (State.Filed, msg.sender, bond);
        dispute.deadline = uint64(block.timestamp) + respondSeconds;
        _disputes[disputeId] = dispute;
        emit DisputeFiled(
            disputeId, dispute.subject, dispute.providerId, dispute.kind, msg.sender, dispute.amount, evidenceHash
        );
        _takeBond(bond);
    }

    /// @dev Holds no more of the provider's money than the channel paid it by this lane, over all receipts, and no more
    ///      than the receipt cost, over all kinds of dispute: a lane and a payer in league cannot hold a provider by
    ///      receipts that nobody paid, nor by one that was paid once.
    function _hold(Dispute memory dispute) private returns (uint128 frozen, uint128 locked) {
        bytes32 payment = _paymentOf(dispute);
        uint128 amount = _min(dispute.amount, _saturating(_paidLeft(dispute, payment), heldOf[payment]));
        amount = _min(amount, _saturating(dispute.price - refundedOf[dispute.subject], heldOf[dispute.subject]));
        frozen = _freeze(dispute, amount);
        locked = vault.lock(dispute.providerId, _min(amount - frozen, slashMax));
        // Together within the price and within what was paid, by which both sums are bounded: no overflow.
        unchecked {
            heldOf[payment] += frozen + locked;
            heldOf[dispute.subject] += frozen + locked;
        }
    }
}
