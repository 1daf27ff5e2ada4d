// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";

/// @dev Money is neither made nor lost, whatever the amounts and whatever the order.
contract MoneyFuzz is Market {
    /// @dev deposits = Σ settled net + fee + withdrawn + held.
    function testFuzz_moneyIsConserved(
        uint128 deposited,
        uint128 ceiling,
        uint128[6] memory steps,
        uint128 asked,
        uint8 settleMask
    ) public {
        deposited = uint128(bound(deposited, 1, 1e12));
        fund(deposited);
        raiseCeiling(uint128(bound(ceiling, 1, 2e12)));

        uint128 cumulative;
        for (uint64 i = 0; i < 6; ++i) {
            uint128 step = uint128(bound(steps[i], 1, 4e11));
            cumulative += step;
            anchorEpoch(i + 1, step);
            tryClaim(i + 1, cumulative);
            if (settleMask & (1 << i) != 0) trySettle(i + 1);
            if (i == 2) request(asked);
            vm.warp(block.timestamp + THAW / 3);
        }
        tryWithdraw();
        for (uint64 epoch = 1; epoch <= 6; ++epoch) {
            trySettle(epoch);
        }

        IPaymentChannels.Channel memory channel = channels.channelOf(channelId);
        uint256 paid = usdc.balanceOf(payout) + usdc.balanceOf(treasury);
        uint256 held = usdc.balanceOf(address(channels));
        vm.assertEq(deposited, paid + usdc.balanceOf(payer) + held, "no money is made or lost");
        vm.assertEq(held, channels.liabilities(), "all that is held is owed");
        vm.assertEq(paid, channel.claimed, "all that was claimed is settled");
        vm.assertEq(usdc.balanceOf(treasury), paid * FEE_BPS / 10_000, "the fee is the floor of the total");
        vm.assertLe(channel.claimed, channel.ceiling, "claims stay within the ceiling");
        vm.assertLe(channel.claimed + channel.withdrawn, channel.deposited, "claims stay within the balance");
        vm.assertLe(
            channels.laneClaimsOf(lane).taken, anchors.totalsOf(lane).sum, "claims stay within the anchored sum"
        );
    }

    /// @dev The last voucher is worth all the earlier ones: any order, with any left out, pays the same.
    function testFuzz_anyOrderOfClaimsPaysTheSame(uint128[5] memory amounts, uint256 order) public {
        fund(1e12);
        raiseCeiling(1e12);
        anchorEpoch(1, 1e12);
        uint128 highest;
        uint128 paid;
        for (uint256 i = 0; i < 5; ++i) {
            uint128 cumulative = uint128(bound(amounts[(i + order % 5) % 5], 1, 1e12));
            if (cumulative > highest) highest = cumulative;
            paid += tryClaim(1, cumulative);
        }
        vm.assertEq(paid, highest, "paid is the highest voucher");
        vm.assertEq(channels.pendingOf(providerId, lane, 1).claimed, highest, "and so is pending");
    }

    /// @dev Whatever lanes say that providers earned, whoever claims by whichever door, and whenever somebody gives back what
    ///      is set aside: what was claimed and what is set aside are together what the lane has taken, within its sum.
    function testFuzz_whatIsSetAsideIsAPartOfTheAnchoredSum(
        uint128[8] memory amounts,
        uint128[8] memory earned,
        uint256 dice
    ) public {
        fund(1e12);
        raiseCeiling(1e12);
        anchorEpoch(1, uint128(bound(dice, 1, 1e12)));
        vm.prank(owner);
        bytes32[2] memory providers = [providerId, registry.registerProvider("second", payout)];
        for (uint256 i = 0; i < 8; ++i) {
            Voucher memory voucher = voucherFor(uint64(1 + (dice >> i) % 2), uint128(bound(amounts[i], 1, 1e12)));
            voucher.providerId = providers[(dice >> (8 + i)) % 2];
            voucher.earned = uint128(bound(earned[i], 0, 2e12));
            claimByDoor(voucher, (dice >> (16 + 2 * i)) % 4);
            if ((dice >> (32 + i)) % 4 == 0) {
                try channels.returnSetAside(voucher.providerId, lane, voucher.epoch) {} catch {}
            }
            uint256 accounted;
            for (uint256 j = 0; j < 4; ++j) {
                IPaymentChannels.Pending memory pending = channels.pendingOf(providers[j % 2], lane, uint64(1 + j / 2));
                accounted += uint256(pending.claimed) + pending.setAside;
            }
            vm.assertEq(accounted, channels.laneClaimsOf(lane).taken, "nothing is taken twice, and nothing is lost");
            vm.assertLe(accounted, anchors.totalsOf(lane).sum, "within the anchored sum");
        }
    }

    /// @dev Whoever claims what and when: in the first eighth of a grace period after the first claim all wait for its end;
    ///      what comes later waits a grace period of its own, to the second, whatever is claimed before or after it.
    function testFuzz_lateMoneyWaitsItsOwnGracePeriod(uint128[10] memory amounts, uint256 pauses, uint256 look) public {
        fund(1e12);
        raiseCeiling(1e12);
        anchorEpoch(1, 1e12);
        uint256 start = block.timestamp;
        uint256[10] memory waitsUntil;
        uint128 cumulative;
        for (uint256 i = 0; i < 10; ++i) {
            amounts[i] = uint128(bound(amounts[i], 1, 1e10));
            cumulative += amounts[i];
            claimUpTo(1, cumulative);
            bool isLate = block.timestamp > start + GRACE / 8;
            waitsUntil[i] = isLate ? block.timestamp + GRACE : start + GRACE;
            if ((pauses >> i) % 2 == 0) vm.warp(block.timestamp + bound(pauses >> (10 + 6 * i), 0, GRACE / 2));
        }
        vm.warp(start + bound(look, 0, 8 * GRACE));
        uint256 ripe;
        for (uint256 i = 0; i < 10; ++i) {
            if (block.timestamp >= waitsUntil[i]) ripe += amounts[i];
        }
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, ripe, "what has waited, and nothing else");
    }

    function claimByDoor(Voucher memory voucher, uint256 door) private {
        IPaymentChannels.Due[] memory dues = new IPaymentChannels.Due[](2);
        (dues[0], dues[1]) = (dueFor(LANE_KEY, voucher), dueFor(LANE_KEY, voucher));
        if (door == 0) {
            try channels.claim(voucher, signVoucher(voucher)) {} catch {}
        } else if (door == 1) {
            try channels.claimCompact(voucher, dues[0].r, dues[0].vs) {} catch {}
        } else {
            voucher.cumulative = voucher.cumulative / 2 + 1;
            dues[0] = dueFor(LANE_KEY, voucher);
            channels.claimEach(voucher.providerId, lane, voucher.epoch, voucher.receiptRoot, voucher.earned, dues);
        }
    }

    /// @dev Whichever comes first, nobody gets what the other was already given, and the contract stays solvent.
    function testFuzz_aWithdrawalRacingAClaim(uint128 asked, uint128 due, bool claimFirst) public {
        fund(1e9);
        raiseCeiling(1e9);
        anchorEpoch(1, 1e9);
        due = uint128(bound(due, 1, 1e9));
        request(uint128(bound(asked, 1, 1e9)));
        asked = channels.channelOf(channelId).withdrawing;
        vm.warp(block.timestamp + THAW);

        if (claimFirst) {
            vm.assertEq(tryClaim(1, due), due, "a claim before the withdrawal is paid in full");
            tryWithdraw();
            uint256 left = 1e9 - due;
            vm.assertEq(usdc.balanceOf(payer), asked < left ? asked : left, "the payer gets what is left");
        } else {
            tryWithdraw();
            vm.assertEq(usdc.balanceOf(payer), asked, "the payer gets what thawed");
            uint256 left = 1e9 - asked;
            vm.assertEq(tryClaim(1, due), due < left ? due : left, "the claim gets what is left");
        }
        assertSolvent();
    }

    /// @dev No signature but the lane's moves money, whatever the bytes.
    function testFuzz_randomSignaturesClaimNothing(bytes memory signature, uint128 cumulative) public {
        fund(1e9);
        raiseCeiling(1e9);
        anchorEpoch(1, 1e9);
        Voucher[] memory vouchers = new Voucher[](1);
        bytes[] memory signatures = new bytes[](1);
        vouchers[0] = voucherFor(1, cumulative);
        signatures[0] = signature;
        vm.assertEq(channels.claimMany(vouchers, signatures), 0);
    }

    function tryClaim(uint64 epoch, uint128 cumulative) private returns (uint128 paid) {
        Voucher[] memory vouchers = new Voucher[](1);
        bytes[] memory signatures = new bytes[](1);
        vouchers[0] = voucherFor(epoch, cumulative);
        signatures[0] = signVoucher(vouchers[0]);
        return channels.claimMany(vouchers, signatures);
    }

    function trySettle(uint64 epoch) private {
        try channels.settle(providerId, lane, epochList(epoch)) {} catch {}
    }

    function request(uint128 asked) private {
        IPaymentChannels.Channel memory channel = channels.channelOf(channelId);
        uint256 unclaimed = channel.deposited - channel.withdrawn - channel.claimed;
        vm.prank(payer);
        channels.requestWithdrawal(channelId, uint128(bound(asked, 0, unclaimed)));
    }

    function tryWithdraw() private {
        vm.prank(payer);
        try channels.withdraw(channelId, payer) {} catch {}
    }
}
