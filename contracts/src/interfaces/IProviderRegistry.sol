// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IStakeVault} from "./IStakeVault.sol";

/// @title  IProviderRegistry
/// @notice Who serves, who is paid, and whose signatures count: providers with their payout and frozen fee, the keys of
///         their nodes, the lanes (gateway keys), and the hashes of the terms that providers published.
/// @dev    Nothing here is ever deleted: a provider, a binding of a node key and registered terms are permanent, so that
///         a receipt signed under them can be judged at any later time.
interface IProviderRegistry {
    /// @notice Who serves. All zero for one that nobody registered.
    struct Provider {
        address owner; // Owns keys, terms and stake.
        uint16 feeBps; // Frozen at registration: a later change of the platform's fee does not reach it.
        address payout; // Where settlements go.
        address nextOwner; // Set while a transfer of ownership waits to be accepted.
    }

    /// @notice Whose a node's key is. All zero for one that nobody bound.
    struct NodeKey {
        bytes32 providerId; // For ever: a receipt signed by the key is this provider's at any later time.
        uint64 retiresAt; // 0 while it is in use. From then on, in chain seconds, the key serves no more.
    }

    /// @notice A gateway's key that was admitted. All zero for one that never was.
    struct Lane {
        address operator; // Owns the lane's stake and answers its disputes.
        uint64 admittedAt; // Chain time in seconds; 0 = never.
        uint64 removedAt; // 0 while it stands.
    }

    /// @notice `owner` is a provider from now on; `feeBps`, in basis points, is frozen for it.
    event ProviderRegistered(
        bytes32 indexed providerId, address indexed owner, address payout, uint16 feeBps, bytes32 salt
    );
    /// @notice Settlements from now on are paid to `payout`.
    event PayoutChanged(bytes32 indexed providerId, address payout);
    /// @notice `nextOwner` may accept the provider; the zero address: the offer was taken back.
    event OwnershipOffered(bytes32 indexed providerId, address indexed nextOwner);
    /// @notice `owner` accepted the provider, its stake and its disputes.
    event OwnershipTransferred(bytes32 indexed providerId, address indexed owner);
    /// @notice What `nodeKey` signs is this provider's for ever; `nodeId` is the key as 32 bytes.
    event NodeKeyAdded(bytes32 indexed providerId, bytes32 indexed nodeId, address nodeKey);
    /// @notice The key serves until `retiresAt`, in chain seconds. Its binding stays.
    event NodeKeyRetiring(bytes32 indexed providerId, bytes32 indexed nodeId, address nodeKey, uint64 retiresAt);
    /// @notice The provider stands by these terms: receipts that name them can be held against it.
    event TermsRegistered(bytes32 indexed providerId, bytes32 indexed termsHash);
    /// @notice `gatewayKey` may anchor and sign vouchers; `operator` owns its stake and answers for it.
    event LaneAdded(bytes32 indexed lane, address gatewayKey, address operator);
    /// @notice The lane anchors no more, for ever. What it anchored before stays claimable.
    event LaneRemoved(bytes32 indexed lane, address gatewayKey);
    /// @notice Who registers from now on is charged `feeBps`, in basis points of what is settled.
    event FeeChanged(uint16 feeBps);
    /// @notice `vault` holds the stake of lanes, for good.
    event StakeVaultNamed(address vault);
    /// @notice A lane needs `amount` µUSD of active stake to be admitted from now on.
    event LaneStakeMinChanged(uint128 amount);

