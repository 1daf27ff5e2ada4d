// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title  IStakeVault
/// @notice Stake of providers (subject = providerId) and gateway operators (subject = lane), in µUSD of the token.
/// @dev    Always true: token balance ≥ Σ stake of all subjects; slash ≤ what is there and never reverts for want of it;
///         what thaws or is locked can still be slashed; thaw ≥ filing window + longest dispute + margin: work done before
///         a thaw began, and anchored within the margin after, is covered until the last dispute about it has ended. A
///         stranger's deposit moves no timer.
interface IStakeVault {
    /// @notice Of a subject, in µUSD.
    struct Stake {
        uint128 tokens; // All of it, thawing and locked included.
        uint128 locked; // Held for open disputes: cannot be withdrawn.
        uint128 thawing; // Asked back; may exceed what is free to leave.
        uint64 thawEndsAt; // Chain time in seconds; 0 when nothing thaws.
    }

    /// @notice Steps of a dispute, in chain seconds. Production: 7 d, 48 h, 7 d, 72 h, 7 d.
    struct Deadlines {
        uint64 fileSeconds; // After an epoch was anchored.
        uint64 respondSeconds; // After filing.
        uint64 ruleSeconds; // After the answer, or the time for one.
        uint64 appealSeconds; // After a ruling.
        uint64 appealRuleSeconds; // After the appeal.
    }

    /// @notice `amount` came in from `from`; `tokens` is the stake after.
    event Provisioned(bytes32 indexed subject, address indexed from, uint128 amount, uint128 tokens);
    /// @notice `amount` can be withdrawn from `thawEndsAt` on; 0 and 0: the request was taken back.
    event ThawRequested(bytes32 indexed subject, uint128 amount, uint64 thawEndsAt);
    /// @notice `amount` went out to `to`.
    event StakeWithdrawn(bytes32 indexed subject, address indexed to, uint128 amount);
    /// @notice `amount` more is held for a dispute; `locked` is all that is held now.
    event StakeLocked(bytes32 indexed subject, uint128 amount, uint128 locked);
    /// @notice `amount` is held no more; `locked` still is.
    event StakeUnlocked(bytes32 indexed subject, uint128 amount, uint128 locked);
    /// @notice `taken` of the `wanted` went to `to`: less where there was less.
    event Slashed(bytes32 indexed subject, uint128 wanted, uint128 taken, address indexed to);

    /// @notice Nothing was to be staked.
    error ZeroAmount();
    /// @notice An address that must be somebody's is nobody's.
    error ZeroAddress();
    /// @notice Neither a provider nor a lane, nor of the form of a key that may become one.
    error UnknownSubject(bytes32 subject);
    /// @notice Only the owner of the subject may do this.
    error NotSubjectOwner(bytes32 subject, address caller);
    /// @notice No more thaws than is there.
    error ThawTooLarge(bytes32 subject, uint128 amount, uint128 free);
    /// @notice No thaw was asked for.
    error NothingThawing(bytes32 subject);
    /// @notice The stake can be withdrawn from `thawEndsAt` on.
    error StillThawing(bytes32 subject, uint64 thawEndsAt);
    /// @notice Disputes hold all of it.
    error NothingToWithdraw(bytes32 subject);
    /// @notice The longest dispute and the margin take `min`: a shorter thaw would let stake out before the verdict.
    error ThawTooShort(uint64 thawSeconds, uint64 min);
    /// @notice `from` has carried out this order before.
    error OrderDone(address from, bytes32 orderId);
    /// @notice The token delivered another amount than was asked: one with fees on transfers is no money here.
    error UnexpectedTransferAmount(uint256 received, uint256 expected);

    /// @notice Adds stake to a provider or a lane. Anyone may; it changes no timer.
    /// @dev    A lane may be provisioned before it is admitted, because admission wants stake: until then its own gateway
    ///         key owns the stake, so that a lane which is never admitted has lost nothing.
    function provision(bytes32 subject, uint128 amount) external;

    /// @notice As {provision}, and no second time for this order of the caller: who does not know whether its transaction was
    ///         included sends another. Orders are each sender's own; nobody uses up another's.
    function provisionOnce(bytes32 subject, uint128 amount, bytes32 orderId) external;

    /// @notice Starts the thaw of `amount` anew; 0 takes the request back. Owner of the subject only.
    function thaw(bytes32 subject, uint128 amount) external;

    /// @notice After the thaw, pays min(thawing, tokens − locked). Owner only. What a lock holds back stays thawed.
    function withdraw(bytes32 subject, address to) external returns (uint128 amount);

    /// @notice Holds min(amount, tokens − locked) for a dispute, and says how much. LOCKER_ROLE only.
    function lock(bytes32 subject, uint128 amount) external returns (uint128 lockedNow);

    /// @notice Lets go of what was locked. LOCKER_ROLE only.
    function unlock(bytes32 subject, uint128 amount) external;

    /// @notice Takes min(amount, tokens) to `to`, from locked and thawing stake as well. SLASHER_ROLE only.
    function slash(bytes32 subject, uint128 amount, address to) external returns (uint128 taken);

    /// @notice All zero for a subject that has none. `locked` is never above `tokens` here.
    function stakeOf(bytes32 subject) external view returns (Stake memory);

    /// @notice Stake that backs work begun now: tokens − thawing.
    function activeStakeOf(bytes32 subject) external view returns (uint128);

    /// @notice Whether `from` has carried out this order by {provisionOnce}.
    function isOrderDone(address from, bytes32 orderId) external view returns (bool);

    /// @notice Σ stake of all subjects.
    function liabilities() external view returns (uint256);
    /// @notice From the request to the first moment of the withdrawal, in chain seconds.
    function thawSeconds() external view returns (uint64);

    /// @notice What the thaw exceeds the longest dispute by, at least.
    function marginSeconds() external view returns (uint64);

    /// @notice Of all disputes; here, because the thaw must outlast them.
    function deadlines() external view returns (Deadlines memory);
}
