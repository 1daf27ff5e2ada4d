// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DeliveryReceipt, LeaseReceipt, Terms, WorkReceipt} from "../libraries/ReceiptHashes.sol";

/// @title  IDisputeManager
/// @notice Disputes about receipts: file, respond, rule by a panel of three from a roster of six or more, appeal to three
///         of the rest, execute by anyone. And the contradictions that signatures alone prove, judged at once.
/// @dev    Always true: refunds of a receipt ≤ its price; one live dispute for each receipt and kind; terminal states
///         absorb. A refund draws on the provider's pending, its stake, the lane's stake and the treasury, in that order.
interface IDisputeManager {
    enum Kind {
        Overcharge, // Billed more than was delivered.
        NotDelivered,
        WrongOutput, // Another model, another quantisation, or not what the engine said.
        Withheld // The epoch file is not to be had: about (lane, epoch), not about a receipt.
    }

    /// @notice filed → answered → ruled → (appealed → ruled on appeal) → executed | dismissed; no ruling in time → lapsed.
    enum State {
        None,
        Filed,
        Answered,
        Ruled,
        Appealed,
        AppealRuled,
        Executed,
        Dismissed,
        Lapsed
    }

    struct Dispute {
        State state;
        Kind kind;
        address filer;
        uint64 deadline; // Of the step that is open, in chain seconds.
        uint128 amount; // Asked back, ≤ the price left to refund.
        uint128 refund; // As ruled.
        uint128 bond;
        uint128 frozen; // Of the provider's pending, held for this dispute.
        uint128 locked; // Of the provider's stake, held for this dispute.
        bytes32 subject; // Struct hash of the receipt, or keccak(lane, epoch) for withheld data.
        bytes32 channelId;
        bytes32 providerId;
        bytes32 lane;
        uint64 epoch;
        address appellant;
    }

    event DisputeFiled(
        uint256 indexed disputeId,
        bytes32 indexed subject,
        bytes32 indexed providerId,
        Kind kind,
        address filer,
        uint128 amount,
        bytes32 evidenceHash
    );
    event DisputeAnswered(uint256 indexed disputeId, address indexed from, bytes32 answerHash);
    event PanelDrawn(uint256 indexed disputeId, bool appeal, address[3] panel, uint64 deadline);
    event VoteCast(uint256 indexed disputeId, address indexed arbiter, uint128 refund, bytes32 reasonHash);
    event DisputeRuled(uint256 indexed disputeId, bool appeal, uint128 refund);
    event DisputeAppealed(uint256 indexed disputeId, address indexed appellant, uint128 bond);
    event DisputeClosed(uint256 indexed disputeId, State state, uint128 refunded);
    event RefundDrawn(
        uint256 indexed disputeId, uint128 fromPending, uint128 fromProvider, uint128 fromLane, uint128 fromTreasury
    );
    event ContradictionProven(bytes32 indexed subject, bytes32 indexed offender, uint128 slashed, uint128 reward);

    error UnknownDispute(uint256 disputeId);
    error WrongState(uint256 disputeId, State state);
    error NotAParty(uint256 disputeId, address caller);
    error NotOnPanel(uint256 disputeId, address caller);
    error AlreadyVoted(uint256 disputeId, address arbiter);
    error LiveDispute(bytes32 subject, Kind kind);
    error NotIncluded(bytes32 leaf);
    error FilingOver(uint64 endedAt);
    error DeadlineOver(uint64 deadline);
    error DeadlineOpen(uint64 deadline);
    error AmountTooLarge(uint128 amount, uint128 max);
    error RosterTooSmall(uint256 size, uint256 min);
    error ArbiterExists(address arbiter);
    error UnknownArbiter(address arbiter);
    error NotAContradiction();
    error ContradictionTaken(bytes32 subject);
    error InvalidReceiptSignature(bytes32 signer);
    error WrongKind(Kind kind);
    error ZeroAmount();

    /// @notice Files a dispute about an anchored delivery receipt. The channel's owner only; a bond from the caller.
    function file(
        Kind kind,
        DeliveryReceipt calldata receipt,
        uint64 epoch,
        bytes32[] calldata proof,
        uint128 amount,
        bytes32 evidenceHash
    ) external returns (uint256 disputeId);

    /// @notice The same about a lease receipt.
    function fileLease(
        Kind kind,
        LeaseReceipt calldata receipt,
        uint64 epoch,
        bytes32[] calldata proof,
        uint128 amount,
        bytes32 evidenceHash
    ) external returns (uint256 disputeId);

    /// @notice Says that an anchored epoch's file is withheld. Anyone; a bond from the caller. Ruled true, the lane is
    ///         slashed by the withholding penalty.
    function fileWithheld(bytes32 lane, uint64 epoch, bytes32 evidenceHash) external returns (uint256 disputeId);

    /// @notice The provider's or the lane operator's answer, by hash.
    function respond(uint256 disputeId, bytes32 answerHash) external;

    /// @notice Draws the panel once an answer is there or the time for one is over. Anyone.
    function drawPanel(uint256 disputeId) external;

    /// @notice A vote of a panel member: what to refund (0 dismisses). Two votes alike decide.
    function rule(uint256 disputeId, uint128 refund, bytes32 reasonHash) external;

    /// @notice Takes a ruling to three of the rest of the roster. Either party, with a bond.
    function appeal(uint256 disputeId) external;

    /// @notice Carries out what was ruled once it can no longer be appealed, or closes a dispute that nobody ruled on in
    ///         time (bonds go back). Anyone.
    function execute(uint256 disputeId) external returns (uint128 refunded);

    /// @notice Two outputs for one (request, attempt, node), both signed by the node. Slashes the provider.
    function proveTwoOutputs(WorkReceipt calldata a, bytes calldata sigA, WorkReceipt calldata b, bytes calldata sigB)
        external
        returns (uint128 slashed);

    /// @notice Two deliveries for one (lane, seq), both signed by the lane. Slashes the lane.
    function proveTwoDeliveries(
        DeliveryReceipt calldata a,
        bytes calldata sigA,
        DeliveryReceipt calldata b,
        bytes calldata sigB
    ) external returns (uint128 slashed);

    /// @notice A price that does not follow from the terms that its receipt names, signed by the lane. Slashes the lane,
    ///         and refunds what an anchored receipt took too much when its proof is given.
    function proveWrongPrice(DeliveryReceipt calldata receipt, bytes calldata signature, Terms calldata terms)
        external
        returns (uint128 slashed);

    function disputeOf(uint256 disputeId) external view returns (Dispute memory);
    function panelOf(uint256 disputeId, bool appealPanel) external view returns (address[3] memory);
    function refundedOf(bytes32 receiptHash) external view returns (uint128);
    function arbiters() external view returns (address[] memory);

    /// @notice Σ bonds held.
    function liabilities() external view returns (uint256);
}