    /// @notice The caller has registered a provider by this salt.
    error ProviderExists(bytes32 providerId);
    /// @notice Nobody registered such a provider.
    error UnknownProvider(bytes32 providerId);
    /// @notice Only the provider's owner may do this.
    error NotProviderOwner(bytes32 providerId, address caller);
    /// @notice The provider was not offered to the caller.
    error NotNextOwner(bytes32 providerId, address caller);
    /// @notice An address that must be somebody's is nobody's.
    error ZeroAddress();
    /// @notice Both in basis points: no fee is above `max`.
    error FeeTooHigh(uint16 feeBps, uint16 max);
    /// @notice The key is bound to `providerId`, for ever.
    error NodeKeyTaken(address nodeKey, bytes32 providerId);
    /// @notice The key is not bound to this provider, or retires already.
    error NodeKeyNotActive(address nodeKey);
    /// @notice `nodeKey` did not sign that it serves this provider.
    error InvalidNodeKeySignature(address nodeKey);
    /// @notice The provider has registered these terms before.
    error TermsExist(bytes32 providerId, bytes32 termsHash);
    /// @notice The key was admitted before; one that was removed never returns.
    error LaneExists(bytes32 lane);
    /// @notice The key was never admitted, or was removed.
    error UnknownLane(bytes32 lane);
    /// @notice `gatewayKey` did not sign that `operator` answers for it.
    error InvalidLaneKeySignature(address gatewayKey);
    /// @notice `active` µUSD back the lane's work, and its admission takes `min`.
    error LaneStakeTooSmall(bytes32 lane, uint128 active, uint128 min);
    /// @notice The vault is named once.
    error StakeVaultSet(address vault);

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

    /// @notice Starts the thaw of a node key: it serves until `retiresAt`, and its receipts count until then. Its binding
    ///         stays on record; the key cannot come back under another provider. Owner only.
    function retireNodeKey(bytes32 providerId, address nodeKey) external;

    /// @notice Puts the hash of an immutable version of terms on record. Owner only.
    function registerTerms(bytes32 providerId, bytes32 termsHash) external;

    /// @notice Admits a gateway key as a lane: `lane = bytes32(uint256(uint160(gatewayKey)))`. LANE_ADMIN only.
    /// @param  signature EIP-712 `LaneKey(address gatewayKey,address operator)` by the gateway key: proof of possession.
    /// @dev    The lane's active stake must reach {laneStakeMin} once a vault is set. A lane that was removed never returns.
    function addLane(address gatewayKey, address operator, bytes calldata signature) external returns (bytes32 lane);

    /// @notice Stops a lane from anchoring more epochs, for ever. What it anchored before stays claimable. LANE_ADMIN, or
    ///         GUARDIAN, who may do this at once.
    function removeLane(address gatewayKey) external;

    /// @notice Names the stake vault, once and for ever. ADMIN only.
    function setStakeVault(address vault) external;

    /// @notice Least active stake of a lane at its admission, in µUSD. ADMIN only.
    function setLaneStakeMin(uint128 amount) external;

    /// @notice Sets the fee that later registrations freeze, in basis points. ADMIN only.
    function setFee(uint16 feeBps) external;

    /// @notice What a provider that registers now is charged, in basis points.
    function feeBps() external view returns (uint16);

    /// @notice Seconds between a node key's retirement and the moment when it serves no more.
    function keyThawSeconds() external view returns (uint64);

    /// @notice Holds the stake of lanes; zero until it is named.
    function stakeVault() external view returns (IStakeVault);

    /// @notice Least active stake of a lane at its admission, in µUSD.
    function laneStakeMin() external view returns (uint128);

    /// @notice All zero for a provider that nobody registered.
    function providerOf(bytes32 providerId) external view returns (Provider memory);
    /// @notice Whether somebody registered it; it never ends.
    function providerExists(bytes32 providerId) external view returns (bool);
    /// @notice All zero for a key that nobody bound. A retired one keeps its provider.
    function nodeKeyOf(address nodeKey) external view returns (NodeKey memory);
    /// @notice Whether the key is bound and not retired at this chain time.
    function isNodeActive(bytes32 nodeId) external view returns (bool);

    /// @notice Who may thaw and withdraw the stake of a subject (a providerId or a lane); zero when there is no such one.
    function ownerOfSubject(bytes32 subject) external view returns (address);
    /// @notice All zero for a key that was never admitted. A removed one keeps its operator.
    function laneOf(bytes32 lane) external view returns (Lane memory);

    /// @notice Whether the lane was admitted and stands.
    function isLane(bytes32 lane) external view returns (bool);

    /// @notice The EIP-712 digest that a gateway key signs to prove possession.
    function laneKeyDigest(address gatewayKey, address operator) external view returns (bytes32);

    /// @notice Chain time, in seconds, at which the terms were registered; 0 when they were not.
    function termsRegisteredAt(bytes32 providerId, bytes32 termsHash) external view returns (uint64);

    /// @notice The EIP-712 digest that a node key signs to prove possession.
    function nodeKeyDigest(bytes32 providerId, address nodeKey) external view returns (bytes32);
}
