// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISlaLedger} from "../../../src/interfaces/ISlaLedger.sol";
import {IStakeVault} from "../../../src/interfaces/IStakeVault.sol";
import {PerformanceRecord} from "../../../src/libraries/ReceiptHashes.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev The provider: stakes and unstakes, has its records reported and made final, and is paid. And the auditor.
abstract contract ProviderActs is Ghosts {
    uint256 private lastChallenged;
    mapping(bytes32 key => bool) private bondHeld; // key: keccak(node, lane, epoch)
    mapping(bytes32 providerId => mapping(uint256 day => uint256)) private takenSeen;

    function providerStakes(uint256 subject, uint128 amount) external {
        amount = uint128(bound(amount, 1, AMOUNT_MAX));
        stake(subjectOf(subject), amount);
        noteStake(subjectOf(subject), amount);
        done["provision"]++;
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
        address owner = subjectOwnerOf(subject);
        vm.prank(owner);
        try vault.withdraw(subjectOf(subject), owner) returns (uint128 amount) {
            bool isThawed = before.thawEndsAt != 0 && block.timestamp >= before.thawEndsAt;
            if (!isThawed || amount > before.thawing || amount > before.tokens - before.locked) {
                breaks("stake left that was locked or had not thawed");
            }
            tokensOut[address(vault)] += amount;
            unchecked {
                stakesSeen[subjectOf(subject)] -= amount;
            }
            done["unstake"]++;
        } catch {}
    }

    function recordIsReported(uint256 sale, bool byNode) external {
        if (sales.length == 0) return;
        Sale memory sold = sales[pick(sale, sales.length)];
        PerformanceRecord memory record = recordOfSale(sold);
        bytes32 digest = ledger.recordDigest(record);
        bytes memory byLane = signed(LANE_KEY + sold.lane, digest);
        ledger.report(record, byNode ? signed(NODE_KEY + sold.provider, digest) : bytes(""), byLane);
        done["report"]++;
    }

    function recordIsContradicted(uint256 sale, uint128 lie) external {
        if (sales.length == 0) return;
        Sale memory sold = sales[pick(sale, sales.length)];
        PerformanceRecord memory other = recordOfSale(sold);
        other.attempts = uint32(bound(lie, 2, 1000));
        bytes memory byLane = signed(LANE_KEY + sold.lane, ledger.recordDigest(other));
        vm.prank(stranger);
        ledger.proveContradiction(other, byLane);
        noteSlash(lanes[sold.lane], PENALTY);
        noteBondGone(sold);
        done["contradict"]++;
    }

    function recordIsChallenged(uint256 sale) external {
        if (sales.length == 0) return;
        sale = pick(sale, sales.length);
        Sale memory sold = sales[sale];
        give(stranger, address(ledger), BOND);
        vm.prank(stranger);
        ledger.challenge(nodeIds[sold.provider], lanes[sold.lane], sold.epoch, BOND, keccak256("evidence"));
        bondHeld[recordKey(sold)] = true;
        tokensIn[address(ledger)] += BOND;
        lastChallenged = sale;
        done["challenge"]++;
    }

    function auditorRules(uint256 sale, bool upheld) external {
        if (sales.length == 0) return;
        Sale memory sold = sales[sale % 4 == 0 ? pick(sale, sales.length) : lastChallenged];
        vm.prank(auditor);
        ledger.resolveChallenge(nodeIds[sold.provider], lanes[sold.lane], sold.epoch, upheld, keccak256("reason"));
        noteSlash(lanes[sold.lane], upheld ? PENALTY : 0);
        noteBondGone(sold);
        done["audit"]++;
    }

    function recordIsFinal(uint256 sale) external {
        if (sales.length == 0) return;
        Sale memory sold = sales[pick(sale, sales.length)];
        ledger.finalise(nodeIds[sold.provider], lanes[sold.lane], sold.epoch);
        noteBondGone(sold);
        done["final"]++;
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
            takenSeen[provider][day] += credited;
            tokensIn[address(channels)] += credited;
            if (noteSlash(provider, cap) != credited) breaks("a penalty took another amount than it credited");
            if (credited > 0 && takenSeen[provider][day] > cap) {
                breaks("a day's penalties took more than a twentieth of the stake");
            }
            if (credited > 0) done["penalty"]++;
        } catch {}
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

    function recordOfSale(Sale memory sold) private view returns (PerformanceRecord memory record) {
        record = recordOf(sold.provider, sold.lane, sold.epoch, sold.receipt.price, countsLeaf(countsOfSale(sold)));
        ISlaLedger.Standing memory standing = ledger.standingOf(record.nodeId, record.lane, record.epoch);
        record.version = standing.status == ISlaLedger.Status.Invalid ? standing.version + 1 : standing.version;
    }

    function noteBondGone(Sale memory sold) private {
        if (bondHeld[recordKey(sold)]) tokensOut[address(ledger)] += BOND;
        bondHeld[recordKey(sold)] = false;
    }

    function recordKey(Sale memory sold) private view returns (bytes32) {
        return keccak256(abi.encode(nodeIds[sold.provider], lanes[sold.lane], sold.epoch));
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
