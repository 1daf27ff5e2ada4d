// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title  IProviderRegistry
/// @notice Who serves, who is paid, and whose signatures count: providers with their payout and frozen fee, the keys of
///         their nodes, the lanes (gateway keys), and the hashes of the terms that providers published.
/// @dev    Nothing here is ever deleted: a provider, a binding of a node key and registered terms are permanent, so that
///         a receipt signed under them can be judged at any later time.
interface IProviderRegistry {
    struct Provider {
        address owner;
        uint16 feeBps; // Frozen at registration: a later change of the platform's fee does not reach it.
        address payout;
        address nextOwner; // Set while a transfer of ownership waits to be accepted.
    }

    struct NodeKey {
        bytes32 providerId;
        bool active;
    }

    event ProviderRegistered(
        bytes32 indexed providerId, address indexed owner, address payout, uint16 feeBps, bytes32 salt
    );
    event PayoutChanged(bytes32 indexed providerId, address payout);
    event OwnershipOffered(bytes32 indexed providerId, address indexed nextOwner);
    event OwnershipTransferred(bytes32 indexed providerId, address indexed owner);
    event NodeKeyAdded(bytes32 indexed providerId, bytes32 indexed nodeId, address nodeKey);
    event NodeKeyRemoved(bytes32 indexed providerId, bytes32 indexed nodeId, address nodeKey);
    event TermsRegistered(bytes32 indexed providerId, bytes32 indexed termsHash);
    event LaneAdded(bytes32 indexed lane, address gatewayKey);
    event LaneRemoved(bytes32 indexed lane, address gatewayKey);
    event FeeChanged(uint16 feeBps);

    error ProviderExists(bytes32 providerId);
    error UnknownProvider(bytes32 providerId);
    error NotProviderOwner(bytes32 providerId, address caller);
    error NotNextOwner(bytes32 providerId, address caller);
    error ZeroAddress();
    error FeeTooHigh(uint16 feeBps, uint16 max);
    error NodeKeyTaken(address nodeKey, bytes32 providerId);
    error NodeKeyNotActive(address nodeKey);
    error InvalidNodeKeySignature(address nodeKey);
    error TermsExist(bytes32 providerId, bytes32 termsHash);
    error LaneExists(bytes32 lane);
    error UnknownLane(bytes32 lane);

    /// @notice Registers the caller as a provider. `providerId = keccak256(abi.encode(caller, salt))`.
    function registerProvider(bytes32 salt, address payout) external returns (bytes32 providerId);

    /// @notice Changes where settlements are paid, from the next settlement on. Owner only.
    function setPayout(bytes32 providerId, address payout) external;

    /// @notice Offers the provider to another owner, who must accept: a mistyped address loses nothing.
    function offerOwnership(bytes32 providerId, address nextOwner) external;

    /// @notice Takes over a provider that was offered to the caller.
    function acceptOwnership(bytes32 providerId) external;

    /// @notice Binds a node key to the provider, for ever. Owner only.
    /// @param  signature EIP-712 `NodeKey(bytes32 providerId,address nodeKey)` by the node key: proof of possession, so
    ///         that nobody binds a key which another runs.
    function addNodeKey(bytes32 providerId, address nodeKey, bytes calldata signature) external returns (bytes32 nodeId);

    /// @notice Retires a node key. Its binding stays on record; the key cannot come back under another provider.
    function removeNodeKey(bytes32 providerId, address nodeKey) external;

    /// @notice Puts the hash of an immutable version of terms on record. Owner only.
    function registerTerms(bytes32 providerId, bytes32 termsHash) external;

    /// @notice Admits a gateway key as a lane: `lane = bytes32(uint256(uint160(gatewayKey)))`. LANE_ADMIN only.
    function addLane(address gatewayKey) external returns (bytes32 lane);

    /// @notice Stops a lane from anchoring more epochs. What it anchored before stays claimable. LANE_ADMIN only.
    function removeLane(address gatewayKey) external;

    /// @notice Sets the fee that later registrations freeze, in basis points. ADMIN only.
    function setFee(uint16 feeBps) external;

    function feeBps() external view returns (uint16);
    function providerOf(bytes32 providerId) external view returns (Provider memory);
    function providerExists(bytes32 providerId) external view returns (bool);
    function nodeKeyOf(address nodeKey) external view returns (NodeKey memory);
    function isLane(bytes32 lane) external view returns (bool);

    /// @notice Chain time, in seconds, at which the terms were registered; 0 when they were not.
    function termsRegisteredAt(bytes32 providerId, bytes32 termsHash) external view returns (uint64);

    /// @notice The EIP-712 digest that a node key signs to prove possession.
    function nodeKeyDigest(bytes32 providerId, address nodeKey) external view returns (bytes32);
}
