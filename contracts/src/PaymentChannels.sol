// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "./interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "./interfaces/IReceiptAnchor.sol";
import {ReceiptHashes, Voucher} from "./libraries/ReceiptHashes.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title  PaymentChannels
/// @notice See {IPaymentChannels}.
/// @dev    Σ of all deposits, over the life of the contract, is held below 2⁹⁶ µUSD (7.9·10²² USD); every other amount
///         is a part of it, so 96 bits hold each, a claim touches few slots, and no cast below can lose a bit.
contract PaymentChannels is IPaymentChannels, AccessControl, Pausable, ReentrancyGuardTransient, EIP712 {
    using SafeERC20 for IERC20;
    using ReceiptHashes for Voucher;

    /// @dev Laid out so that a claim reads slots 1 and 2 and writes slot 1.
    struct ChannelState {
        address owner; // slot 0
        uint96 withdrawn;
        uint96 funded; // slot 1: deposited − withdrawn
        uint96 claimed;
        uint64 thawEndsAt;
        uint128 ceiling; // slot 2
        uint96 withdrawing;
    }

    struct PendingState {
        uint96 claimed;
        uint96 settled;
        uint64 payableAt;
    }

    struct Totals {
        uint128 deposited; // Σ of all deposits.
        uint128 paidOut; // Σ of all withdrawals and settlements.
    }

    /// @notice May pause inflow. Only the administrator lifts a pause.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    uint256 private constant TOTAL_MAX = type(uint96).max;
    uint256 private constant BPS = 10_000;

    IERC20 public immutable token;
    IProviderRegistry public immutable registry;
    IReceiptAnchor public immutable receiptAnchor;
    /// @notice Seconds between an epoch's anchoring and the moment when its pending becomes payable.
    uint64 public immutable settleWindowSeconds;
    /// @notice Seconds between a request to withdraw and the withdrawal.
    uint64 public immutable thawSeconds;

    address public treasury;

    Totals private _totals;
    mapping(bytes32 channelId => ChannelState) private _channels;
    mapping(bytes32 providerId => mapping(uint64 epoch => PendingState)) private _pending;
    mapping(bytes32 key => uint128) private _claimed; // key: _claimKey(channel, provider, lane)
    mapping(bytes32 lane => uint128) public laneClaimed;
    mapping(bytes32 providerId => uint128) public settledTotal;

    constructor(
        address admin,
        IERC20 token_,
        IProviderRegistry registry_,
        IReceiptAnchor receiptAnchor_,
        address treasury_,
        uint64 settleWindowSeconds_,
        uint64 thawSeconds_
    ) EIP712("Isochrone", "1") {
        if (admin == address(0)) revert ZeroAddress();
        token = token_;
        registry = registry_;
        receiptAnchor = receiptAnchor_;
        settleWindowSeconds = settleWindowSeconds_;
        thawSeconds = thawSeconds_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(GUARDIAN_ROLE, admin);
        _setTreasury(treasury_);
    }

    // ---------------------------------------------------------------------------------------------------- inflow

    /// @inheritdoc IPaymentChannels
    function open(address owner, bytes32 salt) external whenNotPaused returns (bytes32 channelId) {
        if (owner == address(0)) revert ZeroAddress();
        channelId = keccak256(abi.encode(owner, salt));
        if (_channels[channelId].owner != address(0)) revert ChannelExists(channelId);
        _channels[channelId].owner = owner;
        emit ChannelOpened(channelId, owner, salt);
    }

    /// @inheritdoc IPaymentChannels
    function deposit(bytes32 channelId, uint128 amount) external nonReentrant whenNotPaused {
        _depositFromCaller(channelId, amount);
    }

    /// @inheritdoc IPaymentChannels
    function depositWithPermit(bytes32 channelId, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        whenNotPaused
    {
        // Whoever sees the permit in the mempool can spend it first; that only sets the allowance we want anyway.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _depositFromCaller(channelId, amount);
    }

    /// @inheritdoc IPaymentChannels
    function depositWithAuthorization(
        bytes32 channelId,
        address from,
        uint128 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonceSalt,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant whenNotPaused {
        _credit(channelId, from, amount);
        bytes32 nonce = keccak256(abi.encode(channelId, nonceSalt));
        uint256 before = token.balanceOf(address(this));
        IERC3009(address(token))
            .receiveWithAuthorization(from, address(this), amount, validAfter, validBefore, nonce, v, r, s);
        _requireReceived(before, amount);
    }

    // --------------------------------------------------------------------------------------------------- ceiling

    /// @inheritdoc IPaymentChannels
    function setCeiling(bytes32 channelId, uint128 amount, bytes calldata signature) external {
        ChannelState storage channel = _channels[channelId];
        (address owner, uint128 ceiling) = (channel.owner, channel.ceiling);
        if (owner == address(0)) revert UnknownChannel(channelId);
        // A lifetime total that only grows needs no nonce: an old signature can do nothing any more.
        if (amount <= ceiling) revert CeilingNotRaised(channelId, amount, ceiling);
        if (!SignatureChecker.isValidSignatureNowCalldata(owner, ceilingDigest(channelId, amount), signature)) {
            revert InvalidCeilingSignature(channelId, owner);
        }
        channel.ceiling = amount;
        emit CeilingRaised(channelId, amount);
    }

    // ---------------------------------------------------------------------------------------------------- claims

    /// @inheritdoc IPaymentChannels
    function claim(Voucher calldata voucher, bytes calldata signature) external nonReentrant returns (uint128 paid) {
        Refusal reason;
        (paid, reason) = _claim(voucher, signature);
        if (reason != Refusal.None) revert ClaimRefused(reason);
    }

    /// @inheritdoc IPaymentChannels
    function claimMany(Voucher[] calldata vouchers, bytes[] calldata signatures)
        external
        nonReentrant
        returns (uint128 paid)
    {
        if (vouchers.length != signatures.length) {
            revert LengthMismatch(vouchers.length, signatures.length);
        }
        for (uint256 i = 0; i < vouchers.length; ++i) {
            Voucher calldata voucher = vouchers[i];
            (uint128 paidNow, Refusal reason) = _claim(voucher, signatures[i]);
            paid += paidNow;
            if (reason != Refusal.None) {
                emit ClaimSkipped(
                    voucher.channelId, voucher.providerId, voucher.lane, voucher.epoch, voucher.cumulative, reason
                );
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ settlement

    /// @inheritdoc IPaymentChannels
    function settle(bytes32 providerId, uint64[] calldata epochs) external nonReentrant returns (uint128 gross) {
        IProviderRegistry.Provider memory provider = registry.providerOf(providerId);
        uint128 totalBefore = settledTotal[providerId];
        for (uint256 i = 0; i < epochs.length; ++i) {
            uint128 due = _takePayable(providerId, epochs[i]);
            if (due == 0) continue;
            uint128 fee =
                _feeOf(totalBefore + gross + due, provider.feeBps) - _feeOf(totalBefore + gross, provider.feeBps);
            gross += due;
            emit Settled(providerId, epochs[i], due, fee, due - fee, provider.payout);
        }
        if (gross == 0) revert NothingPayable(providerId);

        uint128 feeTotal = _feeOf(totalBefore + gross, provider.feeBps) - _feeOf(totalBefore, provider.feeBps);
        settledTotal[providerId] = totalBefore + gross;
        _totals.paidOut += gross;
        token.safeTransfer(provider.payout, gross - feeTotal);
        if (feeTotal > 0) token.safeTransfer(treasury, feeTotal);
    }

    // ------------------------------------------------------------------------------------------------ withdrawal

    /// @inheritdoc IPaymentChannels
    function requestWithdrawal(bytes32 channelId, uint128 amount) external {
        ChannelState storage channel = _ownedByCaller(channelId);
        uint128 unclaimed = channel.funded - channel.claimed;
        if (amount > unclaimed) revert WithdrawalTooLarge(channelId, amount, unclaimed);
        uint64 thawEndsAt = amount == 0 ? 0 : uint64(block.timestamp) + thawSeconds;
        channel.withdrawing = uint96(amount);
        channel.thawEndsAt = thawEndsAt;
        emit WithdrawalRequested(channelId, amount, thawEndsAt);
    }

    /// @inheritdoc IPaymentChannels
    function withdraw(bytes32 channelId, address to) external nonReentrant returns (uint128 amount) {
        ChannelState storage channel = _ownedByCaller(channelId);
        if (to == address(0)) revert ZeroAddress();
        if (channel.thawEndsAt == 0) revert NoWithdrawalRequested(channelId);
        if (block.timestamp < channel.thawEndsAt) revert StillThawing(channelId, channel.thawEndsAt);

        // Claims go on while money thaws, so less than what was asked for may be left: what lanes signed comes first.
        amount = _min(channel.withdrawing, channel.funded - channel.claimed);
        if (amount == 0) revert NothingToWithdraw(channelId);
        channel.funded -= uint96(amount);
        channel.withdrawn += uint96(amount);
        channel.withdrawing = 0;
        channel.thawEndsAt = 0;
        _totals.paidOut += amount;
        emit Withdrawn(channelId, to, amount);
        token.safeTransfer(to, amount);
    }

    // --------------------------------------------------------------------------------------------- administration

    /// @notice Stops new channels and deposits. Claims, settlements and withdrawals go on.
    function pauseInflow() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    /// @notice Lifts the pause.
    function unpauseInflow() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    /// @notice Changes where fees go, from the next settlement on.
    function setTreasury(address treasury_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setTreasury(treasury_);
    }

    // ----------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IPaymentChannels
    function channelOf(bytes32 channelId) external view returns (Channel memory) {
        ChannelState memory c = _channels[channelId];
        return Channel(
            c.owner, uint128(c.funded) + c.withdrawn, c.withdrawn, c.claimed, c.ceiling, c.withdrawing, c.thawEndsAt
        );
    }

    /// @inheritdoc IPaymentChannels
    function pendingOf(bytes32 providerId, uint64 epoch) external view returns (Pending memory) {
        PendingState memory p = _pending[providerId][epoch];
        return Pending(p.claimed, p.settled, p.payableAt);
    }

    /// @inheritdoc IPaymentChannels
    function claimedOf(bytes32 channelId, bytes32 providerId, bytes32 lane) external view returns (uint128) {
        return _claimed[_claimKey(channelId, providerId, lane)];
    }

    /// @inheritdoc IPaymentChannels
    function liabilities() external view returns (uint256) {
        return _totals.deposited - _totals.paidOut;
    }

    /// @inheritdoc IPaymentChannels
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IPaymentChannels
    function voucherDigest(Voucher calldata voucher) public view returns (bytes32) {
        return _hashTypedDataV4(voucher.hash());
    }

    /// @inheritdoc IPaymentChannels
    function ceilingDigest(bytes32 channelId, uint128 amount) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptHashes.hashCeiling(channelId, amount));
    }

    // -------------------------------------------------------------------------------------------------- internals

    function _depositFromCaller(bytes32 channelId, uint128 amount) private {
        _credit(channelId, msg.sender, amount);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        _requireReceived(before, amount);
    }

    function _credit(bytes32 channelId, address from, uint128 amount) private {
        ChannelState storage channel = _channels[channelId];
        if (channel.owner == address(0)) revert UnknownChannel(channelId);
        if (amount == 0) revert ZeroAmount();
        uint256 total = uint256(_totals.deposited) + amount;
        if (total > TOTAL_MAX) revert TotalTooLarge(total, TOTAL_MAX);
        _totals.deposited = uint128(total);
        channel.funded += uint96(amount);
        emit Deposited(channelId, from, amount, uint128(channel.funded) + channel.withdrawn);
    }

    /// @dev A token that keeps a fee on transfer would leave us owing more than we hold.
    function _requireReceived(uint256 before, uint256 amount) private view {
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert UnexpectedTransferAmount(received, amount);
    }

    /// @dev Never reverts for what a voucher says: the caller decides whether a refusal is an error.
    function _claim(Voucher calldata voucher, bytes calldata signature) private returns (uint128 paid, Refusal reason) {
        if (!_isSignedByLane(voucher, signature)) return (0, Refusal.BadSignature);
        return _claimSigned(voucher);
    }

    function _claimSigned(Voucher calldata voucher) private returns (uint128 paid, Refusal reason) {
        bytes32 key = _claimKey(voucher.channelId, voucher.providerId, voucher.lane);
        uint128 claimedBefore = _claimed[key];
        if (voucher.cumulative <= claimedBefore) return (0, Refusal.NothingDue);
        // Providers are never deleted: one look, at the first claim, is enough.
        if (claimedBefore == 0 && !registry.providerExists(voucher.providerId)) return (0, Refusal.UnknownProvider);

        (bytes32 root, uint64 anchoredAt, uint128 laneSum) = receiptAnchor.claimBasis(voucher.lane, voucher.epoch);
        if (anchoredAt == 0) return (0, Refusal.EpochNotAnchored);
        if (voucher.receiptRoot != root) return (0, Refusal.RootMismatch);

        // A short channel pays what it can and records only that: the rest stays due, and nobody else's claim is blocked.
        (paid, reason) = _payable(voucher.channelId, voucher.lane, laneSum, voucher.cumulative - claimedBefore);
        if (reason != Refusal.None) return (0, reason);

        _claimed[key] = claimedBefore + paid;
        _recordPaid(voucher, paid, voucher.cumulative - claimedBefore - paid, anchoredAt);
    }

    function _isSignedByLane(Voucher calldata voucher, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(voucherDigest(voucher), signature);
        return failure == ECDSA.RecoverError.NoError && bytes32(uint256(uint160(signer))) == voucher.lane;
    }

    /// @dev min(due, balance, ceiling left, the lane's anchored sum left), or the limit that leaves nothing.
    function _payable(bytes32 channelId, bytes32 lane, uint128 laneSum, uint128 due)
        private
        view
        returns (uint128 paid, Refusal reason)
    {
        ChannelState storage channel = _channels[channelId];
        (uint128 funded, uint128 claimed, uint128 ceiling) = (channel.funded, channel.claimed, channel.ceiling);
        if (claimed >= ceiling) {
            return (0, channel.owner == address(0) ? Refusal.UnknownChannel : Refusal.CeilingReached);
        }
        if (claimed >= funded) return (0, Refusal.BalanceEmpty);
        uint128 laneLeft = laneSum - laneClaimed[lane];
        if (laneLeft == 0) return (0, Refusal.AnchoredSumReached);
        paid = _min(_min(due, laneLeft), _min(funded, ceiling) - claimed);
    }

    function _recordPaid(Voucher calldata voucher, uint128 paid, uint128 unpaid, uint64 anchoredAt) private {
        laneClaimed[voucher.lane] += paid;
        _channels[voucher.channelId].claimed += uint96(paid);

        PendingState storage pending = _pending[voucher.providerId][voucher.epoch];
        // Several lanes may have anchored this epoch at different times: the latest one's window covers them all.
        uint64 payableAt = anchoredAt + settleWindowSeconds;
        if (payableAt > pending.payableAt) pending.payableAt = payableAt;
        pending.claimed += uint96(paid);
        emit Claimed(
            voucher.channelId, voucher.providerId, voucher.lane, voucher.epoch, voucher.cumulative, paid, unpaid
        );
    }

    function _takePayable(bytes32 providerId, uint64 epoch) private returns (uint128 due) {
        PendingState storage pending = _pending[providerId][epoch];
        if (block.timestamp < pending.payableAt) return 0;
        due = pending.claimed - pending.settled;
        pending.settled = pending.claimed;
    }

    function _ownedByCaller(bytes32 channelId) private view returns (ChannelState storage channel) {
        channel = _channels[channelId];
        if (channel.owner == address(0)) revert UnknownChannel(channelId);
        if (channel.owner != msg.sender) revert NotChannelOwner(channelId, msg.sender);
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert ZeroAddress();
        treasury = treasury_;
        emit TreasuryChanged(treasury_);
    }

    function _feeOf(uint128 total, uint16 feeBps) private pure returns (uint128) {
        return uint128(uint256(total) * feeBps / BPS);
    }

    function _claimKey(bytes32 channelId, bytes32 providerId, bytes32 lane) private pure returns (bytes32) {
        return keccak256(abi.encode(channelId, providerId, lane));
    }

    function _min(uint128 a, uint128 b) private pure returns (uint128) {
        return a < b ? a : b;
    }
}
