// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {Voucher} from "../libraries/ReceiptHashes.sol";
import {ChannelStore} from "./ChannelStore.sol";

/// @title  Budgets
/// @notice How far a lane's anchored sum goes: what is set aside of it in a pending, what the lane has left beyond that, and
///         what its anchor holds by now. In that order, because each look costs more than the one before.
/// @dev    Always true: `taken` of a lane = Σ claimed by its vouchers + Σ set aside ≤ what it anchored. `unchecked` is where
///         that rules out an overflow.
abstract contract Budgets is ChannelStore {
    /// @dev What claims into one pending may draw, carried through a batch and written once: what is set aside there, and
    ///      once that does not do, all that the lane has left.
    struct Budget {
        uint256 left;
        uint256 anchored; // Of the lane, once it was read.
        Reach reach;
    }

    enum Reach {
        SetAside,
        Lane,
        Anchor // The lane's anchored sum is the anchor's answer of this transaction.
    }

    /// @dev Where {PendingState.setAside} begins in slot 0.
    uint256 internal constant SET_ASIDE_SHIFT = 144;

    /// @inheritdoc IPaymentChannels
    function returnSetAside(bytes32 providerId, bytes32 lane, uint64 epoch) external returns (uint128 returned) {
        PendingState storage pending = _pendingOf(providerId, lane, epoch);
        returned = pending.setAside;
        if (returned == 0) revert NothingSetAside(providerId, lane, epoch);
        pending.setAside = 0;
        _lanes[lane].taken -= returned;
        emit SetAsideReturned(providerId, lane, epoch, returned);
    }

    /// @inheritdoc IPaymentChannels
    function laneClaimsOf(bytes32 lane) external view returns (LaneClaims memory) {
        return LaneClaims(_lanes[lane].taken, _lanes[lane].claimedAnnounced);
    }

    function _budgetOf(uint256 word) internal pure returns (Budget memory budget) {
        budget.left = uint72(word >> SET_ASIDE_SHIFT);
    }

    /// @dev The lane is read only when what is set aside does not cover what is due, and its anchor asked only when the
    ///      last answer does not.
    function _leftOf(Budget memory budget, bytes32 lane, uint256 due) internal view returns (uint256 left) {
        left = budget.left;
        if (due <= left || budget.reach == Reach.Anchor) return left;
        unchecked {
            if (budget.reach == Reach.SetAside) {
                LaneState storage state = _lanes[lane];
                budget.anchored = state.anchored;
                // What is set aside here counts as taken: it is ours to draw.
                left += budget.anchored - state.taken;
                budget.reach = Reach.Lane;
            }
            if (due > left) {
                uint256 anchored = receiptAnchor.laneSumOf(lane);
                left += anchored - budget.anchored;
                (budget.anchored, budget.reach) = (anchored, Reach.Anchor);
            }
        }
        budget.left = left;
    }

    /// @dev Of what the lane has left, keeps for this pending what its vouchers are still to claim into it by the lane's
    ///      word: those find it in a slot that they write anyway.
    function _setAside(Voucher memory voucher, uint256 claimed, Budget memory budget) internal returns (uint256 kept) {
        uint256 earned = _min(voucher.earned, TOTAL_MAX);
        LaneState storage state = _lanes[voucher.lane];
        unchecked {
            kept = earned > claimed ? _min(earned - claimed, budget.left) : 0;
            (state.anchored, state.taken) = (uint128(budget.anchored), uint128(budget.anchored - budget.left + kept));
        }
    }
}
