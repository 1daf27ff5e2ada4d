// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SessionKey, Voucher} from "../libraries/ReceiptHashes.sol";

/// @title  IPaymentChannels
/// @notice Payers' escrow. A payer deposits, signs a ceiling on what may ever be drawn, and lanes redeem cumulative
///         vouchers against it into the providers' pending; pending is settled, less the fee, after a window.
/// @dev    All amounts are µUSD (the token's 6 decimals). Always true:
///         the token balance ≥ {liabilities};
///         per channel, over its life: Σ claimed ≤ min(deposited − withdrawn, ceiling);
///         claimed of (channel, provider, lane) ≤ its signed cumulative, and only grows;
///         Σ claimed of a lane ≤ Σ price of the epochs that it anchored, but for vouchers announced a grace period ago;
///         settled + refunded of (provider, lane, epoch) ≤ claimed; nothing frozen is settled.
///         Pending of (provider, lane, epoch) becomes payable as performance records release it ({ISlaLedger.releaseOf}); what no
///         record released within the grace period is payable then, but for what an invalid record or a dispute freezes.
///         What is claimed into an epoch later than an eighth of the grace period after its first claim waits a grace
///         period of its own, whatever records say.
///         Pausing stops inflow (open, deposit) alone: claims, settlements, refunds and withdrawals always go on.
interface IPaymentChannels {
    /// @notice A payer's escrow, over its life. All amounts in µUSD.
    struct Channel {
        address owner; // Signs ceilings and asks money back; 0: nobody opened it.
        uint128 deposited; // Lifetime.
        uint128 withdrawn; // Lifetime.
        uint128 claimed; // Lifetime.
        uint128 ceiling; // Lifetime; signed by the owner.
        uint128 withdrawing; // Asked back and thawing.
        uint64 thawEndsAt; // Chain time in seconds; 0 when nothing thaws.
    }

    /// @notice What a lane claimed for a provider by an epoch, and what has become of it. All amounts in µUSD.
    struct Pending {
        uint128 claimed; // Lifetime of (provider, lane, epoch).
        uint128 settled; // Of that, paid out or refunded.
        uint128 frozen; // Of the rest, held for open disputes.
        uint64 graceEndsAt; // Chain time in seconds from which no record is waited for; 0 before the first claim.
        uint128 payable_; // What {settle} would take now.
        uint128 setAside; // Of the lane's anchored sum, kept for claims into this pending.
    }

    /// @notice Where a lane stands against what it anchored.
    struct LaneClaims {
        uint128 taken; // Claimed over its life, or set aside, of the anchored sum.
        uint128 claimedAnnounced; // Lifetime, by announced vouchers after their grace period: not against that sum.
    }

    /// @notice A claim of one lane on one channel, as {claimEach} takes it: no field that its neighbours repeat.
    struct Due {
        bytes32 channelId; // Of whom it is claimed.
        uint128 cumulative; // As the lane signed it, in µUSD.
        bytes32 r; // With `vs` the lane's signature.
        bytes32 vs; // EIP-2098.
    }

    /// @notice Why a voucher was not paid at all. `None`: it was paid, in part or in full.
    enum Refusal {
        None,
        BadSignature,
        UnknownProvider,
        NothingDue,
        UnknownChannel,
        CeilingReached,
        BalanceEmpty,
        AnchoredSumReached
    }

