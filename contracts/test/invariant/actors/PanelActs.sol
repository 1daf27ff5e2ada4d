// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRecordPanels} from "../../../src/interfaces/IRecordPanels.sol";
import {ISlaLedger} from "../../../src/interfaces/ISlaLedger.sol";
import {RecordActs} from "./RecordActs.sol";

/// @dev Arbiters who judge a challenged record, and everybody else who tries to.
abstract contract PanelActs is RecordActs {
    /// @dev By a challenge as its panel knows it: each is judged anew.
    struct PanelBook {
        uint256 upholding;
        uint256 dismissing;
        mapping(address arbiter => bool) hasVoted;
    }

    mapping(bytes32 caseKey => PanelBook) private books;
    mapping(bytes32 recordKey => uint256) private verdicts;

    /// @dev Armed in one block and drawn in the next: three of the roster, and none of them a party.
    function recordPanelIsDrawn(uint256 sale) external {
        if (sales.length == 0) return;
        Sale memory sold = challengedOne(sale);
        (bytes32 node, bytes32 lane, uint64 epoch) = (nodeIds[sold.provider], lanes[sold.lane], sold.epoch);
        ISlaLedger.Challenge memory open = ledger.challengeOf(node, lane, epoch);
        bool isDue = open.challenger != address(0) && block.timestamp <= open.rulingEndsAt
            && panels.caseOf(node, lane, epoch).members[0] == address(0);
        for (uint256 i = 0; i < 2; ++i) {
            vm.roll(block.number + 1);
            vm.prank(stranger);
            try panels.draw(node, lane, epoch) returns (bool drawn) {
                if (!isDue) breaks("the panel of a record was drawn twice, late, or for nobody");
                if (!drawn) continue;
                checkMembers(sold, panels.caseOf(node, lane, epoch).members);
                done["record panel drawn"]++;
                return;
            } catch {
                if (isDue) breaks("the panel of a challenged record could not be drawn");
            }
        }
    }

    function checkMembers(Sale memory sold, address[3] memory members) private {
        for (uint256 i = 0; i < 3; ++i) {
            if (!isArbiter(members[i])) breaks("a record's panel has somebody who is no arbiter");
            if (isParty(sold, members[i])) breaks("a party sits on a record's panel");
            if (members[i] == members[(i + 1) % 3]) breaks("an arbiter sits twice on a record's panel");
        }
    }

    /// @dev Every arbiter votes, whether it was drawn or not, and a stranger too; some are silent, half of the panels agree.
    function recordPanelVotes(uint256 sale, uint256 first, uint256 dice) external {
        if (sales.length == 0) return;
        Sale memory sold = challengedOne(sale);
        for (uint256 i = 0; i <= ARBITERS; ++i) {
            uint256 wish = uint256(keccak256(abi.encode(dice, first, i)));
            if (wish % 8 == 0) continue;
            bool upheld = (dice % 2 == 0 ? dice >> 1 : wish >> 3) % 2 == 0;
            address voter = i < ARBITERS ? arbiterOf((first % ARBITERS + i) % ARBITERS) : stranger;
            // At times the provider is sold to the voter, drawn before, and bought back.
            bool isSold = wish % 8 == 1 && i < ARBITERS;
            if (isSold) sellProvider(sold.provider, ownerOf(sold.provider), voter);
            if (isUnjudged(sold)) voteOnRecord(sold, voter, upheld);
            if (isSold) sellProvider(sold.provider, voter, ownerOf(sold.provider));
        }
    }

    /// @dev Who was drawn, is no party and has not voted may vote in time; nobody else. Two alike judge, and nothing less.
    function voteOnRecord(Sale memory sold, address voter, bool upheld) private {
        (bytes32 node, bytes32 lane, uint64 epoch) = (nodeIds[sold.provider], lanes[sold.lane], sold.epoch);
        PanelBook storage book = books[caseKeyOf(sold)];
        bool isMember = isOn(panels.caseOf(node, lane, epoch).members, voter);
        bool isInTime = block.timestamp <= ledger.challengeOf(node, lane, epoch).rulingEndsAt;
        bool hasLeave = isMember && isInTime && !isParty(sold, voter) && !book.hasVoted[voter];
        vm.prank(voter);
        try panels.rule(node, lane, epoch, upheld, "reason") {
            if (!isMember) breaks("who was not drawn judged a record");
            if (isParty(sold, voter)) breaks("a party judged its own record");
            if (book.hasVoted[voter]) breaks("an arbiter judged a record twice");
            if (!isInTime) breaks("a record was judged too late");
            book.hasVoted[voter] = true;
            uint256 alike = upheld ? ++book.upholding : ++book.dismissing;
            bool isJudged = !isUnjudged(sold);
            if (isJudged != (alike == 2)) breaks("other than two votes alike judged a record");
            if (isJudged) noteJudged(sold, upheld);
            else if (noteSlash(lane, 0) > 0) breaks("a vote that decided nothing cost a lane");
        } catch {
            if (hasLeave) breaks("a member of a record's panel could not vote");
            if (isMember && isParty(sold, voter)) done["party's vote refused"]++;
            if (isMember && book.hasVoted[voter]) done["second vote refused"]++;
        }
    }

    function noteJudged(Sale memory sold, bool upheld) private {
        ++verdicts[recordKey(sold)];
        noteVerdict(sold, upheld);
        ISlaLedger.Standing memory standing = ledger.standingOf(nodeIds[sold.provider], lanes[sold.lane], sold.epoch);
        if (standing.status != (upheld ? ISlaLedger.Status.Invalid : ISlaLedger.Status.Reported)) {
            breaks("a panel's verdict is not what the ledger says");
        }
        done[upheld ? "record upheld by panel" : "record dismissed by panel"]++;
    }

    /// @dev As many votes as were seen, and while a challenge is open never two alike.
    function checkRecordPanels() internal view {
        for (uint256 i = 0; i < sales.length; ++i) {
            Sale memory sold = sales[i];
            if (!isUnjudged(sold)) continue;
            IRecordPanels.Case memory open = panels.caseOf(nodeIds[sold.provider], lanes[sold.lane], sold.epoch);
            PanelBook storage book = books[caseKeyOf(sold)];
            vm.assertEq(open.upholding, book.upholding, "votes that a record is wrong");
            vm.assertEq(open.dismissing, book.dismissing, "votes that a record stands");
            vm.assertTrue(open.upholding < 2 && open.dismissing < 2, "two alike, and a record is not judged");
        }
    }

    function isUnjudged(Sale memory sold) private view returns (bool) {
        return ledger.challengeOf(nodeIds[sold.provider], lanes[sold.lane], sold.epoch).challenger != address(0);
    }

    /// @dev A challenge that an auditor dismissed and its challenger repeats in the same second keeps its panel: there is no
    ///      telling the two apart.
    function caseKeyOf(Sale memory sold) private view returns (bytes32) {
        (bytes32 node, bytes32 lane) = (nodeIds[sold.provider], lanes[sold.lane]);
        ISlaLedger.Challenge memory open = ledger.challengeOf(node, lane, sold.epoch);
        uint8 version = ledger.standingOf(node, lane, sold.epoch).version;
        bytes32 key = recordKey(sold);
        return keccak256(abi.encode(key, version, open.challenger, open.rulingEndsAt, verdicts[key]));
    }

    function isParty(Sale memory sold, address account) private view returns (bool) {
        address challenger = ledger.challengeOf(nodeIds[sold.provider], lanes[sold.lane], sold.epoch).challenger;
        return account == challenger || account == operatorOf(sold.lane)
            || account == registry.ownerOfSubject(providerIds[sold.provider]);
    }

    function isArbiter(address account) private pure returns (bool) {
        for (uint256 i = 0; i < ARBITERS; ++i) {
            if (account == arbiterOf(i)) return true;
        }
        return false;
    }

    function isOn(address[3] memory members, address account) private pure returns (bool) {
        return account == members[0] || account == members[1] || account == members[2];
    }

    function sellProvider(uint256 provider, address from, address to) private {
        vm.prank(from);
        registry.offerOwnership(providerIds[provider], to);
        vm.prank(to);
        registry.acceptOwnership(providerIds[provider]);
    }
}
