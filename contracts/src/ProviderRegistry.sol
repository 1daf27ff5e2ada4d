// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title  ProviderRegistry
/// @notice See {IProviderRegistry}. Holds no money.
contract ProviderRegistry is IProviderRegistry, AccessControl, EIP712 {
    /// @notice May admit and remove lanes (gateway keys).
    bytes32 public constant LANE_ADMIN_ROLE = keccak256("LANE_ADMIN_ROLE");

    /// @notice No fee above 30 %, whatever the administrator does.
    uint16 public constant FEE_BPS_MAX = 3000;

    bytes32 private constant NODE_KEY_TYPEHASH = keccak256("NodeKey(bytes32 providerId,address nodeKey)");

    uint16 public feeBps;

    mapping(bytes32 providerId => Provider) private _providers;
    mapping(address nodeKey => NodeKey) private _nodeKeys;
    mapping(bytes32 providerId => mapping(bytes32 termsHash => uint64)) private _termsRegisteredAt;
    mapping(bytes32 lane => bool) private _lanes;

    constructor(address admin, uint16 initialFeeBps) EIP712("Isochrone", "1") {
        if (admin == address(0)) revert ZeroAddress();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(LANE_ADMIN_ROLE, admin);
        _setFee(initialFeeBps);
    }

    modifier onlyProviderOwner(bytes32 providerId) {
        address owner = _providers[providerId].owner;
        if (owner == address(0)) revert UnknownProvider(providerId);
        if (owner != msg.sender) revert NotProviderOwner(providerId, msg.sender);
        _;
    }

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
    function setPayout(bytes32 providerId, address payout) external onlyProviderOwner(providerId) {
        if (payout == address(0)) revert ZeroAddress();
        _providers[providerId].payout = payout;
        emit PayoutChanged(providerId, payout);
    }

    /// @inheritdoc IProviderRegistry
    function offerOwnership(bytes32 providerId, address nextOwner) external onlyProviderOwner(providerId) {
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
    function addNodeKey(bytes32 providerId, address nodeKey, bytes calldata signature)
        external
        onlyProviderOwner(providerId)
        returns (bytes32 nodeId)
    {
        bytes32 holder = _nodeKeys[nodeKey].providerId;
        // A binding is permanent, also after removal: old receipts must stay attributable to one provider.
        if (holder != bytes32(0)) revert NodeKeyTaken(nodeKey, holder);
        (address signer, ECDSA.RecoverError failure,) =
            ECDSA.tryRecoverCalldata(nodeKeyDigest(providerId, nodeKey), signature);
        if (failure != ECDSA.RecoverError.NoError || signer != nodeKey) revert InvalidNodeKeySignature(nodeKey);

        _nodeKeys[nodeKey] = NodeKey(providerId, true);
        nodeId = _toId(nodeKey);
        emit NodeKeyAdded(providerId, nodeId, nodeKey);
    }

    /// @inheritdoc IProviderRegistry
    function removeNodeKey(bytes32 providerId, address nodeKey) external onlyProviderOwner(providerId) {
        NodeKey storage key = _nodeKeys[nodeKey];
        if (key.providerId != providerId || !key.active) revert NodeKeyNotActive(nodeKey);
        key.active = false;
        emit NodeKeyRemoved(providerId, _toId(nodeKey), nodeKey);
    }

    /// @inheritdoc IProviderRegistry
    function registerTerms(bytes32 providerId, bytes32 termsHash) external onlyProviderOwner(providerId) {
        // Keyed by provider as well: publishing somebody else's hash first must not keep them from publishing theirs.
        if (_termsRegisteredAt[providerId][termsHash] != 0) revert TermsExist(providerId, termsHash);
        _termsRegisteredAt[providerId][termsHash] = uint64(block.timestamp);
        emit TermsRegistered(providerId, termsHash);
    }

    /// @inheritdoc IProviderRegistry
    function addLane(address gatewayKey) external onlyRole(LANE_ADMIN_ROLE) returns (bytes32 lane) {
        if (gatewayKey == address(0)) revert ZeroAddress();
        lane = _toId(gatewayKey);
        if (_lanes[lane]) revert LaneExists(lane);
        _lanes[lane] = true;
        emit LaneAdded(lane, gatewayKey);
    }

    /// @inheritdoc IProviderRegistry
    function removeLane(address gatewayKey) external onlyRole(LANE_ADMIN_ROLE) {
        bytes32 lane = _toId(gatewayKey);
        if (!_lanes[lane]) revert UnknownLane(lane);
        _lanes[lane] = false;
        emit LaneRemoved(lane, gatewayKey);
    }

    /// @inheritdoc IProviderRegistry
    function setFee(uint16 newFeeBps) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setFee(newFeeBps);
    }

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
    function isLane(bytes32 lane) external view returns (bool) {
        return _lanes[lane];
    }

    /// @inheritdoc IProviderRegistry
    function termsRegisteredAt(bytes32 providerId, bytes32 termsHash) external view returns (uint64) {
        return _termsRegisteredAt[providerId][termsHash];
    }

    /// @inheritdoc IProviderRegistry
    function nodeKeyDigest(bytes32 providerId, address nodeKey) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(NODE_KEY_TYPEHASH, providerId, nodeKey)));
    }

    function _setFee(uint16 newFeeBps) private {
        if (newFeeBps > FEE_BPS_MAX) revert FeeTooHigh(newFeeBps, FEE_BPS_MAX);
        feeBps = newFeeBps;
        emit FeeChanged(newFeeBps);
    }

    function _toId(address key) private pure returns (bytes32) {
        return bytes32(uint256(uint160(key)));
    }
}
