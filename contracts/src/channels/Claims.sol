// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {ReceiptHashes, Voucher} from "../libraries/ReceiptHashes.sol";
import {ChannelStore} from "./ChannelStore.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title  Claims
/// @notice The lane's side of {PaymentChannels}: vouchers move money from a channel into a provider's pending.
/// @dev    No token moves here and no code of strangers runs, so nothing needs a guard against reentrance. `unchecked` is
///         where a comparison just above it, or the bound on all money (see {ChannelStore}), rules out an overflow.
abstract contract Claims is ChannelStore {
    using ReceiptHashes for Voucher;

    /// @dev What a lane may still claim, carried through a batch and written once.
    struct LaneBudget {
        uint256 anchored;
        uint256 claimed;
        bool isAsked; // Whether `anchored` is the anchor's answer of this transaction.
    }

    /// @inheritdoc IPaymentChannels
    function claim(Voucher memory voucher, bytes calldata signature) external returns (uint128 paid) {
        Refusal reason;
        (paid, reason) = _claim(voucher, signature);
        if (reason != Refusal.None) revert ClaimRefused(reason);
    }

    /// @inheritdoc IPaymentChannels
    function claimMany(Voucher[] calldata vouchers, bytes[] calldata signatures) external returns (uint128 paid) {
        if (vouchers.length != signatures.length) {
            revert LengthMismatch(vouchers.length, signatures.length);
        }
        for (uint256 i = 0; i < vouchers.length; ++i) {
            (uint128 paidNow, Refusal reason) = _claim(vouchers[i], signatures[i]);
            paid += paidNow;
            if (reason != Refusal.None) _reportSkipped(vouchers[i], reason);
        }
    }

    /// @inheritdoc IPaymentChannels
    function claimEach(bytes32 providerId, bytes32 lane, uint64 epoch, bytes32 receiptRoot, Due[] calldata dues)
        external
        returns (uint128 paid)
    {
        Voucher memory voucher = Voucher(0, providerId, lane, epoch, 0, receiptRoot);
        LaneBudget memory budget = _budgetOf(lane);
        bytes32 domain = _domainSeparatorV4();
        uint256 total;
        for (uint256 i = 0; i < dues.length; ++i) {
            total += _claimDue(dues[i], voucher, budget, domain);
        }
        if (total == 0) return 0;
        _keep(lane, budget);
        _addPending(providerId, epoch, total);
        return uint128(total);
    }

    /// @inheritdoc IPaymentChannels
    function announce(Voucher calldata voucher, bytes calldata signature) external {
        if (!_isSignedByLane(voucher, signature)) revert ClaimRefused(Refusal.BadSignature);
        if (!registry.providerExists(voucher.providerId)) revert ClaimRefused(Refusal.UnknownProvider);
        bytes32 voucherHash = voucher.hash();
        uint64 announcedUntil = _claimableAt[voucherHash];
        if (announcedUntil != 0) revert AlreadyAnnounced(voucher.lane, voucher.cumulative, announcedUntil);
        uint64 waitsUntil = uint64(block.timestamp) + graceSeconds;
        _claimableAt[voucherHash] = waitsUntil;
        emit VoucherAnnounced(
            voucher.channelId, voucher.providerId, voucher.lane, voucher.epoch, voucher.cumulative, waitsUntil
        );
    }

    /// @inheritdoc IPaymentChannels
    function claimAnnounced(Voucher calldata voucher) external returns (uint128 paid) {
        uint64 waitsUntil = _claimableAt[voucher.hash()];
        if (waitsUntil == 0) revert NotAnnounced(voucher.lane, voucher.cumulative);
        if (block.timestamp < waitsUntil) revert GraceRunning(waitsUntil);
        if (!registry.isLane(voucher.lane)) revert LaneNotActive(voucher.lane);

        // What a lane left out of its epochs does not use up what it anchored for others.
        LaneBudget memory unbounded = LaneBudget(type(uint256).max, 0, true);
        (uint256 drawn, Refusal reason) = _draw(voucher, unbounded);
        if (reason != Refusal.None) revert ClaimRefused(reason);
        paid = uint128(drawn);
        _lanes[voucher.lane].claimedAnnounced += paid;
        _addClaimed(voucher.providerId, voucher.epoch, paid); // It was seen for a grace period of its own.
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IPaymentChannels
    function voucherDigest(Voucher calldata voucher) public view returns (bytes32) {
        return _hashTypedDataV4(voucher.hash());
    }

    /// @inheritdoc IPaymentChannels
    function claimableAt(Voucher calldata voucher) external view returns (uint64) {
        return _claimableAt[voucher.hash()];
    }

    /// @inheritdoc IPaymentChannels
    function claimedOf(bytes32 channelId, bytes32 providerId, bytes32 lane) external view returns (uint128) {
        return uint128(_claimed[_claimKey(channelId, providerId, lane)]);
    }

    /// @inheritdoc IPaymentChannels
    function laneClaimsOf(bytes32 lane) external view returns (LaneClaims memory) {
        return LaneClaims(_lanes[lane].claimed, _lanes[lane].claimedAnnounced);
    }

    // -------------------------------------------------------------------------------------------------- internals

    /// @dev Never reverts for what a voucher says: the caller decides whether a refusal is an error.
    function _claim(Voucher memory voucher, bytes calldata signature) private returns (uint128, Refusal) {
        if (!_isSignedByLane(voucher, signature)) return (0, Refusal.BadSignature);
        LaneBudget memory budget = _budgetOf(voucher.lane);
        (uint256 paid, Refusal reason) = _draw(voucher, budget);
        if (reason != Refusal.None) return (0, reason);
        _keep(voucher.lane, budget);
        _addPending(voucher.providerId, voucher.epoch, paid);
        return (uint128(paid), Refusal.None);
    }

    /// @dev One of a batch: `voucher` has the fields that all of them share.
    function _claimDue(Due calldata due, Voucher memory voucher, LaneBudget memory budget, bytes32 domain)
        private
        returns (uint256 paid)
    {
        (voucher.channelId, voucher.cumulative) = (due.channelId, due.cumulative);
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, voucher.hashInPlace());
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, due.r, due.vs);
        Refusal reason = Refusal.BadSignature;
        if (failure == ECDSA.RecoverError.NoError && _laneOf(signer) == voucher.lane) {
            (paid, reason) = _draw(voucher, budget);
        }
        if (reason != Refusal.None) _reportSkipped(voucher, reason);
    }

    /// @dev Takes min(due, the lane's anchored sum left, balance, ceiling left) out of the channel and the lane's budget,
    ///      or says which of them leaves nothing. A short channel pays what it can and only that is recorded: the rest
    ///      stays due, and nobody else's claim is blocked.
    function _draw(Voucher memory voucher, LaneBudget memory budget) private returns (uint256 paid, Refusal) {
        mapping(bytes32 => uint256) storage claimed = _claimed;
        bytes32 key = _claimKeyOf(voucher);
        uint256 before = claimed[key];
        if (voucher.cumulative <= before) return (0, Refusal.NothingDue);
        // Providers are never deleted: one look, at the first claim, is enough.
        if (before == 0 && !registry.providerExists(voucher.providerId)) return (0, Refusal.UnknownProvider);

        uint256 due;
        unchecked {
            due = voucher.cumulative - before;
        }
        Refusal reason;
        (paid, reason) = _takeFromChannel(voucher.channelId, _min(due, _laneLeft(budget, voucher.lane, due)));
        if (reason != Refusal.None) return (0, reason);

        unchecked {
            claimed[key] = before + paid;
            budget.claimed += paid;
            due -= paid;
        }
        emit Claimed(
            voucher.channelId,
            voucher.providerId,
            voucher.lane,
            voucher.epoch,
            voucher.cumulative,
            uint128(paid),
            uint128(due)
        );
        return (paid, Refusal.None);
    }

    /// @dev Takes min(wanted, balance, ceiling left); `wanted` = 0 means that the lane's anchored sum is used up.
    function _takeFromChannel(bytes32 channelId, uint256 wanted) private returns (uint256 paid, Refusal) {
        ChannelState storage channel = _channels[channelId];
        (uint256 funded, uint256 claimed, uint256 ceiling) = (channel.funded, channel.claimed, channel.ceiling);
        if (claimed >= ceiling) {
            return (0, channel.owner == address(0) ? Refusal.UnknownChannel : Refusal.CeilingReached);
        }
        if (claimed >= funded) return (0, Refusal.BalanceEmpty);
        if (wanted == 0) return (0, Refusal.AnchoredSumReached);
        unchecked {
            paid = _min(wanted, _min(funded, ceiling) - claimed);
            channel.claimed = uint72(claimed + paid);
        }
        return (paid, Refusal.None);
    }

    /// @dev The anchor is asked only when its last answer does not cover what is due.
    function _laneLeft(LaneBudget memory budget, bytes32 lane, uint256 due) private view returns (uint256) {
        unchecked {
            uint256 left = budget.anchored - budget.claimed;
            if (due <= left || budget.isAsked) return left;
            budget.anchored = receiptAnchor.laneSumOf(lane);
            budget.isAsked = true;
            return budget.anchored - budget.claimed;
        }
    }

    /// @dev `_claimKey` of the voucher's first three words, where they lie.
    function _claimKeyOf(Voucher memory voucher) private pure returns (bytes32 key) {
        assembly ("memory-safe") {
            key := keccak256(voucher, 0x60)
        }
    }

    function _budgetOf(bytes32 lane) private view returns (LaneBudget memory) {
        LaneState storage state = _lanes[lane];
        return LaneBudget(state.anchored, state.claimed, false);
    }

    function _keep(bytes32 lane, LaneBudget memory budget) private {
        LaneState storage state = _lanes[lane];
        (state.anchored, state.claimed) = (uint128(budget.anchored), uint128(budget.claimed));
    }

    /// @dev Whatever epoch a voucher names, its money is seen for most of a grace period before time alone makes it payable.
    function _addPending(bytes32 providerId, uint64 epoch, uint256 amount) private {
        if (block.timestamp <= _addClaimed(providerId, epoch, amount) + graceSeconds / CLAIM_WINDOW_DIVISOR) return;
        LateState storage late = _late[providerId][epoch];
        if (late.endsAt <= block.timestamp) late.amount = 0;
        late.amount += uint72(amount);
        late.endsAt = uint40(block.timestamp + graceSeconds);
    }

    /// @dev Says when the pending had its first claim.
    function _addClaimed(bytes32 providerId, uint64 epoch, uint256 amount) private returns (uint256 firstClaimAt) {
        PendingState storage pending = _pending[providerId][epoch];
        if (pending.graceEndsAt == 0) pending.graceEndsAt = uint40(block.timestamp + graceSeconds);
        unchecked {
            pending.claimed += uint72(amount); // A part of what was funded.
            return pending.graceEndsAt - graceSeconds;
        }
    }

    function _reportSkipped(Voucher memory voucher, Refusal reason) private {
        emit ClaimSkipped(
            voucher.channelId, voucher.providerId, voucher.lane, voucher.epoch, voucher.cumulative, reason
        );
    }

    function _isSignedByLane(Voucher memory voucher, bytes calldata signature) private view returns (bool) {
        bytes32 digest = _hashTypedDataV4(voucher.hashInPlace());
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && _laneOf(signer) == voucher.lane;
    }

    function _laneOf(address gatewayKey) private pure returns (bytes32) {
        return bytes32(uint256(uint160(gatewayKey)));
    }
}
