// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title  IPayouts
/// @notice Of a contract that holds bonds: what it owes, and how a payout is collected that the token refused to deliver
///         (a blocked account, say). Nobody's account can hold up a verdict.
/// @dev    Always true: token balance ≥ {liabilities}.
interface IPayouts {
    event TreasuryChanged(address treasury);
    event PayoutDeferred(address indexed account, uint256 amount);
    event DueCollected(address indexed account, address indexed to, uint256 amount);

    error ZeroAddress();
    error NothingDue(address account);
    error ParameterTooLarge(uint256 value, uint256 max);
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
