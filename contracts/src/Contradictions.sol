// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Payouts} from "./base/Payouts.sol";
import {Penalties} from "./base/Penalties.sol";
import {IContradictions} from "./interfaces/IContradictions.sol";
import {IPaymentChannels} from "./interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {DeliveryReceipt, LeaseReceipt, ReceiptHashes, Terms, WorkReceipt} from "./libraries/ReceiptHashes.sol";
import {ReceiptPrice} from "./libraries/ReceiptPrice.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title  Contradictions
/// @notice See {IContradictions}. There is no pause.
contract Contradictions is IContradictions, Penalties {
    using ReceiptHashes for DeliveryReceipt;
    using ReceiptHashes for LeaseReceipt;
    using ReceiptHashes for Terms;
    using ReceiptHashes for WorkReceipt;
    using ReceiptPrice for DeliveryReceipt;
    using ReceiptPrice for LeaseReceipt;

    /// @param penalty what an offence costs its signer, in µUSD; `rewardBps` of it goes to whoever proves it.
    struct Parameters {
        IERC20 token;
        IProviderRegistry registry;
        IPaymentChannels channels;
        IStakeVault vault;
        address treasury;
        uint128 penalty;
        uint16 rewardBps;
    }

    /// @dev What keeps the offences apart under `penaltyPaid`.
    bytes32 private constant TWO_OUTPUTS = "two outputs";
    bytes32 private constant TWO_DELIVERIES = "two deliveries";
    bytes32 private constant WRONG_PRICE = "wrong price";

    IProviderRegistry public immutable registry;
    IPaymentChannels public immutable channels;

    /// @notice What an offence costs its signer, in µUSD.
    uint128 public immutable penalty;

    /// @inheritdoc IContradictions
    mapping(bytes32 subject => uint128) public penaltyPaid;

    constructor(address admin, Parameters memory p)
        Payouts(admin, p.token, p.treasury)
        Penalties(p.vault, p.rewardBps)
    {
        (registry, channels, penalty) = (p.registry, p.channels, p.penalty);
    }

    /// @inheritdoc IContradictions
    function proveTwoOutputs(WorkReceipt calldata a, bytes calldata sigA, WorkReceipt calldata b, bytes calldata sigB)
        external
        nonReentrant
        returns (uint128)
    {
        (bytes32 hashA, bytes32 hashB) = (a.hash(), b.hash());
        bool isOneAttempt = a.requestId == b.requestId && a.attempt == b.attempt && a.nodeId == b.nodeId;
        // The same payer's same words: no lane can borrow the id of another's request to make a node contradict itself.
        bool isOneRequest = a.channelId == b.channelId && a.requestHash == b.requestHash;
        if (!isOneAttempt || !isOneRequest || a.outputHash == b.outputHash) revert NotAContradiction(hashA, hashB);
        _requireSigned(a.nodeId, hashA, sigA);
        _requireSigned(b.nodeId, hashB, sigB);
        bytes32 subject = keccak256(abi.encode(TWO_OUTPUTS, a.requestId, a.attempt, a.nodeId));
        bytes32 providerId = registry.nodeKeyOf(address(uint160(uint256(a.nodeId)))).providerId;
        if (providerId == bytes32(0)) revert NodeUnknown(a.nodeId);
        return _convict(subject, providerId);
    }

    /// @inheritdoc IContradictions
    function proveTwoDeliveries(
        DeliveryReceipt calldata a,
        bytes calldata sigA,
        DeliveryReceipt calldata b,
        bytes calldata sigB
    ) external nonReentrant returns (uint128) {
        (bytes32 hashA, bytes32 hashB) = (a.hash(), b.hash());
        if (a.lane != b.lane || a.seq != b.seq || hashA == hashB) revert NotAContradiction(hashA, hashB);
        _requireSigned(a.lane, hashA, sigA);
        _requireSigned(b.lane, hashB, sigB);
        return _convict(keccak256(abi.encode(TWO_DELIVERIES, a.lane, a.seq)), a.lane);
    }

    /// @inheritdoc IContradictions
    function proveWrongPrice(DeliveryReceipt calldata receipt, bytes calldata signature, Terms calldata terms)
        external
        nonReentrant
        returns (uint128)
    {
        if (receipt.price == receipt.priceOf(terms)) revert PriceFollowsFromTerms(receipt.price);
        return _convictOfPrice(receipt.lane, receipt.hash(), signature, receipt.termsHash, terms);
    }

    /// @inheritdoc IContradictions
    function proveWrongLeasePrice(LeaseReceipt calldata receipt, bytes calldata signature, Terms calldata terms)
        external
        nonReentrant
        returns (uint128)
    {
        if (receipt.price == receipt.priceOf(terms)) revert PriceFollowsFromTerms(receipt.price);
        return _convictOfPrice(receipt.lane, receipt.hash(), signature, receipt.termsHash, terms);
    }

    function _convictOfPrice(
        bytes32 lane,
        bytes32 receiptHash,
        bytes calldata signature,
        bytes32 termsHash,
        Terms calldata terms
    ) private returns (uint128) {
        bytes32 given = terms.hash();
        if (given != termsHash) revert TermsMismatch(given, termsHash);
        _requireSigned(lane, receiptHash, signature);
        return _convict(keccak256(abi.encode(WRONG_PRICE, receiptHash)), lane);
    }

    function _convict(bytes32 subject, bytes32 offender) private returns (uint128 slashed) {
        uint128 paid = penaltyPaid[subject];
        if (paid == penalty) revert ContradictionTaken(subject);
        uint128 reward;
        (slashed, reward) = _punish(offender, penalty - paid, msg.sender);
        penaltyPaid[subject] = paid + slashed;
        emit ContradictionProven(subject, offender, msg.sender, slashed, reward);
    }

    /// @dev Receipts are signed in the domain of the channels that pay for them.
    function _requireSigned(bytes32 signer, bytes32 structHash, bytes calldata signature) private view {
        bytes32 digest = MessageHashUtils.toTypedDataHash(channels.domainSeparator(), structHash);
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure != ECDSA.RecoverError.NoError || bytes32(uint256(uint160(recovered))) != signer) {
            revert InvalidReceiptSignature(signer);
        }
    }
}
