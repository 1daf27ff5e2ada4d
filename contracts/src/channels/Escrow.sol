// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {ReceiptHashes, SessionKey} from "../libraries/ReceiptHashes.sol";
import {ChannelStore} from "./ChannelStore.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title  Escrow
/// @notice The payer's side of {PaymentChannels}: open, deposit, sign a ceiling, ask money back.
abstract contract Escrow is ChannelStore {
    using SafeERC20 for IERC20;

    // ----------------------------------------------------------------------------------------------------- inflow

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
        emit Deposited(channelId, from, amount, _fund(channelId, amount));
        bytes32 nonce = keccak256(abi.encode(channelId, nonceSalt));
        uint256 before = token.balanceOf(address(this));
        IERC3009(address(token))
            .receiveWithAuthorization(from, address(this), amount, validAfter, validBefore, nonce, v, r, s);
        _requireReceived(before, amount);
    }

    /// @inheritdoc IPaymentChannels
    function credit(bytes32 channelId, uint128 amount) external nonReentrant {
        emit Credited(channelId, msg.sender, amount, _fund(channelId, amount));
        _takeFromCaller(amount);
    }

    // ---------------------------------------------------------------------------------------------------- ceiling

    /// @inheritdoc IPaymentChannels
    function setCeiling(bytes32 channelId, uint128 amount, bytes calldata signature) external {
        address owner = _ownerOf(channelId);
        if (!signatureVerifier.isValid(owner, ceilingDigest(channelId, amount), signature)) {
            revert InvalidCeilingSignature(channelId, owner);
        }
        _raiseCeiling(channelId, amount);
    }

    /// @inheritdoc IPaymentChannels
    function setCeilingBySession(
        uint128 amount,
        SessionKey calldata session,
        bytes calldata ownerSignature,
        bytes calldata keySignature
    ) external {
        (bytes32 channelId, address key) = (session.channelId, session.key);
        address owner = _ownerOf(channelId);
        if (isSessionRevoked[channelId][key]) revert SessionKeyInvalid(channelId, key);
        if (block.timestamp > session.validUntil) revert SessionOver(channelId, key, session.validUntil);
        if (amount > session.ceilingMax) revert SessionCeilingTooHigh(amount, session.ceilingMax);
        if (
            !signatureVerifier.isValid(owner, sessionKeyDigest(session), ownerSignature)
                || !signatureVerifier.isValid(key, ceilingDigest(channelId, amount), keySignature)
        ) revert SessionKeyInvalid(channelId, key);
        _raiseCeiling(channelId, amount);
    }

    /// @inheritdoc IPaymentChannels
    function revokeSessionKey(bytes32 channelId, address key) external {
        _ownedByCaller(channelId);
        isSessionRevoked[channelId][key] = true;
        emit SessionKeyRevoked(channelId, key);
    }

    // ------------------------------------------------------------------------------------------------- withdrawal

    /// @inheritdoc IPaymentChannels
    function requestWithdrawal(bytes32 channelId, uint128 amount) external {
        ChannelState storage channel = _ownedByCaller(channelId);
        uint128 unclaimed = channel.funded - channel.claimed;
        if (amount > unclaimed) revert WithdrawalTooLarge(channelId, amount, unclaimed);
        uint64 thawEndsAt = amount == 0 ? 0 : uint64(block.timestamp) + thawSeconds;
        channel.withdrawing = uint72(amount);
        channel.thawEndsAt = uint40(thawEndsAt);
        emit WithdrawalRequested(channelId, amount, thawEndsAt);
    }

    /// @inheritdoc IPaymentChannels
    function withdraw(bytes32 channelId, address to) external nonReentrant returns (uint128 amount) {
        ChannelState storage channel = _ownedByCaller(channelId);
        if (to == address(0)) revert ZeroAddress();
        if (channel.thawEndsAt == 0) revert NoWithdrawalRequested(channelId);
        if (block.timestamp < channel.thawEndsAt) revert StillThawing(channelId, channel.thawEndsAt);

        // Claims go on while money thaws, so less than what was asked for may be left: what lanes signed comes first.
        amount = uint128(_min(channel.withdrawing, channel.funded - channel.claimed));
        if (amount == 0) revert NothingToWithdraw(channelId);
        channel.funded -= uint72(amount);
        channel.withdrawn += uint72(amount);
        channel.withdrawing = 0;
        channel.thawEndsAt = 0;
        _totals.paidOut += amount;
        emit Withdrawn(channelId, to, amount);
        token.safeTransfer(to, amount);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IPaymentChannels
    function ceilingDigest(bytes32 channelId, uint128 amount) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptHashes.hashCeiling(channelId, amount));
    }

    /// @inheritdoc IPaymentChannels
    function sessionKeyDigest(SessionKey calldata session) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptHashes.hash(session));
    }

    // -------------------------------------------------------------------------------------------------- internals

    function _depositFromCaller(bytes32 channelId, uint128 amount) private {
        emit Deposited(channelId, msg.sender, amount, _fund(channelId, amount));
        _takeFromCaller(amount);
    }

    function _takeFromCaller(uint128 amount) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        _requireReceived(before, amount);
    }

    /// @dev A token that keeps a fee on transfer would leave us owing more than we hold.
    function _requireReceived(uint256 before, uint256 amount) private view {
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert UnexpectedTransferAmount(received, amount);
    }

    /// @dev Called after the signature was checked, which may have run a stranger's code: nothing was read before it. A
    ///      lifetime total that only grows needs no nonce: an old signature can do nothing any more.
    function _raiseCeiling(bytes32 channelId, uint128 amount) private {
        ChannelState storage channel = _channels[channelId];
        uint72 ceiling = uint72(_min(amount, TOTAL_MAX));
        if (ceiling <= channel.ceiling) revert CeilingNotRaised(channelId, amount, channel.ceiling);
        channel.ceiling = ceiling;
        emit CeilingRaised(channelId, ceiling);
    }

    function _ownerOf(bytes32 channelId) private view returns (address owner) {
        owner = _channels[channelId].owner;
        if (owner == address(0)) revert UnknownChannel(channelId);
    }

    function _ownedByCaller(bytes32 channelId) private view returns (ChannelState storage) {
        if (_ownerOf(channelId) != msg.sender) revert NotChannelOwner(channelId, msg.sender);
        return _channels[channelId];
    }
}
