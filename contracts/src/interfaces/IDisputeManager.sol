// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DeliveryReceipt, LeaseReceipt} from "../libraries/ReceiptHashes.sol";
import {IPayouts} from "./IPayouts.sol";

/// @title  IDisputeManager
/// @notice Disputes about receipts: file, respond, rule by a panel of three from a roster of six or more, appeal to three
///         of the rest, execute by anyone.
/// @dev    Always true: refunds of a receipt ≤ its price; one live dispute for each receipt and kind; terminal states
///         absorb. A refund draws on the provider's pending, its stake, the lane's stake and the treasury, in that order;
///         what none of them has is not paid, and nothing reverts for want of it.
interface IDisputeManager is IPayouts {
    /// @notice What a dispute says that was wrong.
    enum Kind {
        Overcharge, // Billed more than was delivered.
        NotDelivered,
        WrongOutput, // Another model, another quantisation, or not what the engine said.
        Withheld // The epoch file is not to be had: about (lane, epoch), not about a receipt.
    }

    /// @notice filed → answered → drawn → ruled → (appealed → drawn → ruled on appeal) → executed | dismissed; no ruling in
    ///         time (fewer than two votes, or two of which one is for nothing) → lapsed. Without an answer the panel is drawn all the same. An appeal that nobody rules on in time
    ///         leaves the first ruling standing.
    /// @dev    Answered also when the time for an answer is over.
    enum State {
        None,
        Filed,
        Answered,
        Drawn,
        Ruled,
        Appealed,
        AppealDrawn,
        AppealRuled,
        Executed,
        Dismissed,
        Lapsed
    }

    /// @notice A dispute as it stands. All amounts in µUSD.
    struct Dispute {
        State state; // See {State}.
        Kind kind; // See {Kind}.
        address filer; // Put up the bond, and has it back unless the dispute is dismissed.
        uint64 deadline; // Of the step that is open, in chain seconds: the last one at which it can be taken.
        uint128 amount; // Asked back, ≤ the price left to refund. For withheld data: the penalty.
        uint128 refund; // As ruled.
        uint128 bond; // Of the filer.
        uint128 frozen; // Of the provider's pending, held for this dispute.
        uint128 locked; // Of the provider's stake, held for this dispute (of the lane's, for withheld data).
        bytes32 subject; // Struct hash of the receipt, or keccak(lane, epoch) for withheld data.
        bytes32 channelId; // Paid for the receipt, and is refunded; 0 for withheld data.
        bytes32 providerId; // 0 for withheld data.
        bytes32 lane; // Signed the receipt, or anchored the epoch.
        uint64 epoch; // In which the lane anchored it.
        address appellant; // Who appealed; 0 while nobody has.
        uint128 price; // Of the receipt.
        uint128 appealBond; // Of the appellant.
        uint128 appealRefund; // As ruled on appeal.
        uint64 drawBlock; // Whose hash draws the panel; 0 while none is to be drawn.
    }

    /// @notice `amount` is asked back of `subject`; evidence is kept elsewhere under its hash.
    event DisputeFiled(
        uint256 indexed disputeId,
        bytes32 indexed subject,
        bytes32 indexed providerId,
        Kind kind,
        address filer,
        uint128 amount,
        bytes32 evidenceHash
    );
    /// @notice A respondent's answer, kept elsewhere under its hash.
    event DisputeAnswered(uint256 indexed disputeId, address indexed from, bytes32 answerHash);
    /// @notice The panel can be drawn from the next block on, from the hash of `drawBlock`.
    event DrawArmed(uint256 indexed disputeId, bool appeal, uint64 drawBlock);
    /// @notice These three vote until `deadline`.
    event PanelDrawn(uint256 indexed disputeId, bool appeal, address[3] panel, uint64 deadline);
    /// @notice A member would refund `refund`; its reason is kept elsewhere under its hash.
    event VoteCast(uint256 indexed disputeId, address indexed arbiter, uint128 refund, bytes32 reasonHash);
    /// @notice The panel, or that of the appeal, ruled that `refund` goes back.
    event DisputeRuled(uint256 indexed disputeId, bool appeal, uint128 refund);
    /// @notice A party takes the ruling to three others, for a bond.
    event DisputeAppealed(uint256 indexed disputeId, address indexed appellant, uint128 bond);
    /// @notice The dispute is over, as `state` says; `refunded` went back in all, or was slashed for withheld data.
    event DisputeClosed(uint256 indexed disputeId, State state, uint128 refunded);
    /// @notice Where a refund came from.
    event RefundDrawn(
        uint256 indexed disputeId, uint128 fromPending, uint128 fromProvider, uint128 fromLane, uint128 fromTreasury
    );
    /// @notice May be drawn from now on.
    event ArbiterAdded(address indexed arbiter);
    /// @notice Neither drawn nor votes from now on.
    event ArbiterRemoved(address indexed arbiter);

