// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {ReceiptHashes, Voucher} from "../libraries/ReceiptHashes.sol";
import {Budgets} from "./Budgets.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title  Claims
/// @notice The lane's side of {PaymentChannels}: vouchers move money from a channel into a provider's pending.
/// @dev    No token moves here and no code of strangers runs, so nothing needs a guard against reentrance. `unchecked` is
///         where a comparison just above it, or the bound on all money (see {ChannelStore}), rules out an overflow.
abstract contract Claims is Budgets {
    using Checkpoints for Checkpoints.Trace208;
    using ReceiptHashes for Voucher;

    /// @dev Where members begin in slot 0 of a {ChannelState}, and of a {PendingState}.
    uint256 private constant CLAIMED_SHIFT = 72;
    uint256 private constant CEILING_SHIFT = 144;
    uint256 private constant GRACE_SHIFT = 216;

    /// @inheritdoc IPaymentChannels
    function claim(Voucher memory voucher, bytes calldata signature) external returns (uint128 paid) {
        Refusal reason;
        (paid, reason) = _claim(voucher, signature);
        if (reason != Refusal.None) revert ClaimRefused(reason);
    }

    /// @inheritdoc IPaymentChannels
    function claimCompact(Voucher calldata voucher, bytes32 r, bytes32 vs) external returns (uint128 paid) {
        // Copied as words: reading each narrow member refuses one with higher bits.
        (voucher.epoch, voucher.cumulative, voucher.earned);
        Voucher memory copy = voucher.inMemory();
        bytes32 digest = MessageHashUtils.toTypedDataHash(_domainSeparatorV4(), copy.hashInPlace());
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, r, vs);
        if (failure != ECDSA.RecoverError.NoError || _laneOf(signer) != copy.lane) {
            revert ClaimRefused(Refusal.BadSignature);
        }
        (uint256 drawn, Refusal reason) = _claimSigned(copy);
        if (reason != Refusal.None) revert ClaimRefused(reason);
        return uint128(drawn);
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
    function claimEach(
        bytes32 providerId,
        bytes32 lane,
        uint64 epoch,
        bytes32 receiptRoot,
        uint128 earned,
        Due[] calldata dues
    ) external returns (uint128 paid) {
        Voucher memory voucher = Voucher(0, providerId, lane, epoch, 0, receiptRoot, earned);
        PendingState storage pending = _pendingOf(voucher);
        uint256 word = _wordOf(pending);
        Budget memory budget = _budgetOf(word);
        bytes32 domain = _domainSeparatorV4();
        uint256 total;
        for (uint256 i = 0; i < dues.length; ++i) {
            total += _claimDue(dues[i], voucher, budget, domain);
        }
        if (total == 0) return 0;
        _book(voucher, pending, word, budget, total);
        return uint128(total);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IPaymentChannels
    function voucherDigest(Voucher calldata voucher) public view returns (bytes32) {
        return _hashTypedDataV4(voucher.hash());
    }

    /// @inheritdoc IPaymentChannels
    function claimedOf(bytes32 channelId, bytes32 providerId, bytes32 lane) external view returns (uint128) {
        return uint128(_claimed[_claimKey(channelId, providerId, lane)]);
    }

    // -------------------------------------------------------------------------------------------------- internals

    /// @dev Never reverts for what a voucher says: the caller decides whether a refusal is an error.
    function _claim(Voucher memory voucher, bytes calldata signature) private returns (uint128, Refusal) {
        if (!_isSignedByLane(voucher, signature)) return (0, Refusal.BadSignature);
        (uint256 paid, Refusal reason) = _claimSigned(voucher);
        return (uint128(paid), reason);
    }

    function _claimSigned(Voucher memory voucher) private returns (uint256 paid, Refusal reason) {
        PendingState storage pending = _pendingOf(voucher);
        uint256 word = _wordOf(pending);
        Budget memory budget = _budgetOf(word);
        (paid, reason) = _draw(voucher, budget);
        if (reason == Refusal.None) _book(voucher, pending, word, budget, paid);
    }

    /// @dev One of a batch: `voucher` has the fields that all of them share.
    function _claimDue(Due calldata due, Voucher memory voucher, Budget memory budget, bytes32 domain)
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
    function _draw(Voucher memory voucher, Budget memory budget) internal returns (uint256 paid, Refusal) {
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
        uint256 wanted = due;
        if (due > budget.left) wanted = _min(due, _leftOf(budget, voucher.lane, due));
        Refusal reason;
        (paid, reason) = _takeFromChannel(voucher.channelId, wanted);
        if (reason != Refusal.None) return (0, reason);

        unchecked {
            claimed[key] = before + paid;
            budget.left -= paid;
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
        uint256 word;
        assembly ("memory-safe") {
            word := sload(channel.slot)
        }
        (uint256 funded, uint256 claimed, uint256 ceiling) =
            (uint72(word), uint72(word >> CLAIMED_SHIFT), uint72(word >> CEILING_SHIFT));
        if (claimed >= ceiling) {
            return (0, channel.owner == address(0) ? Refusal.UnknownChannel : Refusal.CeilingReached);
        }
        if (claimed >= funded) return (0, Refusal.BalanceEmpty);
        if (wanted == 0) return (0, Refusal.AnchoredSumReached);
        unchecked {
            paid = _min(wanted, _min(funded, ceiling) - claimed);
            word += paid << CLAIMED_SHIFT;
        }
        assembly ("memory-safe") {
            sstore(channel.slot, word)
        }
        return (paid, Refusal.None);
    }

    /// @dev `_claimKey` of the voucher's first three words, where they lie.
    function _claimKeyOf(Voucher memory voucher) private pure returns (bytes32 key) {
        assembly ("memory-safe") {
            key := keccak256(voucher, 0x60)
        }
    }

    /// @dev The voucher's next three words are the key of its pending.
    function _pendingOf(Voucher memory voucher) private view returns (PendingState storage) {
        bytes32 key;
        assembly ("memory-safe") {
            key := keccak256(add(voucher, 0x20), 0x60)
        }
        return _pending[key];
    }

    /// @dev Slot 0 of a {PendingState}.
    function _wordOf(PendingState storage pending) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(pending.slot)
        }
    }

    /// @dev Adds what was drawn to the pending. Whatever epoch a voucher names, its money is seen for most of a grace period
    ///      before time alone makes it payable.
    function _book(
        Voucher memory voucher,
        PendingState storage pending,
        uint256 word,
        Budget memory budget,
        uint256 paid
    ) private {
        unchecked {
            uint256 graceEndsAt = word >> GRACE_SHIFT;
            if (graceEndsAt == 0) {
                word |= (block.timestamp + graceSeconds) << GRACE_SHIFT;
            } else if (block.timestamp > graceEndsAt - graceSeconds + graceSeconds / CLAIM_WINDOW_DIVISOR) {
                uint208 lateBefore = pending.late.latest();
                pending.late.push(uint48(block.timestamp + graceSeconds), lateBefore + uint208(paid));
            }
            word += paid; // A part of what was funded.
            uint256 setAside = budget.reach == Reach.SetAside ? budget.left : _setAside(voucher, uint72(word), budget);
            word ^= (uint72(word >> SET_ASIDE_SHIFT) ^ setAside) << SET_ASIDE_SHIFT;
        }
        assembly ("memory-safe") {
            sstore(pending.slot, word)
        }
    }

    function _reportSkipped(Voucher memory voucher, Refusal reason) private {
        emit ClaimSkipped(
            voucher.channelId, voucher.providerId, voucher.lane, voucher.epoch, voucher.cumulative, reason
        );
    }

    function _isSignedByLane(Voucher memory voucher, bytes calldata signature) internal view returns (bool) {
        bytes32 digest = _hashTypedDataV4(voucher.hashInPlace());
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && _laneOf(signer) == voucher.lane;
    }

    function _laneOf(address gatewayKey) private pure returns (bytes32) {
        return bytes32(uint256(uint160(gatewayKey)));
    }
}
