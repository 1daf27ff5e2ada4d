// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title  IPayouts
/// @notice Of a contract that holds bonds: what it owes, and how a payout is collected that the token refused to deliver
///         (a blocked account, say). Nobody's account can hold up a verdict.
/// @dev    Always true: token balance ≥ {liabilities}.
interface IPayouts {
    /// @notice Lost bonds, and what rewards leave over, go to `treasury` from now on.
    event TreasuryChanged(address treasury);
    /// @notice The token refused to deliver `amount` µUSD to `account`, which can {collect} it.
    event PayoutDeferred(address indexed account, uint256 amount);
    /// @notice `account` had its due of `amount` µUSD paid to `to`.
    event DueCollected(address indexed account, address indexed to, uint256 amount);

    /// @notice An address that must be somebody's is nobody's.
    error ZeroAddress();
    /// @notice Nothing was deferred for `account`, or it has collected all of it.
    error NothingDue(address account);
    /// @notice A parameter is above `max`, which another one sets: a share, a penalty, windows that would outlast a
    ///         thaw, or the size of a roster.
    error ParameterTooLarge(uint256 value, uint256 max);
    /// @notice The token delivered another amount than was asked: one with fees on transfers is no money here.
    error UnexpectedTransferAmount(uint256 received, uint256 expected);

    /// @notice Pays the caller's due to an address of its choice.
    function collect(address to) external returns (uint256 amount);

    /// @notice Changes where lost bonds and what rewards leave over go, from now on. ADMIN only.
    function setTreasury(address treasury) external;

    /// @notice What {collect} would pay.
    function dueOf(address account) external view returns (uint256);

    /// @notice Σ bonds held and payouts that are due.
    function liabilities() external view returns (uint256);
}
