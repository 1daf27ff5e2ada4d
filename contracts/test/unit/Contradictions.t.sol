// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Contradictions} from "../../src/Contradictions.sol";
import {IContradictions} from "../../src/interfaces/IContradictions.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {DeliveryReceipt, LeaseReceipt, ReceiptHashes, Terms, WorkReceipt} from "../../src/libraries/ReceiptHashes.sol";
import {ReceiptPrice} from "../../src/libraries/ReceiptPrice.sol";
import {TrustMarket} from "../support/TrustMarket.sol";

/// @dev Signatures that contradict themselves are judged at once, cost their signer once, and never pay it.
contract ContradictionsTest is TrustMarket {
    function test_twoOutputsForOneAttemptCostTheProvider() public {
        WorkReceipt memory a = work("request", "one");
        WorkReceipt memory b = work("request", "another");
        bytes32 subject = keccak256(abi.encode(bytes32("two outputs"), bytes32("request"), uint8(0), nodeId));
        (bytes memory sigA, bytes memory sigB) = (byNode(a), byNode(b));
        vm.expectEmit();
        emit IContradictions.ContradictionProven(subject, providerId, outsider, CONTRADICTION_PENALTY, 5e6);
        vm.prank(outsider);
        vm.assertEq(contradictions.proveTwoOutputs(a, sigA, b, sigB), CONTRADICTION_PENALTY);
        vm.assertEq(usdc.balanceOf(outsider), 5e6);
        vm.assertEq(usdc.balanceOf(treasury), 45e6);
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE - CONTRADICTION_PENALTY);
        vm.assertEq(contradictions.penaltyPaid(subject), CONTRADICTION_PENALTY);
        assertAllSolvent();

        b.outputHash = "a third";
        sigB = byNode(b);
        vm.expectRevert(abi.encodeWithSelector(IContradictions.ContradictionTaken.selector, subject));
        contradictions.proveTwoOutputs(a, sigA, b, sigB);
    }

    function test_whatIsNoSecondOutput() public {
        for (uint256 i = 0; i < 6; ++i) {
            WorkReceipt memory a = work("request", "one");
            WorkReceipt memory b = work("request", "another");
            if (i == 0) b.requestId = "another request";
            if (i == 1) b.attempt = 1;
            if (i == 2) b.nodeId = bytes32(uint256(uint160(vm.addr(PAYER_KEY))));
            if (i == 3) b.outputHash = "one";
            if (i == 4) b.channelId = "another channel";
            if (i == 5) b.requestHash = "other words";
            (bytes memory sigA, bytes memory sigB) = (byNode(a), byNode(b));
            vm.expectRevert(noContradiction(ReceiptHashes.hash(a), ReceiptHashes.hash(b)));
            contradictions.proveTwoOutputs(a, sigA, b, sigB);
        }
    }

    function test_outputsThatTheNodeDidNotSignProveNothing() public {
        WorkReceipt memory a = work("request", "one");
        WorkReceipt memory b = work("request", "another");
        bytes memory sigA = byNode(a);
        vm.expectRevert(abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, nodeId));
        contradictions.proveTwoOutputs(a, sigA, b, sigA);
        vm.expectRevert(abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, nodeId));
        contradictions.proveTwoOutputs(a, "", b, sigA);
    }

    function test_aKeyThatNobodyRegisteredHasNobodyToPunish() public {
        WorkReceipt memory a = work("request", "one");
        WorkReceipt memory b = work("request", "another");
        (a.nodeId, b.nodeId) = (lane, lane);
        bytes memory sigA = signReceipt(LANE_KEY, ReceiptHashes.hash(a));
        bytes memory sigB = signReceipt(LANE_KEY, ReceiptHashes.hash(b));
        vm.expectRevert(abi.encodeWithSelector(IContradictions.NodeUnknown.selector, lane));
        contradictions.proveTwoOutputs(a, sigA, b, sigB);
    }

    function test_twoDeliveriesUnderOneNumberCostTheLane() public {
        DeliveryReceipt memory a = delivery(9);
        DeliveryReceipt memory b = delivery(9);
        b.durationMs = 1;
        (bytes memory sigA, bytes memory sigB) = (byLane(a), byLane(b));
        vm.assertEq(contradictions.proveTwoDeliveries(a, sigA, b, sigB), CONTRADICTION_PENALTY);
        vm.assertEq(vault.stakeOf(lane).tokens, LANE_STAKE - CONTRADICTION_PENALTY);
        bytes32 subject = keccak256(abi.encode(bytes32("two deliveries"), lane, uint64(9)));
        vm.expectRevert(abi.encodeWithSelector(IContradictions.ContradictionTaken.selector, subject));
        contradictions.proveTwoDeliveries(b, sigB, a, sigA);
    }

    function test_whatIsNoSecondDelivery() public {
        for (uint256 i = 0; i < 3; ++i) {
            DeliveryReceipt memory a = delivery(9);
            DeliveryReceipt memory b = delivery(9);
            if (i == 0) b.seq = 10;
            if (i == 1) b.lane = nodeId;
            (bytes memory sigA, bytes memory sigB) = (byLane(a), byLane(b));
            vm.expectRevert(noContradiction(ReceiptHashes.hash(a), ReceiptHashes.hash(b)));
            contradictions.proveTwoDeliveries(a, sigA, b, sigB);
        }
    }

    function test_deliveriesThatTheLaneDidNotSignProveNothing() public {
        DeliveryReceipt memory a = delivery(9);
        DeliveryReceipt memory b = delivery(9);
        b.durationMs = 1;
        bytes memory sigA = byLane(a);
        bytes memory forged = signReceipt(NODE_KEY, ReceiptHashes.hash(b));
        vm.expectRevert(abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, lane));
        contradictions.proveTwoDeliveries(a, sigA, b, forged);
    }

    function test_aPriceAboveOrBelowItsTermsCostsTheLane() public {
        for (uint64 i = 0; i < 2; ++i) {
            DeliveryReceipt memory receipt = delivery(1 + i);
            receipt.price = i == 0 ? 5e6 + 1 : 5e6 - 1;
            bytes memory signature = byLane(receipt);
            vm.assertEq(contradictions.proveWrongPrice(receipt, signature, terms), CONTRADICTION_PENALTY);
            bytes32 subject = keccak256(abi.encode(bytes32("wrong price"), ReceiptHashes.hash(receipt)));
            vm.expectRevert(abi.encodeWithSelector(IContradictions.ContradictionTaken.selector, subject));
            contradictions.proveWrongPrice(receipt, signature, terms);
        }
        vm.assertEq(vault.stakeOf(lane).tokens, LANE_STAKE - 2 * CONTRADICTION_PENALTY);
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE);
    }

    function test_aRightPriceIsNoOffence() public {
        DeliveryReceipt memory receipt = delivery(1);
        bytes memory signature = byLane(receipt);
        bytes memory refusal = abi.encodeWithSelector(IContradictions.PriceFollowsFromTerms.selector, receipt.price);
        vm.expectRevert(refusal);
        contradictions.proveWrongPrice(receipt, signature, terms);
        LeaseReceipt memory leased = lease(1);
        signature = signReceipt(LANE_KEY, ReceiptHashes.hash(leased));
        vm.expectRevert(refusal);
        contradictions.proveWrongLeasePrice(leased, signature, terms);
    }

    function test_aPriceIsJudgedByTheTermsOfItsReceiptAndItsOwnSignature() public {
        DeliveryReceipt memory receipt = delivery(1);
        bytes memory signature = byLane(receipt);
        Terms memory other = terms;
        other.inPerMtok += 1;
        vm.expectRevert(
            abi.encodeWithSelector(IContradictions.TermsMismatch.selector, ReceiptHashes.hash(other), termsHash)
        );
        contradictions.proveWrongPrice(receipt, signature, other);
        receipt.price = 6e6;
        vm.expectRevert(abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, lane));
        contradictions.proveWrongPrice(receipt, signature, terms);
    }

    function test_aLeaseHasItsPriceToo() public {
        LeaseReceipt memory receipt = lease(1);
        receipt.price = 5e6 + 1;
        bytes memory signature = signReceipt(LANE_KEY, ReceiptHashes.hash(receipt));
        vm.assertEq(contradictions.proveWrongLeasePrice(receipt, signature, terms), CONTRADICTION_PENALTY);
    }

    /// @dev An offender that proves against itself before it has stake is not rid of the offence.
    function test_whatTheStakeCouldNotPayStaysOpen() public {
        burnStake(lane);
        DeliveryReceipt memory receipt = delivery(1);
        receipt.price = 1;
        bytes memory signature = byLane(receipt);
        vm.assertEq(contradictions.proveWrongPrice(receipt, signature, terms), 0);
        stake(lane, 20e6);
        vm.assertEq(contradictions.proveWrongPrice(receipt, signature, terms), 20e6);
        stake(lane, 100e6);
        vm.assertEq(contradictions.proveWrongPrice(receipt, signature, terms), 30e6);
        vm.assertEq(vault.stakeOf(lane).tokens, 70e6);
    }

    function test_thePriceIsRoundedUpOnce() public view {
        DeliveryReceipt memory receipt;
        vm.assertEq(ReceiptPrice.priceOf(receipt, terms), 0);
        receipt.bytesIn = 1;
        vm.assertEq(ReceiptPrice.priceOf(receipt, terms), 1);
        receipt = delivery(1);
        (receipt.billedCached, receipt.bytesIn, receipt.bytesOut) = (3_000_001, 1e9, 2e9);
        // 5,000,000 + 300,000.1 + 20,000 + 80,000
        vm.assertEq(ReceiptPrice.priceOf(receipt, terms), 5_400_001);
        LeaseReceipt memory leased = lease(1);
        leased.gpuMs += 1;
        vm.assertEq(ReceiptPrice.priceOf(leased, terms), 5_000_001);
    }

    function test_theLargestReceiptHasAPrice() public pure {
        uint64 most = type(uint64).max;
        DeliveryReceipt memory receipt;
        (receipt.billedIn, receipt.billedCached, receipt.billedOut) =
        (type(uint32).max, type(uint32).max, type(uint32).max);
        (receipt.bytesIn, receipt.bytesOut) = (most, most);
        Terms memory dearest;
        (dearest.inPerMtok, dearest.cachedPerMtok, dearest.outPerMtok) = (most, most, most);
        (dearest.inPerGb, dearest.outPerGb) = (most, most);
        uint256 tokens = 3 * uint256(type(uint32).max) * most * 1000;
        uint256 moved = 2 * uint256(most) * most;
        vm.assertEq(ReceiptPrice.priceOf(receipt, dearest), (tokens + moved + 1e9 - 1) / 1e9);
    }

    function test_theRewardIsBoundedFromTheStart() public {
        Contradictions.Parameters memory p = contradictionParameters();
        p.rewardBps = 5001;
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ParameterTooLarge.selector, 5001, 5000));
        new Contradictions(address(this), p);
    }

    /// @dev Self-slash for the reward: whatever the stake, and whatever the share, it loses at least half.
    function testFuzz_slashingOneselfAlwaysLoses(uint128 laneStake, uint16 rewardBps, uint128 penalty) public {
        Contradictions.Parameters memory p = contradictionParameters();
        p.rewardBps = uint16(bound(rewardBps, 0, 5000));
        p.penalty = uint128(bound(penalty, 1, type(uint128).max));
        Contradictions extreme = new Contradictions(address(this), p);
        bytes32 role = vault.SLASHER_ROLE();
        vm.prank(address(timelock));
        vault.grantRole(role, address(extreme));
        burnStake(lane);
        laneStake = uint128(bound(laneStake, 1, 1e12));
        stake(lane, laneStake);
        DeliveryReceipt memory receipt = delivery(1);
        receipt.price = 1;
        bytes memory signature = byLane(receipt);
        vm.prank(operator);
        uint128 slashed = extreme.proveWrongPrice(receipt, signature, terms);
        vm.assertEq(slashed, p.penalty < laneStake ? p.penalty : laneStake);
        vm.assertLe(usdc.balanceOf(operator) * 2, slashed, "at least half is lost");
        vm.assertEq(usdc.balanceOf(operator) + usdc.balanceOf(treasury), slashed);
    }

    function noContradiction(bytes32 a, bytes32 b) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IContradictions.NotAContradiction.selector, a, b);
    }

    function byNode(WorkReceipt memory receipt) private view returns (bytes memory) {
        return signReceipt(NODE_KEY, ReceiptHashes.hash(receipt));
    }

    function byLane(DeliveryReceipt memory receipt) private view returns (bytes memory) {
        return signReceipt(LANE_KEY, ReceiptHashes.hash(receipt));
    }
}
