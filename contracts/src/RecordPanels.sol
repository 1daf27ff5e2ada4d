// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "./interfaces/IDisputeManager.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IRecordPanels} from "./interfaces/IRecordPanels.sol";
import {ISlaLedger} from "./interfaces/ISlaLedger.sol";

/// @title  RecordPanels
/// @notice See {IRecordPanels}. The roster is the dispute manager's; deadlines, bonds and what a verdict costs are the ledger's.
contract RecordPanels is IRecordPanels {
    uint256 private constant PANEL_SIZE = 3;
    uint8 private constant VOTES_ALIKE = 2;

    IDisputeManager public immutable disputes;
    ISlaLedger public immutable ledger;
    IProviderRegistry public immutable registry;

    mapping(bytes32 caseId => Case) private _cases;
    mapping(bytes32 caseId => mapping(address arbiter => bool)) private _hasVoted;

    /// @dev Challenges of a record that were judged here: one made again in the same second is another case.
    mapping(bytes32 record => uint256) private _judged;

    constructor(IDisputeManager disputes_, ISlaLedger ledger_, IProviderRegistry registry_) {
        (disputes, ledger, registry) = (disputes_, ledger_, registry_);
    }

    /// @inheritdoc IRecordPanels
    function draw(bytes32 nodeId, bytes32 lane, uint64 epoch) external returns (bool drawn) {
        (bytes32 caseId, ISlaLedger.Challenge memory open) = _openCase(nodeId, lane, epoch);
        if (block.timestamp > open.rulingEndsAt) revert RulingOver(open.rulingEndsAt);
        Case storage panel = _cases[caseId];
        if (panel.members[0] != address(0)) revert RecordPanelStands(nodeId, lane, epoch);
        uint64 drawBlock = panel.drawBlock;
        if (drawBlock == block.number) revert DrawTooEarly(drawBlock);
        // A young chain still knows the hash of block 0, which nobody armed.
        bytes32 blockHash = drawBlock == 0 ? bytes32(0) : blockhash(drawBlock);
        if (blockHash == 0) {
            panel.drawBlock = uint64(block.number);
            emit RecordPanelArmed(nodeId, lane, epoch, uint64(block.number));
            return false;
        }
        address[3] memory members =
            _drawn(keccak256(abi.encode(blockHash, caseId)), _parties(open.challenger, nodeId, lane, epoch));
        panel.members = members;
        emit RecordPanelDrawn(nodeId, lane, epoch, members, open.rulingEndsAt);
        return true;
    }

    /// @inheritdoc IRecordPanels
    function rule(bytes32 nodeId, bytes32 lane, uint64 epoch, bool upheld, bytes32 reasonHash) external {
        (bytes32 caseId, ISlaLedger.Challenge memory open) = _openCase(nodeId, lane, epoch);
        Case storage panel = _cases[caseId];
        // Whoever left the roster no longer judges, nor whoever became a party since the draw.
        if (
            !_contains(_pool(panel.members), msg.sender) || !_contains(disputes.arbiters(), msg.sender)
                || _contains(_parties(open.challenger, nodeId, lane, epoch), msg.sender)
        ) revert NotOnRecordPanel(msg.sender);
        if (_hasVoted[caseId][msg.sender]) revert RecordVoteStands(msg.sender);
        if (block.timestamp > open.rulingEndsAt) revert RulingOver(open.rulingEndsAt);

        _hasVoted[caseId][msg.sender] = true;
        uint8 alike = upheld ? ++panel.upholding : ++panel.dismissing;
        emit RecordVoteCast(nodeId, lane, epoch, msg.sender, upheld, reasonHash);
        if (alike < VOTES_ALIKE) return;
        ++_judged[keccak256(abi.encode(nodeId, lane, epoch))];
        ledger.resolveChallenge(nodeId, lane, epoch, upheld, reasonHash);
    }

    /// @inheritdoc IRecordPanels
    function caseOf(bytes32 nodeId, bytes32 lane, uint64 epoch) external view returns (Case memory) {
        (bytes32 caseId,) = _openCase(nodeId, lane, epoch);
        return _cases[caseId];
    }

    /// @inheritdoc IRecordPanels
    function hasVoted(bytes32 nodeId, bytes32 lane, uint64 epoch, address arbiter) external view returns (bool) {
        (bytes32 caseId,) = _openCase(nodeId, lane, epoch);
        return _hasVoted[caseId][arbiter];
    }

    /// @dev A record may be challenged again, in this version or in a later one: each challenge is a case of its own.
    function _openCase(bytes32 nodeId, bytes32 lane, uint64 epoch)
        private
        view
        returns (bytes32 caseId, ISlaLedger.Challenge memory open)
    {
        open = ledger.challengeOf(nodeId, lane, epoch);
        if (open.challenger == address(0)) revert RecordNotChallenged(nodeId, lane, epoch);
        bytes32 record = keccak256(abi.encode(nodeId, lane, epoch));
        uint8 version = ledger.standingOf(nodeId, lane, epoch).version;
        caseId = keccak256(abi.encode(record, version, open.challenger, open.rulingEndsAt, _judged[record]));
    }

    /// @dev Nobody judges its own case.
    function _parties(address challenger, bytes32 nodeId, bytes32 lane, uint64 epoch)
        private
        view
        returns (address[] memory parties)
    {
        parties = new address[](3);
        parties[0] = challenger;
        parties[1] = registry.ownerOfSubject(lane);
        parties[2] = registry.ownerOfSubject(ledger.standingOf(nodeId, lane, epoch).providerId);
    }

    /// @dev Three of the roster, without the parties, each with the same chance: a shuffle that stops after three.
    function _drawn(bytes32 seed, address[] memory parties) private view returns (address[3] memory members) {
        address[] memory pool = disputes.arbiters();
        uint256 size = pool.length;
        for (uint256 i = 0; i < size;) {
            if (_contains(parties, pool[i])) pool[i] = pool[--size];
            else ++i;
        }
        if (size < PANEL_SIZE) revert RosterTooSmall(size, PANEL_SIZE);
        for (uint256 i = 0; i < PANEL_SIZE; ++i) {
            uint256 pick = i + uint256(keccak256(abi.encode(seed, i))) % (size - i);
            (members[i], pool[pick]) = (pool[pick], pool[i]);
        }
    }

    function _pool(address[3] memory members) private pure returns (address[] memory list) {
        list = new address[](PANEL_SIZE);
        for (uint256 i = 0; i < PANEL_SIZE; ++i) {
            list[i] = members[i];
        }
    }

    function _contains(address[] memory list, address account) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == account) return true;
        }
        return false;
    }
}
