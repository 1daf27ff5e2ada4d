// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title  StakeVault
/// @notice See {IStakeVault}. There is no pause: nothing here stops a slash or an exit.
contract StakeVault is IStakeVault, AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice May hold stake for open disputes.
    bytes32 public constant LOCKER_ROLE = keccak256("LOCKER_ROLE");

    /// @notice May take stake. For contracts whose verdicts bound what they take; never for an account.
    bytes32 public constant SLASHER_ROLE = keccak256("SLASHER_ROLE");

    IERC20 public immutable token;
    IProviderRegistry public immutable registry;
    uint64 public immutable thawSeconds;
    uint64 public immutable marginSeconds;

    /// @dev Locked may exceed tokens after a slash: every dispute keeps its own hold on whatever is provisioned later.
    mapping(bytes32 subject => Stake) private _stakes;
    /// @inheritdoc IStakeVault
    mapping(address from => mapping(bytes32 orderId => bool)) public isOrderDone;
    Deadlines private _deadlines;
    uint256 public liabilities;

    constructor(
        address admin,
        IERC20 token_,
        IProviderRegistry registry_,
        uint64 thawSeconds_,
        uint64 marginSeconds_,
        Deadlines memory deadlines_
    ) {
        if (admin == address(0)) revert ZeroAddress();
        // Work done before a thaw began can be disputed and appealed to the end before it is over, if its lane anchors
        // it in what is left of the thaw: marginSeconds at least. Filing runs from anchoring, however late that is.
        uint64 min = deadlines_.fileSeconds + deadlines_.respondSeconds + deadlines_.ruleSeconds
            + deadlines_.appealSeconds + deadlines_.appealRuleSeconds + marginSeconds_;
        if (thawSeconds_ < min) revert ThawTooShort(thawSeconds_, min);
        (token, registry, thawSeconds, marginSeconds) = (token_, registry_, thawSeconds_, marginSeconds_);
        _deadlines = deadlines_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IStakeVault
    function provision(bytes32 subject, uint128 amount) external nonReentrant {
        _provision(subject, amount);
    }

    /// @inheritdoc IStakeVault
    function provisionOnce(bytes32 subject, uint128 amount, bytes32 orderId) external nonReentrant {
        if (isOrderDone[msg.sender][orderId]) revert OrderDone(msg.sender, orderId);
        isOrderDone[msg.sender][orderId] = true;
        _provision(subject, amount);
    }

    /// @inheritdoc IStakeVault
    function thaw(bytes32 subject, uint128 amount) external {
        Stake storage stake = _ownedByCaller(subject);
        if (amount > stake.tokens) revert ThawTooLarge(subject, amount, stake.tokens);
        stake.thawing = amount;
        stake.thawEndsAt = amount == 0 ? 0 : uint64(block.timestamp) + thawSeconds;
        emit ThawRequested(subject, amount, stake.thawEndsAt);
    }

    /// @inheritdoc IStakeVault
    function withdraw(bytes32 subject, address to) external nonReentrant returns (uint128 amount) {
        Stake storage stake = _ownedByCaller(subject);
        if (to == address(0)) revert ZeroAddress();
        if (stake.thawEndsAt == 0) revert NothingThawing(subject);
        if (block.timestamp < stake.thawEndsAt) revert StillThawing(subject, stake.thawEndsAt);
        amount = _min(stake.thawing, _free(stake));
        if (amount == 0) revert NothingToWithdraw(subject);

        stake.tokens -= amount;
        _setThawing(stake, stake.thawing - amount);
        liabilities -= amount;
        emit StakeWithdrawn(subject, to, amount);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IStakeVault
    function lock(bytes32 subject, uint128 amount) external onlyRole(LOCKER_ROLE) returns (uint128 lockedNow) {
        Stake storage stake = _stakes[subject];
        lockedNow = _min(amount, _free(stake));
        stake.locked += lockedNow;
        emit StakeLocked(subject, lockedNow, stake.locked);
    }

    /// @inheritdoc IStakeVault
    function unlock(bytes32 subject, uint128 amount) external onlyRole(LOCKER_ROLE) {
        Stake storage stake = _stakes[subject];
        uint128 unlocked = _min(amount, stake.locked);
        stake.locked -= unlocked;
        emit StakeUnlocked(subject, unlocked, stake.locked);
    }

    /// @inheritdoc IStakeVault
    function slash(bytes32 subject, uint128 amount, address to)
        external
        onlyRole(SLASHER_ROLE)
        nonReentrant
        returns (uint128 taken)
    {
        if (to == address(0)) revert ZeroAddress();
        Stake storage stake = _stakes[subject];
        taken = _min(amount, stake.tokens);
        stake.tokens -= taken;
        // Stake that is gone does not thaw: what is provisioned later must begin its own thaw.
        if (stake.thawing > stake.tokens) _setThawing(stake, stake.tokens);
        liabilities -= taken;
        emit Slashed(subject, amount, taken, to);
        if (taken > 0) token.safeTransfer(to, taken);
    }

    /// @inheritdoc IStakeVault
    function stakeOf(bytes32 subject) external view returns (Stake memory stake) {
        stake = _stakes[subject];
        stake.locked = _min(stake.locked, stake.tokens);
    }

    /// @inheritdoc IStakeVault
    function activeStakeOf(bytes32 subject) external view returns (uint128) {
        Stake storage stake = _stakes[subject];
        return stake.tokens - stake.thawing;
    }

    /// @inheritdoc IStakeVault
    function deadlines() external view returns (Deadlines memory) {
        return _deadlines;
    }

    function _provision(bytes32 subject, uint128 amount) private {
        if (amount == 0) revert ZeroAmount();
        _ownerOf(subject);
        Stake storage stake = _stakes[subject];
        stake.tokens += amount;
        liabilities += amount;
        emit Provisioned(subject, msg.sender, amount, stake.tokens);

        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert UnexpectedTransferAmount(received, amount);
    }

    function _ownedByCaller(bytes32 subject) private view returns (Stake storage) {
        if (_ownerOf(subject) != msg.sender) revert NotSubjectOwner(subject, msg.sender);
        return _stakes[subject];
    }

    /// @dev A subject that the registry does not know is a lane to be, when it has the form of a key.
    function _ownerOf(bytes32 subject) private view returns (address owner) {
        owner = registry.ownerOfSubject(subject);
        if (owner != address(0)) return owner;
        if (subject == bytes32(0) || uint256(subject) > type(uint160).max) revert UnknownSubject(subject);
        return address(uint160(uint256(subject)));
    }

    function _setThawing(Stake storage stake, uint128 amount) private {
        stake.thawing = amount;
        if (amount == 0) stake.thawEndsAt = 0;
    }

    function _free(Stake storage stake) private view returns (uint128) {
        return stake.tokens > stake.locked ? stake.tokens - stake.locked : 0;
    }

    function _min(uint128 a, uint128 b) private pure returns (uint128) {
        return a < b ? a : b;
    }
}
