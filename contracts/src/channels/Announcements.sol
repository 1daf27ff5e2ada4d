// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {ReceiptHashes, Voucher} from "../libraries/ReceiptHashes.sol";
import {Claims} from "./Claims.sol";

/// @title  Announcements
/// @notice The other door for vouchers: what a lane left out of its epochs is announced, and a grace period later its
///         signature alone pays, so that omission cannot censor a provider.
abstract contract Announcements is Claims {
    using ReceiptHashes for Voucher;

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
        Budget memory unbounded = Budget(type(uint256).max, 0, Reach.Anchor);
        (uint256 drawn, Refusal reason) = _draw(voucher, unbounded);
        if (reason != Refusal.None) revert ClaimRefused(reason);
        paid = uint128(drawn);
        _lanes[voucher.lane].claimedAnnounced += paid;
        PendingState storage pending = _pendingOf(voucher.providerId, voucher.lane, voucher.epoch);
        // Never late: it was seen for a grace period of its own.
        if (pending.graceEndsAt == 0) pending.graceEndsAt = uint40(block.timestamp + graceSeconds);
        pending.claimed += uint72(paid);
    }

    /// @inheritdoc IPaymentChannels
    function claimableAt(Voucher calldata voucher) external view returns (uint64) {
        return _claimableAt[voucher.hash()];
    }
}
