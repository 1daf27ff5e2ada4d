// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IStakeVault} from "../../../src/interfaces/IStakeVault.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev The provider: stakes and unstakes, pays for promises that it broke, and is paid.
abstract contract ProviderActs is Ghosts {
    uint256 private constant ORDERS = 12;
    mapping(bytes32 orderId => bool) private stakeOrdersDone;
    uint256 private lastPenalised; // The sale whose counts left a penalty to collect.
    mapping(bytes32 providerId => mapping(uint256 day => uint256)) private takenSeen;

    function providerStakes(uint256 subject, uint128 amount) external {
        amount = uint128(bound(amount, 1, AMOUNT_MAX));
        stake(subjectOf(subject), amount);
        noteStake(subjectOf(subject), amount);
        done["provision"]++;
    }

    /// @dev The platform, which sends an order again when it does not know what became of it: maybe for another amount.
    function orderStakes(uint256 subject, uint128 amount, uint256 order) external {
        bytes32 orderId = bytes32(pick(order, ORDERS));
        bool isDone = stakeOrdersDone[orderId];
        amount = uint128(bound(amount, 1, AMOUNT_MAX));
        give(stranger, address(vault), amount);
        vm.prank(stranger);
        try vault.provisionOnce(subjectOf(subject), amount, orderId) {
            if (isDone) breaks("an order was staked twice");
            stakeOrdersDone[orderId] = true;
            noteStake(subjectOf(subject), amount);
            done["order"]++;
        } catch {
            if (!isDone) breaks("an order that nobody had carried out was refused");
            done["order again"]++;
        }
    }

    function providerThaws(uint256 subject, uint128 amount) external {
        bytes32 id = subjectOf(subject);
        if (vault.stakeOf(id).thawEndsAt != 0 && amount % 8 != 0) return;
        amount = uint128(bound(amount, 0, vault.stakeOf(id).tokens));
        vm.prank(subjectOwnerOf(subject));
        vault.thaw(id, amount);
        done["thaw"]++;
    }

    function providerUnstakes(uint256 subject) external {
        IStakeVault.Stake memory before = vault.stakeOf(subjectOf(subject));
        uint128 free = before.tokens - before.locked;
        uint128 due = before.thawing < free ? before.thawing : free;
        bool isDue = before.thawEndsAt != 0 && block.timestamp >= before.thawEndsAt && due > 0;
        address owner = subjectOwnerOf(subject);
        vm.prank(owner);
        try vault.withdraw(subjectOf(subject), owner) returns (uint128 amount) {
            if (!isDue || amount != due) breaks("stake left that was locked or had not thawed, or less than was due");
            tokensOut[address(vault)] += amount;
            unchecked {
                stakesSeen[subjectOf(subject)] -= amount;
            }
            done["unstake"]++;
        } catch (bytes memory reason) {
            if (isPauseError(reason)) breaks("a pause stopped an exit of stake");
            if (isDue) breaks("a due exit of stake failed");
        }
    }

    function samplesAreCounted(uint256 sale) external {
        if (sales.length == 0) return;
        sale = pick(sale, sales.length);
        Sale memory sold = sales[sale];
        bytes32 provider = providerIds[sold.provider];
        uint256 day = block.timestamp / 1 days;
        // Of the stake that the day began with, less what left for other reasons, a twentieth.
        uint256 cap = (stakesSeen[provider] + takenSeen[provider][day]) / 20;
        try ledger.countSamples(countsOfSale(sold), termsOf(sold.provider), new bytes32[](0)) returns (
            uint128 credited
        ) {
            if (sold.counted) breaks("the same counts were pooled twice");
            sales[sale].counted = true;
            noteCredit(provider, credited, cap);
            if (credited > 0) done["penalty"]++;
            if (penaltyDueBy(sold) > 0) lastPenalised = sale;
        } catch {}
    }

    /// @dev What the cap of a day put off, on the same day or on the next one.
    function penaltyIsCollected(uint256 sale, uint256 wait) external {
        if (sales.length == 0) return;
        Sale memory sold = sales[wait % 8 == 0 ? pick(sale, sales.length) : lastPenalised];
        bytes32 provider = providerIds[sold.provider];
        (bytes32 node, bytes32 channel) = (nodeIds[sold.provider], channelIds[sold.payer]);
        bytes32 termsHash = termsHashes[sold.provider];
        uint128 due = penaltyDueBy(sold);
        if (due > 0 && wait % 2 == 0) pass(1 days);
        uint256 cap = (stakesSeen[provider] + takenSeen[provider][block.timestamp / 1 days]) / 20;
        vm.prank(stranger);
        try ledger.collectPenalty(provider, node, channel, termsHash) returns (uint128 credited) {
            if (credited > due) breaks("more was collected than a penalty put off");
            noteCredit(provider, credited, cap);
            if (credited > 0) done["penalty collected"]++;
        } catch {
            if (due > 0) breaks("a penalty that is due could not be collected");
        }
    }

    function providerIsPaid(uint256 provider, uint64 epoch) external {
        bytes32 lane = lanes[pick(provider / PARTIES, PARTIES)];
        provider = pick(provider, PARTIES);
        epoch = uint64(bound(epoch, 1, KEPT_MAX));
        uint128 payable_ = channels.pendingOf(providerIds[provider], lane, epoch).payable_;
        try channels.settle(providerIds[provider], lane, epochList(epoch)) returns (uint128 gross) {
            tokensOut[address(channels)] += gross;
            if (gross != payable_) breaks("a settlement paid another amount than was payable");
            done["settle"]++;
        } catch (bytes memory reason) {
            if (isPauseError(reason)) breaks("a pause stopped a settlement");
            if (payable_ > 0) breaks("what was payable could not be settled");
        }
    }

    function noteCredit(bytes32 provider, uint128 credited, uint256 cap) private {
        uint256 day = block.timestamp / 1 days;
        takenSeen[provider][day] += credited;
        tokensIn[address(channels)] += credited;
        if (noteSlash(provider, cap) != credited) breaks("a penalty took another amount than it credited");
        if (credited > 0 && takenSeen[provider][day] > cap) {
            breaks("a day's penalties took more than a twentieth of the stake");
        }
    }

    function penaltyDueBy(Sale memory sold) private view returns (uint128) {
        return ledger.penaltyDueOf(
            providerIds[sold.provider], nodeIds[sold.provider], channelIds[sold.payer], termsHashes[sold.provider]
        );
    }

    /// @dev Providers first, then lanes.
    function subjectOf(uint256 seed) internal view returns (bytes32) {
        uint256 i = pick(seed, 2 * PARTIES);
        return i < PARTIES ? providerIds[i] : lanes[i - PARTIES];
    }

    function subjectOwnerOf(uint256 seed) private pure returns (address) {
        uint256 i = pick(seed, 2 * PARTIES);
        return i < PARTIES ? ownerOf(i) : operatorOf(i - PARTIES);
    }
}
