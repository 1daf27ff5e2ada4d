// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "../interfaces/IReceiptAnchor.sol";
import {ISignatureVerifier} from "../interfaces/ISignatureVerifier.sol";
import {ISlaLedger} from "../interfaces/ISlaLedger.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title  ChannelStore
/// @notice What the parts of {PaymentChannels} share: the storage, its bounds, and the contracts around it.
/// @dev    Σ of all that ever came in is held below 2⁷² µUSD (4.7·10¹⁵ USD) by {_fund}, and every other amount is a part
///         of it: 72 bits hold each, and no cast to `uint72` can lose a bit. A claim writes one slot for the channel, one
///         for the pending, and one for the (channel, provider, lane); one for the lane too, unless what the lane set
///         aside in the pending covers it.
abstract contract ChannelStore is IPaymentChannels, AccessControl, Pausable, ReentrancyGuardTransient, EIP712 {
    struct ChannelState {
        uint72 funded; // slot 0, all that a claim needs: deposited − withdrawn
        uint72 claimed;
        uint72 ceiling;
        uint40 thawEndsAt;
        address owner; // slot 1
        uint72 withdrawn;
        uint72 withdrawing; // slot 2
    }

    /// @dev Of a (provider, lane, epoch). `setAside` is a part of the lane's anchored sum that is kept for it alone. What is
    ///      claimed after the claim window is late, and waits a grace period of its own: a lane chooses the epoch that its
    ///      vouchers name, and without this, money that it claims into an old one would be payable at once. `late` is
    ///      Σ of it, by the second at which it has waited: nothing that is claimed later moves the end of what was
    ///      claimed before, and a look costs the logarithm of how often that was.
    struct PendingState {
        uint72 claimed; // slot 0, all that a claim needs; {Claims} reads and writes it as a word
        uint72 settled;
        uint72 setAside;
        uint40 graceEndsAt;
        uint72 frozen; // slot 1
        Checkpoints.Trace208 late; // slot 2
    }

    /// @dev `anchored` is what the anchor said when it was last asked. It only grows, so an old answer is a safe one.
    struct LaneState {
        uint128 anchored; // slot 0
        uint128 taken; // Claimed, or set aside in a pending.
        uint128 claimedAnnounced; // slot 1
    }

    struct Totals {
        uint128 funded; // Σ of all deposits, credits and refunds.
        uint128 paidOut; // Σ of all withdrawals, settlements and refunds.
    }

    uint256 internal constant TOTAL_MAX = type(uint72).max;

    /// @dev Claims into a pending share the grace period of its first one if they come within an eighth of it.
    uint256 internal constant CLAIM_WINDOW_DIVISOR = 8;

    IERC20 public immutable token;
    IProviderRegistry public immutable registry;
    IReceiptAnchor public immutable receiptAnchor;
    ISignatureVerifier public immutable signatureVerifier;
    /// @notice Seconds after the first claim of (provider, lane, epoch) in which performance records are waited for, and for
    ///         which an announced voucher waits.
    uint64 public immutable graceSeconds;
    /// @notice Seconds between a request to withdraw and the withdrawal.
    uint64 public immutable thawSeconds;

    address public treasury;
    ISlaLedger public slaLedger;

    Totals internal _totals;
    mapping(bytes32 channelId => ChannelState) internal _channels;
    mapping(bytes32 key => PendingState) internal _pending; // key: keccak256(provider, lane, epoch)
    mapping(bytes32 key => uint256) internal _claimed; // key: _claimKey(channel, provider, lane)
    mapping(bytes32 lane => LaneState) internal _lanes;
    mapping(bytes32 voucherHash => uint64) internal _claimableAt;
    mapping(bytes32 channelId => mapping(address key => bool)) public isSessionRevoked;
    mapping(bytes32 providerId => uint128) public settledTotal;

    constructor(
        IERC20 token_,
        IProviderRegistry registry_,
        IReceiptAnchor receiptAnchor_,
        ISignatureVerifier signatureVerifier_,
        uint64 graceSeconds_,
        uint64 thawSeconds_
    ) EIP712("Isochrone", "1") {
        // While a payer's money thaws, a provider must be able to announce a voucher and see its grace period out.
        if (graceSeconds_ >= thawSeconds_) revert GraceTooLong(graceSeconds_, thawSeconds_);
        token = token_;
        registry = registry_;
        receiptAnchor = receiptAnchor_;
        signatureVerifier = signatureVerifier_;
        graceSeconds = graceSeconds_;
        thawSeconds = thawSeconds_;
    }

    /// @dev Adds to a channel that exists, and says the channel's lifetime deposits. The money is in hand, or comes in the
    ///      same call.
    function _fund(bytes32 channelId, uint128 amount) internal returns (uint128 deposited) {
        ChannelState storage channel = _channels[channelId];
        if (channel.owner == address(0)) revert UnknownChannel(channelId);
        if (amount == 0) revert ZeroAmount();
        uint256 total = uint256(_totals.funded) + amount;
        if (total > TOTAL_MAX) revert TotalTooLarge(total, TOTAL_MAX);
        _totals.funded = uint128(total);
        channel.funded += uint72(amount);
        return uint128(channel.funded) + channel.withdrawn;
    }

    function _claimKey(bytes32 channelId, bytes32 providerId, bytes32 lane) internal pure returns (bytes32) {
        return keccak256(abi.encode(channelId, providerId, lane));
    }

    function _pendingOf(bytes32 providerId, bytes32 lane, uint64 epoch) internal view returns (PendingState storage) {
        return _pending[keccak256(abi.encode(providerId, lane, epoch))];
    }

    function _min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
