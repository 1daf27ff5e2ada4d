// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Penalties} from "../base/Penalties.sol";
import {IDisputeManager} from "../interfaces/IDisputeManager.sol";
import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "../interfaces/IReceiptAnchor.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title  Refunds
/// @notice Where the money of a refund comes from, in order, and how it reaches the payer's channel.
abstract contract Refunds is IDisputeManager, Penalties {
    using SafeERC20 for IERC20;

    /// @param bond held from whoever files a dispute; `appealBond` from whoever appeals.
    /// @param slashMax µUSD that one verdict may take of one stake at most.
    /// @param withholdingPenalty what a withheld epoch file costs its lane.
    /// @param rewardBps of what was slashed goes to whoever said that a file was withheld.
    struct Parameters {
        IERC20 token;
        IProviderRegistry registry;
        IReceiptAnchor receiptAnchor;
        IPaymentChannels channels;
        IStakeVault vault;
        address treasury;
        uint128 bond;
        uint128 appealBond;
        uint128 slashMax;
        uint128 withholdingPenalty;
        uint16 rewardBps;
    }

    IProviderRegistry public immutable registry;
    IReceiptAnchor public immutable receiptAnchor;
    IPaymentChannels public immutable channels;

    /// @notice µUSD that one verdict may take of one stake at most.
    uint128 public immutable slashMax;

    /// @notice µUSD refunded of a receipt (by struct hash), or slashed for a withheld file (by keccak(lane, epoch)).
    mapping(bytes32 subject => uint128) public refundedOf;

    /// @dev µUSD that open disputes hold of a provider's pending and stake: by receipt, and by keccak(channel, provider,
    ///      lane).
    mapping(bytes32 what => uint128) internal heldOf;

    /// @dev µUSD refunded out of money that is not the lane's, by keccak(channel, provider, lane).
    mapping(bytes32 payment => uint128) private _returned;

    constructor(Parameters memory p) {
        if (p.withholdingPenalty > p.slashMax) revert ParameterTooLarge(p.withholdingPenalty, p.slashMax);
        (registry, receiptAnchor, channels, slashMax) = (p.registry, p.receiptAnchor, p.channels, p.slashMax);
    }

    /// @dev The holds of the dispute must still stand; they are used up or let go here.
    function _refund(uint256 disputeId, Dispute memory dispute, uint128 wanted) internal returns (uint128 refunded) {
        // The price bounds all refunds of a receipt together, whatever panels ruled about its several kinds of dispute.
        uint128 amount = _min(wanted, dispute.price - refundedOf[dispute.subject]);
        bytes32 payment = _paymentOf(dispute);
        // Nor does anyone but the lane answer for a receipt that its payer never paid.
        uint128 paid = _min(amount, _paidLeft(dispute, payment));
        uint128 fromPending = _drawPending(dispute, paid);
        uint128 fromProvider = _slash(dispute.providerId, paid - fromPending);
        uint128 fromLane = _slash(dispute.lane, amount - fromPending - fromProvider);
        uint128 fromTreasury = _drawTreasury(_saturating(paid, fromPending + fromProvider + fromLane));
        _returned[payment] += fromPending + fromProvider + fromTreasury;
        uint128 credited = fromProvider + fromLane + fromTreasury;
        refunded = fromPending + credited;
        refundedOf[dispute.subject] += refunded;
        emit RefundDrawn(disputeId, fromPending, fromProvider, fromLane, fromTreasury);
        if (credited == 0) return refunded;
        token.forceApprove(address(channels), credited);
        channels.credit(dispute.channelId, credited);
    }

    function _paymentOf(Dispute memory d) internal pure returns (bytes32) {
        return keccak256(abi.encode(d.channelId, d.providerId, d.lane));
    }

    /// @dev What the channel paid the provider by this lane, less what was given back of it.
    function _paidLeft(Dispute memory d, bytes32 payment) internal view returns (uint128) {
        return _saturating(channels.claimedOf(d.channelId, d.providerId, d.lane), _returned[payment]);
    }

    function _saturating(uint128 a, uint128 b) internal pure returns (uint128) {
        return a > b ? a - b : 0;
    }

    function _freeze(Dispute memory d, uint128 amount) internal returns (uint128) {
        return channels.freeze(d.providerId, d.lane, d.epoch, amount);
    }

    function _unfreeze(Dispute memory d, uint128 amount) internal {
        channels.unfreeze(d.providerId, d.lane, d.epoch, amount);
    }

    /// @dev Never another dispute's hold: what goes beyond ours is frozen first, which finds only what is free.
    function _drawPending(Dispute memory d, uint128 amount) private returns (uint128) {
        uint128 held = _min(amount, d.frozen);
        if (d.frozen > held) _unfreeze(d, d.frozen - held);
        if (amount > held) held += _freeze(d, amount - held);
        return held == 0 ? 0 : channels.refundPending(d.providerId, d.lane, d.epoch, d.channelId, held);
    }

    function _slash(bytes32 subject, uint128 amount) private returns (uint128) {
        return amount == 0 ? 0 : vault.slash(subject, _min(amount, slashMax), address(this));
    }

    /// @dev As far as the treasury allows and has; it cannot block a refund.
    function _drawTreasury(uint128 amount) private returns (uint128) {
        uint256 allowed = Math.min(token.balanceOf(treasury), token.allowance(treasury, address(this)));
        uint128 taken = uint128(Math.min(amount, allowed));
        return taken > 0 && token.trySafeTransferFrom(treasury, address(this), taken) ? taken : 0;
    }

    function _min(uint128 a, uint128 b) internal pure returns (uint128) {
        return a < b ? a : b;
    }
}
