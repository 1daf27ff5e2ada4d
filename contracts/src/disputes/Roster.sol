// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Payouts} from "../base/Payouts.sol";
import {IDisputeManager} from "../interfaces/IDisputeManager.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// @title  Roster
/// @notice The arbiters, and how three of them are drawn.
abstract contract Roster is IDisputeManager, Payouts {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// @notice Two panels without a common member.
    uint256 public constant ROSTER_MIN = 6;

    /// @notice Keeps the cost of a draw bounded.
    uint256 public constant ROSTER_MAX = 100;

    uint256 internal constant PANEL_SIZE = 3;

    EnumerableSet.AddressSet private _roster;

    constructor(address[] memory arbiters_) {
        for (uint256 i = 0; i < arbiters_.length; ++i) {
            _addArbiter(arbiters_[i]);
        }
        if (arbiters_.length < ROSTER_MIN) revert RosterTooSmall(arbiters_.length, ROSTER_MIN);
    }

    /// @inheritdoc IDisputeManager
    function addArbiter(address arbiter) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _addArbiter(arbiter);
    }

    /// @inheritdoc IDisputeManager
    function removeArbiter(address arbiter) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (!_roster.remove(arbiter)) revert UnknownArbiter(arbiter);
        if (_roster.length() < ROSTER_MIN) revert RosterTooSmall(_roster.length(), ROSTER_MIN);
        emit ArbiterRemoved(arbiter);
    }

    /// @inheritdoc IDisputeManager
    function arbiters() external view returns (address[] memory) {
        return _roster.values();
    }

    function _isArbiter(address account) internal view virtual returns (bool) {
        return _roster.contains(account);
    }

    /// @dev Three of the roster, without those excluded, each with the same chance: a shuffle that stops after three.
    function _draw(bytes32 seed, address[] memory excluded) internal view returns (address[3] memory panel) {
        address[] memory pool = _roster.values();
        uint256 size = pool.length;
        for (uint256 i = 0; i < size;) {
            if (_contains(excluded, pool[i])) pool[i] = pool[--size];
            else ++i;
        }
        if (size < PANEL_SIZE) revert RosterTooSmall(size, PANEL_SIZE);
        for (uint256 i = 0; i < PANEL_SIZE; ++i) {
            uint256 pick = i + uint256(keccak256(abi.encode(seed, i))) % (size - i);
            (panel[i], pool[pick]) = (pool[pick], pool[i]);
        }
    }

    function _addArbiter(address arbiter) private {
        if (arbiter == address(0)) revert ZeroAddress();
        if (_roster.length() == ROSTER_MAX) revert ParameterTooLarge(ROSTER_MAX + 1, ROSTER_MAX);
        if (!_roster.add(arbiter)) revert ArbiterExists(arbiter);
        emit ArbiterAdded(arbiter);
    }

    function _contains(address[] memory list, address account) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == account) return true;
        }
        return false;
    }
}