    /// @notice Nobody filed such a dispute.
    error UnknownDispute(uint256 disputeId);
    /// @notice The step is none of `state`'s.
    error WrongState(uint256 disputeId, State state);
    /// @notice Only a party may do this; an arbiter of the roster is none (`disputeId` 0: it may not file).
    error NotAParty(uint256 disputeId, address caller);
    /// @notice The caller was not drawn, has left the roster, or became a party since.
    error NotOnPanel(uint256 disputeId, address caller);
    /// @notice One vote each.
    error AlreadyVoted(uint256 disputeId, address arbiter);
    /// @notice The subject has an open dispute of this kind.
    error LiveDispute(bytes32 subject, Kind kind);
    /// @notice The proof does not lead from this leaf to the anchored root.
    error NotIncluded(bytes32 leaf);
    /// @notice The epoch's receipts could be disputed until `endedAt`.
    error FilingOver(uint64 endedAt);
    /// @notice The step could be taken until `deadline`.
    error DeadlineOver(uint64 deadline);
    /// @notice Others may still take their step until `deadline`.
    error DeadlineOpen(uint64 deadline);
    /// @notice The hash of `drawBlock` is known from the next block on.
    error DrawTooEarly(uint64 drawBlock);
    /// @notice Withheld data cost the whole penalty or nothing.
    error NotAllOrNothing(uint128 refund, uint128 amount);
    /// @notice The lane anchored no such epoch.
    error EpochNotAnchored(bytes32 lane, uint64 epoch);
    /// @notice Only the payer whose channel the receipt names may file.
    error NotChannelOwner(bytes32 channelId, address caller);
    /// @notice More than `max`, which is what is left to ask back, or what was asked.
    error AmountTooLarge(uint128 amount, uint128 max);
    /// @notice A panel and that of its appeal need `min` arbiters.
    error RosterTooSmall(uint256 size, uint256 min);
    /// @notice On the roster, or named twice.
    error ArbiterExists(address arbiter);
    /// @notice Not on the roster.
    error UnknownArbiter(address arbiter);
    /// @notice Withheld data have a filing of their own ({fileWithheld}).
    error WrongKind(Kind kind);
    /// @notice Nothing is asked back, or nothing is left to ask.
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

    /// @notice The provider's or the lane operator's answer, by hash. The first ends the wait; either may add to it until
    ///         the panel has ruled.
    function respond(uint256 disputeId, bytes32 answerHash) external;

    /// @notice Draws the panel once an answer is there or the time for one is over, or that of an appeal. Anyone.
    /// @return drawn False when this call only armed the draw, which a later block completes.
    /// @dev    From the hash of the block of the answer or the appeal, which commits to that block's prevrandao and which
    ///         no transaction in it can know: whoever draws, and when, changes nothing. Where there was no answer, or where
    ///         that hash is gone (256 blocks), a first call names its own block. Parties never sit on their own panel.
    function drawPanel(uint256 disputeId) external returns (bool drawn);

    /// @notice A vote of a panel member: what to refund (0 dismisses). About withheld data, either 0 or the whole penalty.
    /// @dev    Ruled is the second-highest refund of the three: two votes alike decide at once, three different ones for the
    ///         middle one. When the time is over, silence counts as 0: two different votes rule the lower one, which both
    ///         would refund at least, and the time to appeal runs from then on, whoever calls when. Where that is 0,
    ///         nothing was ruled. So no arbiter alone, by a vote or by silence, moves a ruling past what the two others
    ///         voted. Whoever became a party since the draw has no vote.
    function rule(uint256 disputeId, uint128 refund, bytes32 reasonHash) external;

    /// @notice Takes a ruling to three of the rest of the roster. Either party, with a bond.
    function appeal(uint256 disputeId) external;

    /// @notice Carries out what was ruled once it can no longer be appealed, or closes a dispute that nobody ruled on in
    ///         time (bonds go back). Anyone. A panel whose time is over, and of which one was silent, rules in this call
    ///         (see {rule}); while that can still be appealed, nothing is carried out and 0 returned.
    /// @dev    The filer's bond goes back unless the dispute is dismissed; the appellant's, when the appeal moved the refund
    ///         its way or was never ruled on. Other bonds go to the treasury.
    function execute(uint256 disputeId) external returns (uint128 refunded);

    /// @notice Puts an arbiter on the roster. ADMIN only.
    function addArbiter(address arbiter) external;

    /// @notice Takes an arbiter off the roster, which never falls below six. Votes not cast yet are lost. ADMIN only.
    function removeArbiter(address arbiter) external;

    /// @notice Reverts with {UnknownDispute} for one that nobody filed.
    function disputeOf(uint256 disputeId) external view returns (Dispute memory);
    /// @notice All zero before the panel, or that of the appeal, is drawn.
    function panelOf(uint256 disputeId, bool appealPanel) external view returns (address[3] memory);
    /// @notice µUSD refunded of a receipt, by struct hash, or slashed for withheld data, by keccak(lane, epoch).
    function refundedOf(bytes32 receiptHash) external view returns (uint128);
    /// @notice The roster, in no order.
    function arbiters() external view returns (address[] memory);
}