    /// @notice `channelId` is keccak256(abi.encode(owner, salt)).
    event ChannelOpened(bytes32 indexed channelId, address indexed owner, bytes32 salt);
    /// @notice `amount` came in from `from`; `deposited` is the lifetime total after.
    event Deposited(bytes32 indexed channelId, address indexed from, uint128 amount, uint128 deposited);
    /// @notice What may be drawn over the channel's life is `ceiling` from now on.
    event CeilingRaised(bytes32 indexed channelId, uint128 ceiling);
    /// @notice `amount` is asked back and can be withdrawn from `thawEndsAt` on; 0 and 0: the request was taken back.
    event WithdrawalRequested(bytes32 indexed channelId, uint128 amount, uint64 thawEndsAt);
    /// @notice `amount` went out to `to`.
    event Withdrawn(bytes32 indexed channelId, address indexed to, uint128 amount);
    /// @notice A voucher was paid, in part or in full.
    /// @param cumulative as signed; `paid` now; `unpaid` of what was due stays due.
    event Claimed(
        bytes32 indexed channelId,
        bytes32 indexed providerId,
        bytes32 indexed lane,
        uint64 epoch,
        uint128 cumulative,
        uint128 paid,
        uint128 unpaid
    );
    /// @notice A voucher of a batch was not paid at all, and why.
    event ClaimSkipped(
        bytes32 indexed channelId,
        bytes32 indexed providerId,
        bytes32 indexed lane,
        uint64 epoch,
        uint128 cumulative,
        Refusal reason
    );
    /// @notice `gross` of an epoch's pending went out: `net` to `payout`, `fee` to the treasury.
    event Settled(
        bytes32 indexed providerId,
        bytes32 indexed lane,
        uint64 indexed epoch,
        uint128 gross,
        uint128 fee,
        uint128 net,
        address payout
    );
    /// @notice `amount` that was set aside for claims into this pending is the lane's to use again.
    event SetAsideReturned(bytes32 indexed providerId, bytes32 indexed lane, uint64 indexed epoch, uint128 amount);
    /// @notice Fees go to `treasury` from now on.
    event TreasuryChanged(address treasury);
    /// @notice Records of `ledger` release pending from now on, for good.
    event SlaLedgerNamed(address ledger);
    /// @notice `key` raises this channel's ceiling no more, whatever its owner signed.
    event SessionKeyRevoked(bytes32 indexed channelId, address indexed key);
    /// @notice {claimAnnounced} takes the voucher from `claimableAt` on.
    event VoucherAnnounced(
        bytes32 indexed channelId,
        bytes32 indexed providerId,
        bytes32 indexed lane,
        uint64 epoch,
        uint128 cumulative,
        uint64 claimableAt
    );
    /// @notice `amount` more is held for a dispute; `frozen` is all that is held now.
    event PendingFrozen(
        bytes32 indexed providerId, bytes32 indexed lane, uint64 indexed epoch, uint128 amount, uint128 frozen
    );
    /// @notice `amount` is held no more; `frozen` still is.
    event PendingUnfrozen(
        bytes32 indexed providerId, bytes32 indexed lane, uint64 indexed epoch, uint128 amount, uint128 frozen
    );
    /// @notice `amount` went from a provider's pending back into the channel that paid it.
    event PendingRefunded(
        bytes32 indexed providerId, bytes32 indexed lane, bytes32 indexed channelId, uint64 epoch, uint128 amount
    );
    /// @notice `amount` came in by {credit}; `deposited` is the lifetime total after.
    event Credited(bytes32 indexed channelId, address indexed from, uint128 amount, uint128 deposited);

    /// @notice This owner has a channel by this salt.
    error ChannelExists(bytes32 channelId);
    /// @notice Nobody opened such a channel.
    error UnknownChannel(bytes32 channelId);
    /// @notice Only the channel's owner may do this.
    error NotChannelOwner(bytes32 channelId, address caller);
    /// @notice An address that must be somebody's is nobody's.
    error ZeroAddress();
    /// @notice Nothing was to be moved.
    error ZeroAmount();
    /// @notice A lifetime total would pass what its field holds.
    error TotalTooLarge(uint256 total, uint256 max);
    /// @notice The token delivered another amount than was asked: one with fees on transfers is no money here.
    error UnexpectedTransferAmount(uint256 received, uint256 expected);
    /// @notice A ceiling only rises: `amount` is not above `ceiling`.
    error CeilingNotRaised(bytes32 channelId, uint128 amount, uint128 ceiling);
    /// @notice `owner` did not sign this.
    error InvalidCeilingSignature(bytes32 channelId, address owner);
    /// @notice No more can be asked back than is `unclaimed`.
    error WithdrawalTooLarge(bytes32 channelId, uint128 amount, uint128 unclaimed);
    /// @notice Nothing thaws in this channel.
    error NoWithdrawalRequested(bytes32 channelId);
    /// @notice The money can be withdrawn from `thawEndsAt` on.
    error StillThawing(bytes32 channelId, uint64 thawEndsAt);
    /// @notice All that was asked back has been claimed since.
    error NothingToWithdraw(bytes32 channelId);
    /// @notice A voucher claimed alone was not paid at all, and why.
    error ClaimRefused(Refusal reason);
    /// @notice Each voucher needs one signature.
    error LengthMismatch(uint256 vouchers, uint256 signatures);
    /// @notice None of the epochs has anything to pay out now.
    error NothingPayable(bytes32 providerId);
    /// @notice Nothing is set aside in this pending.
    error NothingSetAside(bytes32 providerId, bytes32 lane, uint64 epoch);
    /// @notice The owner did not let `key` raise this ceiling, or revoked it.
    error SessionKeyInvalid(bytes32 channelId, address key);
    /// @notice The leave of `key` ended at `validUntil`.
    error SessionOver(bytes32 channelId, address key, uint64 validUntil);
    /// @notice The leave goes up to `max`.
    error SessionCeilingTooHigh(uint128 amount, uint128 max);
    /// @notice The grace period of this voucher runs, or is over: nobody starts it anew.
    error AlreadyAnnounced(bytes32 lane, uint128 cumulative, uint64 claimableAt);
    /// @notice Nobody announced this voucher.
    error NotAnnounced(bytes32 lane, uint128 cumulative);
    /// @notice The voucher can be claimed from `claimableAt` on.
    error GraceRunning(uint64 claimableAt);
    /// @notice The lane is not admitted, or stands no more.
    error LaneNotActive(bytes32 lane);
    /// @notice The ledger is named once.
    error SlaLedgerSet(address ledger);
    /// @notice A grace period must end within the thaw, or payers would be gone before it.
    error GraceTooLong(uint64 graceSeconds, uint64 thawSeconds);

