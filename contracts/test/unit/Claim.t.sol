// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";

contract ClaimTest is Market {
    function setUp() public override {
        super.setUp();
        fund(10e6);
        raiseCeiling(8e6);
        anchorEpoch(1, 6e6);
    }

    function test_aClaimMovesWhatIsDueIntoPending() public {
        vm.assertEq(claimUpTo(1, 2e6), 2e6);
        vm.assertEq(claimUpTo(1, 3e6), 1e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).claimed, 3e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).graceEndsAt, block.timestamp + GRACE);
        vm.assertEq(channels.channelOf(channelId).claimed, 3e6);
        vm.assertEq(channels.claimedOf(channelId, providerId, lane), 3e6);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 3e6);
        assertSolvent();
    }

    function test_theSameVoucherPaysOnce() public {
        claimUpTo(1, 2e6);
        Voucher memory voucher = voucherFor(1, 2e6);
        bytes memory signature = signVoucher(voucher);
        expectRefusal(IPaymentChannels.Refusal.NothingDue);
        channels.claim(voucher, signature);
    }

    function test_claimsStayWithinTheAnchoredSum() public {
        vm.assertEq(claimUpTo(1, 7e6), 6e6);
        Voucher memory voucher = voucherFor(1, 7e6);
        bytes memory signature = signVoucher(voucher);
        expectRefusal(IPaymentChannels.Refusal.AnchoredSumReached);
        channels.claim(voucher, signature);
    }

    function test_claimsStayWithinTheCeilingAndTheRestStaysDue() public {
        anchorEpoch(2, 6e6);
        vm.assertEq(claimUpTo(2, 9e6), 8e6);
        Voucher memory voucher = voucherFor(2, 9e6);
        bytes memory signature = signVoucher(voucher);
        expectRefusal(IPaymentChannels.Refusal.CeilingReached);
        channels.claim(voucher, signature);
        raiseCeiling(20e6);
        vm.assertEq(channels.claim(voucher, signature), 1e6);
    }

    function test_claimsStayWithinTheBalanceAndATopUpPaysTheRest() public {
        raiseCeiling(20e6);
        anchorEpoch(2, 6e6);
        vm.assertEq(claimUpTo(2, 12e6), 10e6);
        Voucher memory voucher = voucherFor(2, 12e6);
        bytes memory signature = signVoucher(voucher);
        expectRefusal(IPaymentChannels.Refusal.BalanceEmpty);
        channels.claim(voucher, signature);
        fund(5e6);
        vm.assertEq(channels.claim(voucher, signature), 2e6);
        assertSolvent();
    }

    function test_everyRefusalHasItsReason() public {
        Voucher memory voucher = voucherFor(1, 1e6);
        refuse(voucher, signed(NODE_KEY, channels.voucherDigest(voucher)), IPaymentChannels.Refusal.BadSignature);
        refuse(voucher, hex"1234", IPaymentChannels.Refusal.BadSignature);

        voucher.providerId = bytes32("nobody");
        refuse(voucher, signVoucher(voucher), IPaymentChannels.Refusal.UnknownProvider);
        voucher = voucherFor(1, 1e6);
        voucher.channelId = bytes32("nowhere");
        refuse(voucher, signVoucher(voucher), IPaymentChannels.Refusal.UnknownChannel);
    }

    function test_onceALaneAnchoredMoreTheRestIsPaid() public {
        claimUpTo(1, 7e6);
        anchorEpoch(2, 1e6);
        vm.assertEq(claimUpTo(1, 7e6), 1e6);
    }

    function test_claimManySkipsAndReportsAndNeverReverts() public {
        Voucher[] memory vouchers = new Voucher[](3);
        bytes[] memory signatures = new bytes[](3);
        (vouchers[0], vouchers[1], vouchers[2]) = (voucherFor(1, 1e6), voucherFor(1, 1e6), voucherFor(1, 3e6));
        signatures[0] = signVoucher(vouchers[0]);
        signatures[1] = signVoucher(vouchers[1]);
        signatures[2] = signVoucher(vouchers[2]);
        vm.expectEmit();
        emit IPaymentChannels.Claimed(channelId, providerId, lane, 1, 1e6, 1e6, 0);
        vm.expectEmit();
        emit IPaymentChannels.ClaimSkipped(channelId, providerId, lane, 1, 1e6, IPaymentChannels.Refusal.NothingDue);
        vm.assertEq(channels.claimMany(vouchers, signatures), 3e6);

        signatures[0] = "";
        vm.assertEq(channels.claimMany(vouchers, signatures), 0);
    }

    function test_theGraceIsThatOfTheFirstClaim() public {
        claimUpTo(1, 1e6);
        uint64 graceEndsAt = channels.pendingOf(providerId, lane, 1).graceEndsAt;
        vm.warp(block.timestamp + 10);
        claimUpTo(1, 2e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).graceEndsAt, graceEndsAt);
    }

    function test_claimManyWantsASignatureForEach() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.LengthMismatch.selector, 2, 1));
        channels.claimMany(new Voucher[](2), new bytes[](1));
    }

    function test_whatARemovedLaneAnchoredStaysClaimable() public {
        registry.removeLane(vm.addr(LANE_KEY));
        vm.assertEq(claimUpTo(1, 2e6), 2e6);
    }

    function refuse(Voucher memory voucher, bytes memory signature, IPaymentChannels.Refusal reason) private {
        expectRefusal(reason);
        channels.claim(voucher, signature);
    }
}
