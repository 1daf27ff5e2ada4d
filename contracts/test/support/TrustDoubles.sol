// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @dev Keeps one unit of every transfer.
contract FeeOnTransferToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, amount);
        super._update(from, to, amount - 1);
        super._update(from, address(0), 1);
    }
}

/// @dev Refuses accounts, as a token with a block list does.
contract BlockingToken is ERC20("Blocking", "BLK") {
    error Blocked(address account);

    mapping(address account => bool) public isBlocked;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setBlocked(address account, bool blocked) external {
        isBlocked[account] = blocked;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (isBlocked[to]) revert Blocked(to);
        if (isBlocked[from]) revert Blocked(from);
        super._update(from, to, amount);
    }
}

/// @dev Calls back whoever it pays, once, with a call that was given to it.
contract ReentrantToken is ERC20("Reentrant", "REE") {
    address private _target;
    bytes private _call;
    bytes public answer;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function attack(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target == address(0) || (from != _target && to != _target)) return;
        address target = _target;
        _target = address(0);
        (, answer) = target.call(_call);
    }
}
