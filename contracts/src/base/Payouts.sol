// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPayouts} from "../interfaces/IPayouts.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title  Payouts
/// @notice See {IPayouts}: bonds taken and paid out.
abstract contract Payouts is IPayouts, AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    IERC20 public immutable token;

    /// @notice Where lost bonds and what rewards leave over go.
    address public treasury;

    /// @inheritdoc IPayouts
    mapping(address account => uint256) public dueOf;

    uint256 private _owed;

    constructor(address admin, IERC20 token_, address treasury_) {
        if (admin == address(0)) revert ZeroAddress();
        token = token_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _setTreasury(treasury_);
    }

    /// @inheritdoc IPayouts
    function collect(address to) external nonReentrant returns (uint256 amount) {
        if (to == address(0)) revert ZeroAddress();
        amount = dueOf[msg.sender];
        if (amount == 0) revert NothingDue(msg.sender);
        dueOf[msg.sender] = 0;
        _owed -= amount;
        emit DueCollected(msg.sender, to, amount);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IPayouts
    function setTreasury(address treasury_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setTreasury(treasury_);
    }

    /// @inheritdoc IPayouts
    function liabilities() external view returns (uint256) {
        return _owed;
    }

    function _takeBond(uint128 amount) internal {
        _owed += amount;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert UnexpectedTransferAmount(received, amount);
    }

    /// @dev Pays out what was held as a bond.
    function _payBond(address to, uint128 amount) internal {
        _owed -= amount;
        _pay(to, amount);
    }

    /// @dev Pays out tokens which this contract has and owes to nobody yet: what was just slashed.
    function _pay(address to, uint128 amount) internal {
        if (amount == 0 || token.trySafeTransfer(to, amount)) return;
        _owed += amount;
        dueOf[to] += amount;
        emit PayoutDeferred(to, amount);
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert ZeroAddress();
        treasury = treasury_;
        emit TreasuryChanged(treasury_);
    }
}
