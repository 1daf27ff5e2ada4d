// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DeliveryReceipt, LeaseReceipt, Terms, WorkReceipt} from "../libraries/ReceiptHashes.sol";
import {IPayouts} from "./IPayouts.sol";

/// @title  IContradictions
/// @notice Verdicts that follow from signatures alone, at once and without a panel. Failover, hedges and several gateways
///         produce none of these honestly.
/// @dev    Each offence costs its penalty once, however many proofs there are of it. What the stake could not pay stays
///         open: an offender gains nothing by proving against itself while it has no stake. Whoever proves is paid a share,
///         always less than the offender loses.
interface IContradictions is IPayouts {
    /// @notice `offender` (a provider or a lane) lost `slashed` µUSD, of which `reward` went to `prover`. `subject`
    ///         names the offence, as in {penaltyPaid}.
    event ContradictionProven(
        bytes32 indexed subject, bytes32 indexed offender, address indexed prover, uint128 slashed, uint128 reward
    );

    /// @notice The two receipts, by struct hash, are about different things, or say the same.
    error NotAContradiction(bytes32 a, bytes32 b);
    /// @notice The receipt's price is what its terms say.
    error PriceFollowsFromTerms(uint128 price);
    /// @notice The whole penalty of this offence has been paid.
    error ContradictionTaken(bytes32 subject);
    /// @notice `signer`, the node or the lane that the receipt names, did not sign it in the domain of the channels.
    error InvalidReceiptSignature(bytes32 signer);
    /// @notice The terms hash to `termsHash`, and the receipt names `expected`.
    error TermsMismatch(bytes32 termsHash, bytes32 expected);
    /// @notice No provider ever bound this node's key: there is nobody to slash.
    error NodeUnknown(bytes32 nodeId);

    /// @notice Two outputs for one (request, attempt, node), both signed by the node. Slashes the provider.
    /// @dev    Of the same channel and request hash: an id that another lane reuses, by chance or by design, is no proof. A
    ///         node must still refuse an attempt that it has answered.
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

    /// @notice A price that does not follow from the terms that its receipt names, signed by the lane. Too high wrongs the
    ///         payer, too low the provider: both are offences. Slashes the lane.
    /// @dev    Refunds nothing by itself: a lane and a payer in league could draw on a provider or the treasury by receipts
    ///         that nobody paid. What was taken too much is asked back by a dispute, {Kind.Overcharge}.
    function proveWrongPrice(DeliveryReceipt calldata receipt, bytes calldata signature, Terms calldata terms)
        external
        returns (uint128 slashed);

    /// @notice The same of a lease: `price = ceil(gpuMs · perGpuHour / 3.6·10⁶)`.
    function proveWrongLeasePrice(LeaseReceipt calldata receipt, bytes calldata signature, Terms calldata terms)
        external
        returns (uint128 slashed);

    /// @notice µUSD slashed for an offence so far.
    function penaltyPaid(bytes32 subject) external view returns (uint128);
}
