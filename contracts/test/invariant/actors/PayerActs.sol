// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../../src/interfaces/IPaymentChannels.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev The payer: deposits, raises its ceiling, asks money back, withdraws.
abstract contract PayerActs is Ghosts {
    function payerDeposits(uint256 payer, uint128 amount) external {
        payer = pick(payer, PARTIES);
        amount = uint128(bound(amount, 1, AMOUNT_MAX));
        give(payerOf(payer), address(channels), amount);
        bool isPaused = channels.paused();
        vm.prank(payerOf(payer));
        try channels.deposit(channelIds[payer], amount) {
            if (isPaused) breaks("a pause let a deposit in");
            done["deposit"]++;
        } catch {}
    }

    function payerRaisesCeiling(uint256 payer, uint128 by) external {
        payer = pick(payer, PARTIES);
        raiseCeiling(payer, channels.channelOf(channelIds[payer]).ceiling + uint128(bound(by, 1, AMOUNT_MAX)));
        done["ceiling"]++;
    }

    function payerAsksBack(uint256 payer, uint128 amount) external {
        payer = pick(payer, PARTIES);
        IPaymentChannels.Channel memory channel = channels.channelOf(channelIds[payer]);
        // Whoever asks anew waits anew: mostly, a payer waits for what it asked.
        if (channel.thawEndsAt != 0 && amount % 8 != 0) return;
        amount = uint128(bound(amount, 0, channel.deposited - channel.withdrawn - channel.claimed));
        vm.prank(payerOf(payer));
        channels.requestWithdrawal(channelIds[payer], amount);
        done["ask back"]++;
    }

    function payerWithdraws(uint256 payer) external {
        payer = pick(payer, PARTIES);
        IPaymentChannels.Channel memory channel = channels.channelOf(channelIds[payer]);
        uint128 left = channel.deposited - channel.withdrawn - channel.claimed;
        uint128 due = channel.withdrawing < left ? channel.withdrawing : left;
        bool isDue = channel.thawEndsAt != 0 && block.timestamp >= channel.thawEndsAt && due > 0;
        vm.prank(payerOf(payer));
        try channels.withdraw(channelIds[payer], payerOf(payer)) returns (uint128 amount) {
            if (!isDue || amount != due) breaks("a withdrawal paid what was not due");
            done["withdraw"]++;
        } catch (bytes memory reason) {
            if (isPauseError(reason)) breaks("a pause stopped a withdrawal");
            if (isDue) breaks("a due withdrawal failed");
        }
    }
}
