// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title  ProviderRegistry
/// @notice See {IProviderRegistry}. Holds no money.
/// @dev    Roles: LANE_ADMIN admits and removes lanes, GUARDIAN removes them alone, and the administrator (a timelock)
///         sets the fee, the stake vault and the least stake of a lane.
contract ProviderRegistry is IProviderRegistry, AccessControl, EIP712 {
    /// @dev One slot, so that {isLane}, which every anchor asks, costs one read.
    struct LaneState {
        address operator;
        uint48 admittedAt;
        uint48 removedAt;
    }

    bytes32 public constant LANE_ADMIN_ROLE = keccak256("LANE_ADMIN_ROLE");
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @notice No fee above 30 %, whatever the administrator does.
    uint16 public constant FEE_BPS_MAX = 3000;

    bytes32 private constant NODE_KEY_TYPEHASH = keccak256("NodeKey(bytes32 providerId,address nodeKey)");
    bytes32 private constant LANE_KEY_TYPEHASH = keccak256("LaneKey(address gatewayKey,address operator)");

    /// @inheritdoc IProviderRegistry
    uint64 public immutable keyThawSeconds;
    /// @inheritdoc IProviderRegistry
    uint16 public feeBps;
    /// @inheritdoc IProviderRegistry
    IStakeVault public stakeVault;
    /// @inheritdoc IProviderRegistry
    uint128 public laneStakeMin;

    mapping(bytes32 providerId => Provider) private _providers;
    mapping(address nodeKey => NodeKey) private _nodeKeys;
    mapping(bytes32 providerId => mapping(bytes32 termsHash => uint64)) private _termsRegisteredAt;
    mapping(bytes32 lane => LaneState) private _lanes;

    constructor(address admin, uint16 initialFeeBps, uint64 keyThawSeconds_) EIP712("Isochrone", "1") {
        if (admin == address(0)) revert ZeroAddress();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        keyThawSeconds = keyThawSeconds_;
        _setFee(initialFeeBps);
    }

    // -------------------------------------------------------------------------------------------------- providers

    /// @inheritdoc IProviderRegistry
    function registerProvider(bytes32 salt, address payout) external returns (bytes32 providerId) {
        if (payout == address(0)) revert ZeroAddress();
        // The caller is part of the id: nobody can take an id that another is about to register.
        providerId = keccak256(abi.encode(msg.sender, salt));
        if (_providers[providerId].owner != address(0)) revert ProviderExists(providerId);
        _providers[providerId] = Provider(msg.sender, feeBps, payout, address(0));
        emit ProviderRegistered(providerId, msg.sender, payout, feeBps, salt);
    }

    /// @inheritdoc IProviderRegistry
    function setPayout(bytes32 providerId, address payout) external {
        _requireOwner(providerId);
        if (payout == address(0)) revert ZeroAddress();
        _providers[providerId].payout = payout;
        emit PayoutChanged(providerId, payout);
    }

    /// @inheritdoc IProviderRegistry
    function offerOwnership(bytes32 providerId, address nextOwner) external {
        _requireOwner(providerId);
        _providers[providerId].nextOwner = nextOwner; // The zero address takes an offer back.
        emit OwnershipOffered(providerId, nextOwner);
    }

    /// @inheritdoc IProviderRegistry
    function acceptOwnership(bytes32 providerId) external {
        Provider storage provider = _providers[providerId];
        if (provider.nextOwner != msg.sender) revert NotNextOwner(providerId, msg.sender);
        provider.owner = msg.sender;
        provider.nextOwner = address(0);
        emit OwnershipTransferred(providerId, msg.sender);
    }

    /// @inheritdoc IProviderRegistry
    function registerTerms(bytes32 providerId, bytes32 termsHash) external {
        _requireOwner(providerId);
        // Keyed by provider as well: publishing somebody else's hash first must not keep them from publishing theirs.
        if (_termsRegisteredAt[providerId][termsHash] != 0) revert TermsExist(providerId, termsHash);
        _termsRegisteredAt[providerId][termsHash] = uint64(block.timestamp);
        emit TermsRegistered(providerId, termsHash);
    }

    // -------------------------------------------------------------------------------------------------- node keys

    /// @inheritdoc IProviderRegistry
    function addNodeKey(bytes32 providerId, address nodeKey, bytes calldata signature)
        external
        returns (bytes32 nodeId)
    {
        _requireOwner(providerId);
        bytes32 holder = _nodeKeys[nodeKey].providerId;
        // A binding is permanent, also after the key retired: old receipts must stay attributable to one provider.
        if (holder != bytes32(0)) revert NodeKeyTaken(nodeKey, holder);
        if (!_isSignedBy(nodeKey, nodeKeyDigest(providerId, nodeKey), signature)) {
            revert InvalidNodeKeySignature(nodeKey);
        }
        _nodeKeys[nodeKey] = NodeKey(providerId, 0);
        nodeId = _toId(nodeKey);
        emit NodeKeyAdded(providerId, nodeId, nodeKey);
    }

    /// @inheritdoc IProviderRegistry
    function retireNodeKey(bytes32 providerId, address nodeKey) external {
        _requireOwner(providerId);
        NodeKey storage key = _nodeKeys[nodeKey];
        if (key.providerId != providerId || key.retiresAt != 0) revert NodeKeyNotActive(nodeKey);
        uint64 retiresAt = uint64(block.timestamp) + keyThawSeconds;
        key.retiresAt = retiresAt;
        emit NodeKeyRetiring(providerId, _toId(nodeKey), nodeKey, retiresAt);
    }

    // ------------------------------------------------------------------------------------------------------ lanes

    /// @inheritdoc IProviderRegistry
    function addLane(address gatewayKey, address operator, bytes calldata signature)
        external
        onlyRole(LANE_ADMIN_ROLE)
        returns (bytes32 lane)
    {
        if (gatewayKey == address(0) || operator == address(0)) revert ZeroAddress();
        lane = _toId(gatewayKey);
        // A lane that was removed does not come back: its numbering may be in a stranger's hands.
        if (_lanes[lane].admittedAt != 0) revert LaneExists(lane);
        if (!_isSignedBy(gatewayKey, laneKeyDigest(gatewayKey, operator), signature)) {
            revert InvalidLaneKeySignature(gatewayKey);
        }
        if (address(stakeVault) != address(0)) {
            uint128 active = stakeVault.activeStakeOf(lane);
            if (active < laneStakeMin) revert LaneStakeTooSmall(lane, active, laneStakeMin);
        }
        _lanes[lane] = LaneState(operator, uint48(block.timestamp), 0);
        emit LaneAdded(lane, gatewayKey, operator);
    }

    /// @inheritdoc IProviderRegistry
    function removeLane(address gatewayKey) external {
        if (!hasRole(GUARDIAN_ROLE, msg.sender)) _checkRole(LANE_ADMIN_ROLE);
        bytes32 lane = _toId(gatewayKey);
        if (!isLane(lane)) revert UnknownLane(lane);
        _lanes[lane].removedAt = uint48(block.timestamp);
        emit LaneRemoved(lane, gatewayKey);
    }

    // --------------------------------------------------------------------------------------------- administration

    /// @inheritdoc IProviderRegistry
    function setStakeVault(address vault) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (vault == address(0)) revert ZeroAddress();
        if (address(stakeVault) != address(0)) revert StakeVaultSet(address(stakeVault));
        stakeVault = IStakeVault(vault);
        emit StakeVaultNamed(vault);
    }

    /// @inheritdoc IProviderRegistry
    function setLaneStakeMin(uint128 amount) external onlyRole(DEFAULT_ADMIN_ROLE) {
        laneStakeMin = amount;
        emit LaneStakeMinChanged(amount);
    }

    /// @inheritdoc IProviderRegistry
    function setFee(uint16 newFeeBps) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setFee(newFeeBps);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IProviderRegistry
    function providerOf(bytes32 providerId) external view returns (Provider memory) {
        return _providers[providerId];
    }

    /// @inheritdoc IProviderRegistry
    function providerExists(bytes32 providerId) external view returns (bool) {
        return _providers[providerId].owner != address(0);
    }

    /// @inheritdoc IProviderRegistry
    function nodeKeyOf(address nodeKey) external view returns (NodeKey memory) {
        return _nodeKeys[nodeKey];
    }

    /// @inheritdoc IProviderRegistry
    function isNodeActive(bytes32 nodeId) external view returns (bool) {
        if (uint256(nodeId) > type(uint160).max) return false;
        NodeKey memory key = _nodeKeys[address(uint160(uint256(nodeId)))];
        return key.providerId != bytes32(0) && (key.retiresAt == 0 || block.timestamp < key.retiresAt);
    }

    /// @inheritdoc IProviderRegistry
    function ownerOfSubject(bytes32 subject) external view returns (address) {
        address owner = _providers[subject].owner;
        return owner != address(0) ? owner : _lanes[subject].operator;
    }

    /// @inheritdoc IProviderRegistry
    function laneOf(bytes32 lane) external view returns (Lane memory) {
        LaneState memory state = _lanes[lane];
        return Lane(state.operator, state.admittedAt, state.removedAt);
    }

    /// @inheritdoc IProviderRegistry
    function isLane(bytes32 lane) public view returns (bool) {
        LaneState storage state = _lanes[lane];
        uint256 word;
        assembly ("memory-safe") {
            word := sload(state.slot)
        }
        return word >> 160 != 0 && word >> 208 == 0; // Admitted, and not removed: each in 48 bits above the operator.
    }

    /// @inheritdoc IProviderRegistry
    function termsRegisteredAt(bytes32 providerId, bytes32 termsHash) external view returns (uint64) {
        return _termsRegisteredAt[providerId][termsHash];
    }

    /// @inheritdoc IProviderRegistry
    function nodeKeyDigest(bytes32 providerId, address nodeKey) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(NODE_KEY_TYPEHASH, providerId, nodeKey)));
    }

    /// @inheritdoc IProviderRegistry
    function laneKeyDigest(address gatewayKey, address operator) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(LANE_KEY_TYPEHASH, gatewayKey, operator)));
    }

    // -------------------------------------------------------------------------------------------------- internals

    function _requireOwner(bytes32 providerId) private view {
        address owner = _providers[providerId].owner;
        if (owner == address(0)) revert UnknownProvider(providerId);
        if (owner != msg.sender) revert NotProviderOwner(providerId, msg.sender);
    }

    function _setFee(uint16 newFeeBps) private {
        if (newFeeBps > FEE_BPS_MAX) revert FeeTooHigh(newFeeBps, FEE_BPS_MAX);
        feeBps = newFeeBps;
        emit FeeChanged(newFeeBps);
    }

    function _isSignedBy(address key, bytes32 digest, bytes calldata signature) private pure returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && signer == key;
    }

    function _toId(address key) private pure returns (bytes32) {
        return bytes32(uint256(uint160(key)));
    }
}
