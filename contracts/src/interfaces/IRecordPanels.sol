// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title  IRecordPanels
/// @notice Judges challenged performance records in an auditor's place: three arbiters of the roster are drawn for each
///         challenge, and what two of them agree on is carried out on the ledger by the second one's vote.
/// @dev    Holds the ledger's AUDITOR role, no money, and nothing that anybody could change. A challenge on which two did
///         not agree in time ends as the ledger says: its bond goes back and the record stands.
interface IRecordPanels {
    /// @notice A challenge as its panel stands.
    struct Case {
        address[3] members; // All zero before the draw.
        uint64 drawBlock; // Whose hash draws the panel; 0 before the draw is armed.
        uint8 upholding; // Votes that the record is wrong.
        uint8 dismissing; // Votes that it stands.
    }

    /// @notice The panel can be drawn from the next block on, from the hash of `drawBlock`.
    event RecordPanelArmed(bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, uint64 drawBlock);
    /// @notice These three vote until `rulingEndsAt`.
    event RecordPanelDrawn(
        bytes32 indexed nodeId, bytes32 indexed lane, uint64 indexed epoch, address[3] panel, uint64 rulingEndsAt
    );
    /// @notice `upheld`: the record is wrong, says this arbiter. Its reason is kept elsewhere under its hash.
    event RecordVoteCast(
        bytes32 indexed nodeId,
        bytes32 indexed lane,
        uint64 indexed epoch,
        address arbiter,
        bool upheld,
        bytes32 reasonHash
    );

    /// @notice Nobody challenges this record now.
    error RecordNotChallenged(bytes32 nodeId, bytes32 lane, uint64 epoch);
    /// @notice The panel of this challenge is drawn already.
    error RecordPanelStands(bytes32 nodeId, bytes32 lane, uint64 epoch);
    /// @notice The caller was not drawn, has left the roster, or is a party.
    error NotOnRecordPanel(address caller);
    /// @notice One vote each.
    error RecordVoteStands(address arbiter);
    /// @notice The hash of `drawBlock` is known from the next block on.
    error DrawTooEarly(uint64 drawBlock);
    /// @notice Without the parties fewer than `min` arbiters are left.
    error RosterTooSmall(uint256 size, uint256 min);
    /// @notice The challenge could be judged until `rulingEndsAt`.
    error RulingOver(uint64 rulingEndsAt);

    /// @notice Draws the panel of an open challenge. Anyone.
    /// @return drawn False when this call only armed the draw, which a later block completes.
    /// @dev    From the hash of the block of the arming, which no transaction in it can know; armed anew where that hash is
    ///         gone (256 blocks). The challenger and the owners of lane and provider never sit on it.
    function draw(bytes32 nodeId, bytes32 lane, uint64 epoch) external returns (bool drawn);

    /// @notice A vote of a panel member. Two alike are carried out in this call, with the second one's reason.
    function rule(bytes32 nodeId, bytes32 lane, uint64 epoch, bool upheld, bytes32 reasonHash) external;

    /// @notice The open challenge's panel. Reverts with {RecordNotChallenged} where there is none.
    function caseOf(bytes32 nodeId, bytes32 lane, uint64 epoch) external view returns (Case memory);
    /// @notice Whether this arbiter has voted on the open challenge.
    function hasVoted(bytes32 nodeId, bytes32 lane, uint64 epoch, address arbiter) external view returns (bool);
}
