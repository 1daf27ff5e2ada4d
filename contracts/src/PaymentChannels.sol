// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Announcements} from "./channels/Announcements.sol";
import {ChannelStore} from "./channels/ChannelStore.sol";
import {Escrow} from "./channels/Escrow.sol";
import {Settlement} from "./channels/Settlement.sol";
import {IPaymentChannels} from "./interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "./interfaces/IReceiptAnchor.sol";
import {ISignatureVerifier} from "./interfaces/ISignatureVerifier.sol";
import {ISlaLedger} from "./interfaces/ISlaLedger.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title  PaymentChannels
/// @notice See {IPaymentChannels}. The payer's side is in {Escrow}, the lane's in {Claims} and {Announcements}, the
///         provider's in {Settlement}; here is who administers them.
/// @dev    The administrator is a timelock, and can reach no money: it names the ledger once, the treasury, and the roles.
contract PaymentChannels is Escrow, Announcements, Settlement {
    /// @notice May pause inflow. Only the administrator lifts a pause.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    constructor(
        address admin,
        IERC20 token_,
        IProviderRegistry registry_,
        IReceiptAnchor receiptAnchor_,
        ISignatureVerifier signatureVerifier_,
        address treasury_,
        uint64 graceSeconds_,
        uint64 thawSeconds_
    ) ChannelStore(token_, registry_, receiptAnchor_, signatureVerifier_, graceSeconds_, thawSeconds_) {
        if (admin == address(0)) revert ZeroAddress();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _setTreasury(treasury_);
    }

    /// @notice Stops new channels and deposits. Claims, settlements, refunds, credits and withdrawals go on.
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

    /// @notice Names the ledger whose records release pending, once and for ever. Before that, the grace period alone does.
    function setSlaLedger(ISlaLedger ledger) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (address(ledger) == address(0)) revert ZeroAddress();
        if (address(slaLedger) != address(0)) revert SlaLedgerSet(address(slaLedger));
        slaLedger = ledger;
        emit SlaLedgerNamed(address(ledger));
    }

    /// @inheritdoc IPaymentChannels
    function channelOf(bytes32 channelId) external view returns (Channel memory) {
        ChannelState memory c = _channels[channelId];
        return Channel(
            c.owner, uint128(c.funded) + c.withdrawn, c.withdrawn, c.claimed, c.ceiling, c.withdrawing, c.thawEndsAt
        );
    }

    /// @inheritdoc IPaymentChannels
    function liabilities() external view returns (uint256) {
        return _totals.funded - _totals.paidOut;
    }

    /// @inheritdoc IPaymentChannels
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert ZeroAddress();
        treasury = treasury_;
        emit TreasuryChanged(treasury_);
    }
}
