// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @title  TestUSDC
/// @notice Stands in for USDC on development chains: 6 decimals, ERC-2612 permit and ERC-3009 authorizations.
/// @dev    DEVELOPMENT ONLY: anyone may mint. Never deploy it where a balance is worth something.
contract TestUSDC is ERC20Permit, ERC3009 {
    /// @notice The most that one call mints: a million USDC. Keeps a stray faucet call from filling the 72-bit totals.
    uint256 public constant MINT_MAX = 1_000_000e6;

    /// @notice One faucet call asked for more than `MINT_MAX`.
    error MintTooLarge(uint256 amount, uint256 max);

    constructor() ERC20("Test USD Coin", "tUSDC") ERC20Permit("Test USD Coin") {}

    /// @notice An open faucet. Development only.
    function mint(address to, uint256 amount) external {
        if (amount > MINT_MAX) revert MintTooLarge(amount, MINT_MAX);
        _mint(to, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
