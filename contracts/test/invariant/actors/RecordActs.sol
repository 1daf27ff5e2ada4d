// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISlaLedger} from "../../../src/interfaces/ISlaLedger.sol";
import {PerformanceRecord} from "../../../src/libraries/ReceiptHashes.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev Records: reported, contradicted, challenged by a stranger or an arbiter, judged by an auditor, made final.
abstract contract RecordActs is Ghosts {
    uint256 internal constant ARBITERS = 6;
    uint256 private lastChallenged;
    mapping(bytes32 key => bool) private bondHeld; // key: keccak(node, lane, epoch)
    mapping(bytes32 key => uint256) private invalidSince;

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
        noteInvalid(sold);
        noteBondGone(sold);
        done["contradict"]++;
    }

    function recordIsChallenged(uint256 sale) external {
        if (sales.length == 0) return;
        sale = pick(sale, sales.length);
        Sale memory sold = sales[sale];
        // At times by an arbiter, who then is a party.
        address challenger = sale % 3 == 0 ? arbiterOf(sale % ARBITERS) : stranger;
        give(challenger, address(ledger), BOND);
        vm.prank(challenger);
        ledger.challenge(nodeIds[sold.provider], lanes[sold.lane], sold.epoch, BOND, keccak256("evidence"));
        bondHeld[recordKey(sold)] = true;
        tokensIn[address(ledger)] += BOND;
        lastChallenged = sale;
        done["challenge"]++;
    }

    function auditorRules(uint256 sale, bool upheld) external {
        if (sales.length == 0) return;
        Sale memory sold = challengedOne(sale);
        vm.prank(auditor);
        ledger.resolveChallenge(nodeIds[sold.provider], lanes[sold.lane], sold.epoch, upheld, keccak256("reason"));
        noteVerdict(sold, upheld);
        done["audit"]++;
    }

    function recordIsFinal(uint256 sale) external {
        if (sales.length == 0) return;
        Sale memory sold = sales[pick(sale, sales.length)];
        ledger.finalise(nodeIds[sold.provider], lanes[sold.lane], sold.epoch);
        noteBondGone(sold);
        done["final"]++;
    }

    /// @dev Not before its time, all of it, and by anybody.
    function strangerEndsAFreeze(uint256 sale) external {
        if (sales.length == 0) return;
        Sale memory sold = sales[pick(sale, sales.length)];
        bytes32 provider = providerIds[sold.provider];
        (, uint128 frozen) = ledger.releaseOf(provider, lanes[sold.lane], sold.epoch);
        uint256 since = invalidSince[recordKey(sold)];
        bool isOver = since != 0 && block.timestamp >= since + ledger.freezeSeconds();
        vm.prank(stranger);
        try ledger.releaseInvalid(nodeIds[sold.provider], lanes[sold.lane], sold.epoch) {
            if (!isOver || frozen == 0) breaks("a freeze ended before its time");
            (, frozen) = ledger.releaseOf(provider, lanes[sold.lane], sold.epoch);
            if (frozen != 0) breaks("a freeze that ended holds something");
            done["freeze ended"]++;
        } catch {
            if (isOver && frozen > 0) breaks("a freeze that is over could not be ended");
        }
    }

    /// @dev Mostly the newest one: the time to judge it is short.
    function challengedOne(uint256 seed) internal view returns (Sale memory) {
        return sales[seed % 4 == 0 ? pick(seed, sales.length) : lastChallenged];
    }

    function noteVerdict(Sale memory sold, bool upheld) internal {
        noteSlash(lanes[sold.lane], upheld ? PENALTY : 0);
        if (upheld) noteInvalid(sold);
        noteBondGone(sold);
    }

    function recordKey(Sale memory sold) internal view returns (bytes32) {
        return keccak256(abi.encode(nodeIds[sold.provider], lanes[sold.lane], sold.epoch));
    }

    function recordOfSale(Sale memory sold) private view returns (PerformanceRecord memory record) {
        record = recordOf(sold.provider, sold.lane, sold.epoch, sold.receipt.price, countsLeaf(countsOfSale(sold)));
        ISlaLedger.Standing memory standing = ledger.standingOf(record.nodeId, record.lane, record.epoch);
        record.version = standing.status == ISlaLedger.Status.Invalid ? standing.version + 1 : standing.version;
    }

    /// @dev The first verdict starts the freeze; later ones prolong nothing.
    function noteInvalid(Sale memory sold) private {
        bytes32 key = recordKey(sold);
        if (invalidSince[key] == 0) invalidSince[key] = block.timestamp;
    }

    function noteBondGone(Sale memory sold) private {
        if (bondHeld[recordKey(sold)]) tokensOut[address(ledger)] += BOND;
        bondHeld[recordKey(sold)] = false;
    }
}
