// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {Payouts} from "./Payouts.sol";

/// @title  Penalties
/// @notice Takes of a stake what an offence costs, pays whoever showed it, and leaves the rest to the treasury.
abstract contract Penalties is Payouts {
    /// @notice Whoever slashes itself by another account still loses at least half.
    uint16 public constant REWARD_BPS_MAX = 5000;

    uint256 internal constant BPS = 10_000;

    IStakeVault public immutable vault;

    /// @notice Of what was slashed, in basis points, what goes to whoever showed the offence.
    uint16 public immutable rewardBps;

    constructor(IStakeVault vault_, uint16 rewardBps_) {
        if (rewardBps_ > REWARD_BPS_MAX) revert ParameterTooLarge(rewardBps_, REWARD_BPS_MAX);
        (vault, rewardBps) = (vault_, rewardBps_);
    }

    /// @dev As far as the stake goes: a verdict never fails for want of it.
    function _punish(bytes32 offender, uint128 amount, address rewarded)
        internal
        returns (uint128 slashed, uint128 reward)
    {
        slashed = vault.slash(offender, amount, address(this));
        reward = uint128(uint256(slashed) * rewardBps / BPS);
        _pay(rewarded, reward);
        _pay(treasury, slashed - reward);
    }
}
