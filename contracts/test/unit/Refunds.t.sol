// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DisputeManager} from "../../src/DisputeManager.sol";
import {Refunds} from "../../src/disputes/Refunds.sol";
import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {DeliveryReceipt, ReceiptHashes} from "../../src/libraries/ReceiptHashes.sol";
import {TrustMarket} from "../support/TrustMarket.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

interface VmMocks {
    function mockCallRevert(address callee, bytes calldata data, bytes calldata revertData) external;
}

/// @dev A refund draws on pending, provider, lane and treasury in that order, never above the price, and is never stopped
///      by what one of them lacks.
contract RefundsTest is TrustMarket {
    function setUp() public override {
        super.setUp();
        assumePaid();
    }

    function test_aRefundOutOfThePending() public {
        uint128 before = channels.channelOf(channelId).deposited;
        uint256 disputeId = ruledFor(4e6, 3e6);
        vm.expectEmit();
        emit IDisputeManager.RefundDrawn(disputeId, 3e6, 0, 0, 0);
        vm.expectEmit();
        emit IDisputeManager.DisputeClosed(disputeId, IDisputeManager.State.Executed, 3e6);
        vm.assertEq(disputes.execute(disputeId), 3e6);
        vm.assertEq(channels.channelOf(channelId).deposited, before + 3e6);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 0);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).settled, 3e6);
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE);
        vm.assertEq(disputes.refundedOf(ReceiptHashes.hash(delivery(1))), 3e6);
        vm.assertEq(usdc.balanceOf(payer), BOND);
        vm.assertEq(disputes.liabilities(), 0);
        assertAllSolvent();
    }

    function test_aDismissedDisputeLetsGoAndCostsTheBond() public {
        uint256 disputeId = ruledFor(4e6, 0);
        vm.assertEq(disputes.execute(disputeId), 0);
        assertState(disputeId, IDisputeManager.State.Dismissed);
        vm.assertEq(usdc.balanceOf(treasury), BOND);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 0);
        vm.assertEq(disputes.liveDispute(ReceiptHashes.hash(delivery(1)), IDisputeManager.Kind.Overcharge), 0);
    }

    function test_aDismissedDisputeLetsGoOfStakeToo() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        uint256 disputeId = rule(fileAbout(IDisputeManager.Kind.Overcharge, receipt, 4e6), 0);
        vm.assertEq(vault.stakeOf(providerId).locked, 4e6);
        disputes.execute(disputeId);
        vm.assertEq(vault.stakeOf(providerId).locked, 0);
    }

    function test_theWaterfallInItsOrder() public {
        uint256 disputeId = largeDispute(900e6, 300e6);
        allow(treasury, address(disputes), 70e6);
        vm.expectEmit();
        emit IDisputeManager.RefundDrawn(disputeId, 300e6, SLASH_MAX, 200e6, 0);
        vm.assertEq(disputes.execute(disputeId), 900e6);
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE - SLASH_MAX);
        vm.assertEq(vault.stakeOf(lane).tokens, LANE_STAKE - 200e6);
        assertAllSolvent();
    }

    function test_oneVerdictTakesNoMoreOfAStakeThanItsCap() public {
        uint256 disputeId = largeDispute(900e6, 0);
        allow(treasury, address(disputes), 70e6);
        uint128 before = channels.channelOf(channelId).deposited;
        vm.expectEmit();
        emit IDisputeManager.RefundDrawn(disputeId, 0, SLASH_MAX, SLASH_MAX, 70e6);
        vm.assertEq(disputes.execute(disputeId), 2 * SLASH_MAX + 70e6);
        vm.assertEq(channels.channelOf(channelId).deposited, before + 2 * SLASH_MAX + 70e6);
        assertAllSolvent();
    }

    function test_theTreasuryGivesWhatItAllowsAndHas() public {
        uint256 disputeId = largeDispute(500e6, 0);
        burnStake(providerId);
        burnStake(lane);
        usdc.mint(treasury, 30e6);
        vm.prank(treasury);
        usdc.approve(address(disputes), 90e6);
        vm.assertEq(disputes.execute(disputeId), 30e6);
        vm.assertEq(usdc.balanceOf(treasury), 0);
    }

    function test_aTreasuryThatTheTokenBlocksStopsNoRefund() public {
        uint256 disputeId = largeDispute(900e6, 0);
        allow(treasury, address(disputes), 70e6);
        bytes memory transfer = abi.encodeCall(IERC20.transferFrom, (treasury, address(disputes), 70e6));
        VmMocks(address(vm)).mockCallRevert(address(usdc), transfer, "blocked");
        vm.assertEq(disputes.execute(disputeId), 2 * SLASH_MAX);
    }

    function test_whereThereIsNothingNothingIsRefundedAndNothingReverts() public {
        uint256 disputeId = largeDispute(500e6, 0);
        burnStake(providerId);
        burnStake(lane);
        vm.assertEq(disputes.execute(disputeId), 0);
        assertState(disputeId, IDisputeManager.State.Executed);
        vm.assertEq(usdc.balanceOf(payer), BOND);
    }

    function test_moneyThatCameIntoThePendingAfterTheFilingIsDrawnFirst() public {
        DeliveryReceipt memory receipt = delivery(1);
        anchorDelivery(EPOCH, receipt);
        claimFor(EPOCH, 1e6);
        uint256 disputeId = rule(fileAbout(IDisputeManager.Kind.Overcharge, receipt, 5e6), 5e6);
        claimFor(EPOCH, 4e6);
        vm.expectEmit();
        emit IDisputeManager.RefundDrawn(disputeId, 4e6, 1e6, 0, 0);
        vm.assertEq(disputes.execute(disputeId), 5e6);
        vm.assertEq(vault.stakeOf(providerId).locked, 0);
    }

    function test_oneDisputeLeavesTheHoldsOfAnotherAlone() public {
        uint256 first = fileOvercharge(3e6);
        uint256 second = fileAbout(IDisputeManager.Kind.WrongOutput, delivery(1), 5e6);
        vm.assertEq(disputes.disputeOf(second).frozen, 2e6);
        ruleAlike(second, answerAndDraw(second), 5e6);
        skip(MINUTE + 1);
        // Two of the pending were held for the second; the other three are the first's.
        vm.expectEmit();
        emit IDisputeManager.RefundDrawn(second, 2e6, 3e6, 0, 0);
        disputes.execute(second);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 3e6);
        skip(MINUTE);
        disputes.execute(first);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 0);
    }

    /// @dev Three kinds of dispute about one receipt, each ruled in full: the price is refunded once.
    function test_allRefundsOfAReceiptTogetherStayWithinItsPrice() public {
        uint256[3] memory ids = [
            fileOvercharge(5e6),
            fileAbout(IDisputeManager.Kind.NotDelivered, delivery(1), 5e6),
            fileAbout(IDisputeManager.Kind.WrongOutput, delivery(1), 3e6)
        ];
        for (uint256 i = 0; i < 3; ++i) {
            ruleAlike(ids[i], answerAndDraw(ids[i]), 3e6);
        }
        skip(MINUTE + 1);
        vm.assertEq(disputes.execute(ids[0]), 3e6);
        vm.assertEq(disputes.execute(ids[1]), 2e6);
        vm.assertEq(disputes.execute(ids[2]), 0);
        vm.assertEq(disputes.refundedOf(ReceiptHashes.hash(delivery(1))), 5e6);
        vm.assertEq(disputes.liabilities(), 0);
        allow(payer, address(disputes), BOND);
        vm.warp(anchors.anchorOf(lane, EPOCH).anchoredAt);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.AmountTooLarge.selector, 1, 0));
        vm.prank(payer);
        disputes.file(IDisputeManager.Kind.Overcharge, delivery(1), EPOCH, noProof(), 1, "");
    }

    function test_aWithheldFileCostsItsLaneAndPaysWhoeverSaidSo() public {
        uint256 disputeId = withheld();
        ruleWithheld(disputeId, WITHHOLDING_PENALTY);
        vm.assertEq(disputes.execute(disputeId), WITHHOLDING_PENALTY);
        vm.assertEq(vault.stakeOf(lane).tokens, LANE_STAKE - WITHHOLDING_PENALTY);
        vm.assertEq(vault.stakeOf(lane).locked, 0);
        vm.assertEq(usdc.balanceOf(outsider), BOND + WITHHOLDING_PENALTY / 10);
        vm.assertEq(usdc.balanceOf(treasury), WITHHOLDING_PENALTY * 9 / 10);
        vm.warp(anchors.anchorOf(lane, EPOCH).anchoredAt);
        vm.expectRevert(IDisputeManager.ZeroAmount.selector);
        disputes.fileWithheld(lane, EPOCH, "");
        assertAllSolvent();
    }

    function test_aFileThatWasThereCostsTheBondAlone() public {
        uint256 disputeId = withheld();
        ruleWithheld(disputeId, 0);
        vm.assertEq(disputes.execute(disputeId), 0);
        vm.assertEq(vault.stakeOf(lane).tokens, LANE_STAKE);
        vm.assertEq(vault.stakeOf(lane).locked, 0);
        vm.assertEq(usdc.balanceOf(treasury), BOND);
    }

    function test_whatALanesStakeCouldNotPayIsAskedForAgain() public {
        burnStake(lane);
        stake(lane, 40e6);
        uint256 disputeId = withheld();
        ruleWithheld(disputeId, WITHHOLDING_PENALTY);
        vm.assertEq(disputes.execute(disputeId), 40e6);
        vm.warp(anchors.anchorOf(lane, EPOCH).anchoredAt);
        allow(outsider, address(disputes), BOND);
        vm.prank(outsider);
        vm.assertEq(disputes.disputeOf(disputes.fileWithheld(lane, EPOCH, "")).amount, 60e6);
    }

    function test_whatVerdictsTakeIsBoundedFromTheStart() public {
        Refunds.Parameters memory p = disputeParameters();
        p.withholdingPenalty = SLASH_MAX + 1;
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ParameterTooLarge.selector, SLASH_MAX + 1, SLASH_MAX));
        new DisputeManager(address(this), p, roster);
        p = disputeParameters();
        p.rewardBps = 5001;
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ParameterTooLarge.selector, 5001, 5000));
        new DisputeManager(address(this), p, roster);
    }

    /// @dev Whatever was ruled, claimed and staked: money is moved and neither made nor lost, and nobody pays twice.
    function testFuzz_aRefundIsWithinTheRulingAndMoneyIsConserved(
        uint128 claimed,
        uint128 amount,
        uint128 ruled,
        uint128 providerStake,
        uint128 laneStake
    ) public {
        burnStake(providerId);
        burnStake(lane);
        if (providerStake % 3 > 0) stake(providerId, uint128(bound(providerStake, 1, 500e6)));
        if (laneStake % 3 > 0) stake(lane, uint128(bound(laneStake, 1, 500e6)));
        DeliveryReceipt memory receipt = delivery(1);
        receipt.price = 900e6;
        anchorDelivery(EPOCH, receipt);
        claimFor(EPOCH, uint128(bound(claimed, 1, 900e6)));
        amount = uint128(bound(amount, 1, 900e6));
        ruled = uint128(bound(ruled, 0, amount));
        uint256 disputeId = rule(fileAbout(IDisputeManager.Kind.Overcharge, receipt, amount), ruled);
        uint256 before = usdc.balanceOf(address(channels)) + usdc.balanceOf(address(vault));
        uint256 deposited = channels.channelOf(channelId).deposited;
        uint128 refunded = disputes.execute(disputeId);
        vm.assertLe(refunded, ruled, "within the ruling");
        vm.assertEq(channels.channelOf(channelId).deposited, deposited + refunded, "all of it is the payer's");
        vm.assertEq(usdc.balanceOf(address(channels)) + usdc.balanceOf(address(vault)), before, "conserved");
        vm.assertEq(usdc.balanceOf(address(disputes)), 0);
        vm.assertEq(channels.pendingOf(providerId, lane, EPOCH).frozen, 0);
        vm.assertEq(vault.stakeOf(providerId).locked, 0);
        assertAllSolvent();
    }

    /// @dev Ruled in full: a receipt of `price`, of which `claimed` was paid.
    function largeDispute(uint128 price, uint128 claimed) private returns (uint256) {
        DeliveryReceipt memory receipt = delivery(1);
        receipt.price = price;
        anchorDelivery(EPOCH, receipt);
        if (claimed > 0) claimFor(EPOCH, claimed);
        return rule(fileAbout(IDisputeManager.Kind.Overcharge, receipt, price), price);
    }

    function rule(uint256 disputeId, uint128 refund) private returns (uint256) {
        ruleAlike(disputeId, answerAndDraw(disputeId), refund);
        skip(MINUTE + 1);
        return disputeId;
    }

    function withheld() private returns (uint256) {
        anchorSum(EPOCH, 5e6);
        allow(outsider, address(disputes), BOND);
        vm.prank(outsider);
        return disputes.fileWithheld(lane, EPOCH, "evidence");
    }

    function ruleWithheld(uint256 disputeId, uint128 penalty) private {
        vm.prank(operator);
        disputes.respond(disputeId, "answer");
        ruleAlike(disputeId, draw(disputeId, false), penalty);
        skip(MINUTE + 1);
    }
}