    /// @notice Opens a channel: `channelId = keccak256(abi.encode(owner, salt))`. Anyone may open one for an owner.
    function open(address owner, bytes32 salt) external returns (bytes32 channelId);

    /// @notice Takes `amount` from the caller into the channel. Anyone may; it moves no timer.
    function deposit(bytes32 channelId, uint128 amount) external;

    /// @notice {deposit} with the caller's ERC-2612 permit. A permit that somebody else has already put on record is
    ///         no error: the allowance is what counts.
    function depositWithPermit(bytes32 channelId, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Deposits by an ERC-3009 `ReceiveWithAuthorization` of `from` to this contract, which anyone may relay.
    /// @dev    The signed nonce is `keccak256(abi.encode(channelId, nonceSalt))`: it binds the authorization to the
    ///         channel, so that a relayer cannot lead the money into another.
    function depositWithAuthorization(
        bytes32 channelId,
        address from,
        uint128 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonceSalt,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Raises what may be drawn over the channel's life to `amount`. It never falls. Anyone may relay.
    /// @param  signature EIP-712 `Ceiling(bytes32 channelId,uint128 amount)` by the owner: a key, a contract wallet
    ///         (ERC-1271), or one that is not deployed yet (ERC-6492).
    /// @dev    Above what all deposits together can reach, every amount is the same: that one is recorded.
    function setCeiling(bytes32 channelId, uint128 amount, bytes calldata signature) external;

    /// @notice {setCeiling} by a key that the owner let raise it: `ownerSignature` over {SessionKey}, `keySignature` over
    ///         the same `Ceiling` by the session key.
    function setCeilingBySession(
        uint128 amount,
        SessionKey calldata session,
        bytes calldata ownerSignature,
        bytes calldata keySignature
    ) external;

    /// @notice Ends a session key before its time, for this channel, for ever. Owner only.
    function revokeSessionKey(bytes32 channelId, address key) external;

    /// @notice Pays what a voucher makes due, as far as balance, ceiling and the lane's anchored sum go, into the
    ///         provider's pending of the epoch, and records only what was paid: the rest stays due.
    /// @param  signature EIP-712 `Voucher` by the lane's key.
    /// @dev    Reverts with {ClaimRefused} when nothing was paid.
    function claim(Voucher calldata voucher, bytes calldata signature) external returns (uint128 paid);

    /// @notice {claim} with the signature in two words (EIP-2098): the cheapest way to claim one voucher alone.
    function claimCompact(Voucher calldata voucher, bytes32 r, bytes32 vs) external returns (uint128 paid);

    /// @notice {claim} for many. A voucher that cannot be paid is skipped and reported by {ClaimSkipped}.
    function claimMany(Voucher[] calldata vouchers, bytes[] calldata signatures) external returns (uint128 paid);

    /// @notice {claimMany} for vouchers that differ in channel and amount alone: each due is one with those fields.
    ///         Cheapest.
    function claimEach(
        bytes32 providerId,
        bytes32 lane,
        uint64 epoch,
        bytes32 receiptRoot,
        uint128 earned,
        Due[] calldata dues
    ) external returns (uint128 paid);

    /// @notice Gives back to the lane's anchored sum what is set aside in a pending and not claimed yet. Anyone may: it
    ///         takes no claim away, because claims draw on the lane's sum as well.
    function returnSetAside(bytes32 providerId, bytes32 lane, uint64 epoch) external returns (uint128 returned);

    /// @notice Starts the grace period of a voucher that its lane has not anchored enough for, so that a lane which omits
    ///         receipts cannot censor a provider. Anyone may call. Each voucher has a grace period of its own: a later
    ///         one, announced by whomever, puts nothing off.
    function announce(Voucher calldata voucher, bytes calldata signature) external;

    /// @notice Pays an announced voucher after its grace period by the signature alone, if the lane still stands, as far as
    ///         balance and ceiling go.
    function claimAnnounced(Voucher calldata voucher) external returns (uint128 paid);

    /// @notice Pays out what is payable of the given epochs: net to the provider's payout, fee to the treasury. Epochs
    ///         which are not payable yet are left alone. Anyone may call.
    /// @dev    Payable = claimed − settled − frozen, as far as final records released it or, after the grace period, as
    ///         far as no invalid record freezes it. The fee is `floor(total·bps/10⁴)` of the provider's lifetime total
    ///         after, less the same before: how settlements are cut up changes the fee by nothing.
    function settle(bytes32 providerId, bytes32 lane, uint64[] calldata epochs) external returns (uint128 gross);

    /// @notice Holds min(amount, claimed − settled − frozen) of a pending for a dispute. DISPUTE_ROLE only.
    function freeze(bytes32 providerId, bytes32 lane, uint64 epoch, uint128 amount) external returns (uint128 frozen);

    /// @notice Lets go of what was held. DISPUTE_ROLE only.
    function unfreeze(bytes32 providerId, bytes32 lane, uint64 epoch, uint128 amount) external;

    /// @notice Moves min(amount, claimed − settled) of a pending back into the channel that paid it, frozen part first.
    ///         DISPUTE_ROLE only. Counts as deposited: the ceiling, a lifetime total, is not lowered.
    function refundPending(bytes32 providerId, bytes32 lane, uint64 epoch, bytes32 channelId, uint128 amount)
        external
        returns (uint128 refunded);

    /// @notice {deposit} that no pause stops: for refunds and SLA credits, paid by the caller. Anyone may.
    function credit(bytes32 channelId, uint128 amount) external;

    /// @notice Asks `amount` back and starts the thaw anew; 0 takes the request back. Owner only.
    function requestWithdrawal(bytes32 channelId, uint128 amount) external;

    /// @notice After the thaw, pays the lesser of what was asked back and what is unclaimed. Owner only.
    function withdraw(bytes32 channelId, address to) external returns (uint128 amount);

    /// @notice All zero for a channel that nobody opened.
    function channelOf(bytes32 channelId) external view returns (Channel memory);
    /// @notice As of now: `payable_` grows with records and time. All zero before the first claim.
    function pendingOf(bytes32 providerId, bytes32 lane, uint64 epoch) external view returns (Pending memory);
    /// @notice µUSD claimed of the channel for the provider by the lane, over its life.
    function claimedOf(bytes32 channelId, bytes32 providerId, bytes32 lane) external view returns (uint128);
    /// @notice Where the lane stands against what it anchored. All zero before its first claim.
    function laneClaimsOf(bytes32 lane) external view returns (LaneClaims memory);

    /// @notice Chain time, in seconds, from which {claimAnnounced} takes the voucher; 0 when it was not announced.
    function claimableAt(Voucher calldata voucher) external view returns (uint64);

    /// @notice Whether the owner ended this key for this channel.
    function isSessionRevoked(bytes32 channelId, address key) external view returns (bool);

    /// @notice µUSD paid out to the provider and in fees, over its life.
    function settledTotal(bytes32 providerId) external view returns (uint128);

    /// @notice Σ (deposited − withdrawn − claimed) of channels + Σ (claimed − settled) of pending.
    function liabilities() external view returns (uint256);

    /// @notice The EIP-712 domain of vouchers, ceilings and receipts.
    function domainSeparator() external view returns (bytes32);
    /// @notice What a lane's key signs of a voucher (EIP-712).
    function voucherDigest(Voucher calldata voucher) external view returns (bytes32);
    /// @notice What a channel's owner, or its session key, signs of a ceiling (EIP-712).
    function ceilingDigest(bytes32 channelId, uint128 amount) external view returns (bytes32);
    /// @notice What a channel's owner signs of a session key (EIP-712).
    function sessionKeyDigest(SessionKey calldata session) external view returns (bytes32);
}
