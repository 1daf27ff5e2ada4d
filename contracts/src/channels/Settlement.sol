// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {ChannelStore} from "./ChannelStore.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title  Settlement
/// @notice The provider's side of {PaymentChannels}: pending is paid out as performance records release it, held for
///         disputes, and given back when they are lost.
abstract contract Settlement is ChannelStore {
    using Checkpoints for Checkpoints.Trace208;
    using SafeERC20 for IERC20;

    /// @notice May hold and refund pending: the dispute manager.
    bytes32 public constant DISPUTE_ROLE = keccak256("DISPUTE_ROLE");

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IPaymentChannels
    function settle(bytes32 providerId, bytes32 lane, uint64[] calldata epochs)
        external
        nonReentrant
        returns (uint128 gross)
    {
        IProviderRegistry.Provider memory provider = registry.providerOf(providerId);
        uint128 totalBefore = settledTotal[providerId];
        for (uint256 i = 0; i < epochs.length; ++i) {
            uint128 due = _takePayable(providerId, lane, epochs[i]);
            if (due == 0) continue;
            uint128 total = totalBefore + gross;
            uint128 fee = _feeOf(total + due, provider.feeBps) - _feeOf(total, provider.feeBps);
            gross += due;
            emit Settled(providerId, lane, epochs[i], due, fee, due - fee, provider.payout);
        }
        if (gross == 0) revert NothingPayable(providerId);

        uint128 feeTotal = _feeOf(totalBefore + gross, provider.feeBps) - _feeOf(totalBefore, provider.feeBps);
        settledTotal[providerId] = totalBefore + gross;
        _totals.paidOut += gross;
        token.safeTransfer(provider.payout, gross - feeTotal);
        if (feeTotal > 0) token.safeTransfer(treasury, feeTotal);
    }

    /// @inheritdoc IPaymentChannels
    function freeze(bytes32 providerId, bytes32 lane, uint64 epoch, uint128 amount)
        external
        onlyRole(DISPUTE_ROLE)
        returns (uint128 frozen)
    {
        PendingState storage pending = _pendingOf(providerId, lane, epoch);
        frozen = uint128(_min(amount, pending.claimed - pending.settled - pending.frozen));
        pending.frozen += uint72(frozen);
        emit PendingFrozen(providerId, lane, epoch, frozen, pending.frozen);
    }

    /// @inheritdoc IPaymentChannels
    function unfreeze(bytes32 providerId, bytes32 lane, uint64 epoch, uint128 amount) external onlyRole(DISPUTE_ROLE) {
        PendingState storage pending = _pendingOf(providerId, lane, epoch);
        uint128 freed = uint128(_min(amount, pending.frozen));
        pending.frozen -= uint72(freed);
        emit PendingUnfrozen(providerId, lane, epoch, freed, pending.frozen);
    }

    /// @inheritdoc IPaymentChannels
    function refundPending(bytes32 providerId, bytes32 lane, uint64 epoch, bytes32 channelId, uint128 amount)
        external
        onlyRole(DISPUTE_ROLE)
        returns (uint128 refunded)
    {
        PendingState storage pending = _pendingOf(providerId, lane, epoch);
        // A refund counts as funding once more; the bound on all funding makes it smaller, never an error.
        uint256 left = _min(pending.claimed - pending.settled, TOTAL_MAX - _totals.funded);
        refunded = uint128(_min(amount, left));
        if (refunded == 0) return 0;
        pending.frozen -= uint72(_min(refunded, pending.frozen));
        pending.settled += uint72(refunded);
        _totals.paidOut += refunded;
        _fund(channelId, refunded);
        emit PendingRefunded(providerId, lane, channelId, epoch, refunded);
    }

    /// @inheritdoc IPaymentChannels
    function pendingOf(bytes32 providerId, bytes32 lane, uint64 epoch) external view returns (Pending memory) {
        PendingState storage p = _pendingOf(providerId, lane, epoch);
        uint128 payable_ = _payableOf(providerId, lane, epoch, p);
        return Pending(p.claimed, p.settled, p.frozen, p.graceEndsAt, payable_, p.setAside);
    }

    function _takePayable(bytes32 providerId, bytes32 lane, uint64 epoch) private returns (uint128 due) {
        PendingState storage pending = _pendingOf(providerId, lane, epoch);
        due = _payableOf(providerId, lane, epoch, pending);
        pending.settled += uint72(due);
    }

    /// @dev What records released, or after the grace period all that no invalid record freezes; less what was paid or
    ///      refunded before, and never what a dispute holds, nor what was claimed late and has not waited long enough.
    function _payableOf(bytes32 providerId, bytes32 lane, uint64 epoch, PendingState storage pending)
        private
        view
        returns (uint128)
    {
        uint256 waiting = pending.late.latest() - pending.late.upperLookupRecent(uint48(block.timestamp));
        uint256 ripe = pending.claimed - waiting;
        uint256 taken = uint256(pending.settled) + pending.frozen;
        if (ripe <= taken) return 0;
        (uint256 released, uint256 invalid) = (0, 0);
        if (address(slaLedger) != address(0)) (released, invalid) = slaLedger.releaseOf(providerId, lane, epoch);
        if (block.timestamp >= pending.graceEndsAt && ripe > invalid + released) released = ripe - invalid;
        return released > pending.settled ? uint128(_min(ripe - taken, released - pending.settled)) : 0;
    }

    function _feeOf(uint128 total, uint16 feeBps) private pure returns (uint128) {
        return uint128(uint256(total) * feeBps / BPS);
    }
}
