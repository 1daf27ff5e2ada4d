// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";

/// @dev A lane that signed a voucher and leaves its receipts out of its epochs censors nobody.
contract AnnounceTest is Market {
    function setUp() public override {
        super.setUp();
        fund(10e6);
        raiseCeiling(8e6);
    }

    function test_afterTheGracePeriodTheSignatureAlonePays() public {
        Voucher memory voucher = announceUpTo(3e6);
        uint64 claimableAt = uint64(block.timestamp) + GRACE;
        vm.assertEq(channels.claimableAt(voucher), claimableAt);
        vm.warp(claimableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.GraceRunning.selector, claimableAt));
        channels.claimAnnounced(voucher);
        vm.warp(claimableAt);
        vm.assertEq(channels.claimAnnounced(voucher), 3e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).claimed, 3e6);
        vm.assertEq(channels.laneClaimsOf(lane).claimedAnnounced, 3e6);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 0);
        expectRefusal(IPaymentChannels.Refusal.NothingDue);
        channels.claimAnnounced(voucher);
        assertSolvent();
    }

    function test_whatWasAnchoredMeanwhileIsNotPaidTwice() public {
        Voucher memory voucher = announceUpTo(3e6);
        anchorEpoch(1, 2e6);
        vm.assertEq(claimUpTo(1, 3e6), 2e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.claimAnnounced(voucher), 1e6);
    }

    function test_itTakesNothingFromWhatWasAnchoredForOthers() public {
        Voucher memory voucher = announceUpTo(3e6);
        vm.warp(block.timestamp + GRACE);
        channels.claimAnnounced(voucher);
        anchorEpoch(1, 2e6);
        vm.assertEq(claimUpTo(1, 5e6), 2e6);
    }

    function test_aLaterVoucherPutsNothingOff() public {
        Voucher memory first = announceUpTo(3e6);
        vm.warp(block.timestamp + GRACE - 1);
        announceUpTo(4e6);
        vm.warp(block.timestamp + 1);
        vm.assertEq(channels.claimAnnounced(first), 3e6);
    }

    function test_aVoucherIsAnnouncedOnce() public {
        Voucher memory voucher = announceUpTo(3e6);
        uint64 claimableAt = channels.claimableAt(voucher);
        vm.warp(block.timestamp + 10);
        bytes memory signature = signVoucher(voucher);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.AlreadyAnnounced.selector, lane, uint128(3e6), claimableAt)
        );
        channels.announce(voucher, signature);
    }

    function test_onlyWhatTheLaneSignedIsAnnounced() public {
        Voucher memory voucher = voucherFor(1, 3e6);
        bytes memory forged = signed(NODE_KEY, channels.voucherDigest(voucher));
        expectRefusal(IPaymentChannels.Refusal.BadSignature);
        channels.announce(voucher, forged);
        voucher.providerId = "nobody";
        bytes memory signature = signVoucher(voucher);
        expectRefusal(IPaymentChannels.Refusal.UnknownProvider);
        channels.announce(voucher, signature);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NotAnnounced.selector, lane, uint128(3e6)));
        channels.claimAnnounced(voucher);
    }

    function test_aRemovedLanesAnnouncementPaysNothing() public {
        Voucher memory voucher = announceUpTo(3e6);
        vm.warp(block.timestamp + GRACE);
        registry.removeLane(vm.addr(LANE_KEY));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.LaneNotActive.selector, lane));
        channels.claimAnnounced(voucher);
    }

    function test_theCeilingStillHolds() public {
        Voucher memory voucher = announceUpTo(9e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.claimAnnounced(voucher), 8e6);
    }

    /// @dev A payer who asks everything back when a lane omits receipts: the grace period ends before the thaw.
    function test_itEndsBeforeMoneyThatThawsIsGone() public {
        vm.prank(payer);
        channels.requestWithdrawal(channelId, 10e6);
        Voucher memory voucher = announceUpTo(3e6);
        vm.warp(block.timestamp + GRACE);
        uint64 thawEndsAt = uint64(block.timestamp) - GRACE + THAW;
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.StillThawing.selector, channelId, thawEndsAt));
        vm.prank(payer);
        channels.withdraw(channelId, payer);
        vm.assertEq(channels.claimAnnounced(voucher), 3e6);
    }

    function announceUpTo(uint128 cumulative) private returns (Voucher memory voucher) {
        voucher = voucherFor(1, cumulative);
        bytes memory signature = signVoucher(voucher);
        vm.expectEmit();
        emit IPaymentChannels.VoucherAnnounced(
            channelId, providerId, lane, 1, cumulative, uint64(block.timestamp) + GRACE
        );
        channels.announce(voucher, signature);
    }
}
