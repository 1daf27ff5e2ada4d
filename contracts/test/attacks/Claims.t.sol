// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {SessionKey, Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {World} from "../support/World.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @dev Whoever owes, and whoever is owed too little, tries to take what is another's.
contract ClaimAttack is World {
    function setUp() public {
        buildWorld();
        fund(0, 100e6);
        raiseCeiling(0, 100e6);
        anchorRoot(0, 1, keccak256("root"), 1, 60e6);
    }

    function test_withdrawalRacesAClaim_theClaimComesFirst() public {
        vm.prank(payerOf(0));
        channels.requestWithdrawal(channelIds[0], 100e6);
        vm.assertEq(claimUpTo(0, 0, 0, 1, 60e6), 60e6);
        pass(THAW);
        vm.prank(payerOf(0));
        vm.assertEq(channels.withdraw(channelIds[0], payerOf(0)), 40e6, "what was claimed in the thaw stays claimed");
        assertSolvent();
    }

    function test_withdrawalRacesAClaim_theWithdrawalComesFirst() public {
        vm.prank(payerOf(0));
        channels.requestWithdrawal(channelIds[0], 100e6);
        Voucher memory voucher = voucherOf(0, 0, 0, 1, 60e6);
        bytes memory signature = signVoucher(0, voucher);

        // A second before the end nothing leaves; the claim has had the whole thaw.
        uint64 thawEndsAt = channels.channelOf(channelIds[0]).thawEndsAt;
        pass(THAW - 1);
        vm.prank(payerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.StillThawing.selector, channelIds[0], thawEndsAt));
        channels.withdraw(channelIds[0], payerOf(0));
        pass(1);
        vm.prank(payerOf(0));
        vm.assertEq(channels.withdraw(channelIds[0], payerOf(0)), 100e6);

        expectRefusal(IPaymentChannels.Refusal.BalanceEmpty);
        channels.claim(voucher, signature);
        fund(0, 60e6);
        vm.assertEq(channels.claim(voucher, signature), 60e6, "nothing was consumed: the next deposit pays it");
        assertSolvent();
    }

    function test_aDustDepositMovesNoTimer() public {
        vm.prank(payerOf(0));
        channels.requestWithdrawal(channelIds[0], 30e6);
        stake(providerIds[0], 40e6);
        vm.prank(ownerOf(0));
        vault.thaw(providerIds[0], 10e6);
        IPaymentChannels.Channel memory before = channels.channelOf(channelIds[0]);
        uint64 thawEndsAt = vault.stakeOf(providerIds[0]).thawEndsAt;

        give(thief, address(channels), 100);
        give(thief, address(vault), 100);
        for (uint256 i = 0; i < 20; ++i) {
            pass(THAW / 20);
            vm.prank(thief);
            channels.deposit(channelIds[0], 1);
            vm.prank(thief);
            channels.credit(channelIds[0], 1);
            vm.prank(thief);
            vault.provision(providerIds[0], 1);
        }
        IPaymentChannels.Channel memory afterwards = channels.channelOf(channelIds[0]);
        vm.assertEq(afterwards.thawEndsAt, before.thawEndsAt);
        vm.assertEq(afterwards.withdrawing, before.withdrawing);
        vm.assertEq(vault.stakeOf(providerIds[0]).thawEndsAt, thawEndsAt);
        vm.prank(payerOf(0));
        vm.assertEq(channels.withdraw(channelIds[0], payerOf(0)), 30e6);
        vm.prank(ownerOf(0));
        vm.assertEq(vault.withdraw(providerIds[0], ownerOf(0)), 10e6);
    }

    /// @dev A voucher is public: anyone may top up a channel that is short by dust, and claim that by it, late.
    function test_aDustDepositDelaysNobodysLateMoney() public {
        claimUpTo(0, 0, 0, 1, 10e6);
        pass(GRACE / 2);
        claimUpTo(0, 0, 0, 1, 30e6);
        raiseCeiling(1, 100e6);
        Voucher memory short = voucherOf(1, 0, 0, 1, 20e6);
        bytes memory signature = signVoucher(0, short);
        give(thief, address(channels), 100);
        for (uint256 i = 1; i < 10; ++i) {
            pass(GRACE / 10);
            vm.prank(thief);
            channels.deposit(channelIds[1], 1);
            vm.prank(thief);
            vm.assertEq(channels.claim(short, signature), 1);
        }
        pass(GRACE / 10 - 1);
        vm.assertEq(payableNow(), 10e6, "what was claimed in time does not wait for what was late");
        pass(1);
        vm.assertEq(payableNow(), 30e6, "nor what was late for what was later");
        vm.assertEq(channels.settle(providerIds[0], lanes[0], epochList(1)), 30e6);

        // Each speck of dust has waited its own grace period, and not a second more.
        for (uint256 i = 1; i < 10; ++i) {
            pass(GRACE / 10 - 1);
            vm.assertEq(payableNow(), 0);
            pass(1);
            vm.assertEq(channels.settle(providerIds[0], lanes[0], epochList(1)), 1);
        }
        assertSolvent();
    }

    /// @dev Nor does it make a settlement dear: a look costs the logarithm of the claims.
    function test_aThousandDustClaimsMakeNoSettlementDear() public {
        claimUpTo(0, 0, 0, 1, 10e6);
        pass(GRACE / 2);
        claimUpTo(0, 0, 0, 1, 30e6);
        uint256 gasBefore = gasleft();
        channels.pendingOf(providerIds[0], lanes[0], 1);
        uint256 gasOfOne = gasBefore - gasleft();
        raiseCeiling(1, 100e6);
        Voucher memory short = voucherOf(1, 0, 0, 1, 20e6);
        bytes memory signature = signVoucher(0, short);
        give(thief, address(channels), 1000);
        for (uint256 i = 0; i < 1000; ++i) {
            pass(1);
            vm.prank(thief);
            channels.deposit(channelIds[1], 1);
            channels.claim(short, signature);
        }
        gasBefore = gasleft();
        vm.assertEq(channels.pendingOf(providerIds[0], lanes[0], 1).payable_, 30e6);
        vm.assertLe(gasBefore - gasleft(), gasOfOne + 11 * 3000, "eleven looks at most");
    }

    function test_aPayerThatChangesItsKeyStillOwes() public {
        // Another channel under a fresh key, and everything asked back from the old one.
        uint256 freshKey = 0xF4E54;
        bytes32 fresh = channels.open(vm.addr(freshKey), "fresh");
        vm.prank(payerOf(0));
        channels.requestWithdrawal(channelIds[0], 100e6);
        vm.assertTrue(fresh != channelIds[0], "a key is part of a channel's id");
        // Neither key speaks for the other's channel.
        bytes memory byFresh = signed(freshKey, channels.ceilingDigest(channelIds[0], 200e6));
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, channelIds[0], payerOf(0))
        );
        channels.setCeiling(channelIds[0], 200e6, byFresh);
        vm.prank(vm.addr(freshKey));
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.NotChannelOwner.selector, channelIds[0], vm.addr(freshKey))
        );
        channels.requestWithdrawal(channelIds[0], 0);
        vm.assertEq(claimUpTo(0, 0, 0, 1, 60e6), 60e6, "what was signed is paid before anything leaves");
    }

    function test_aRevokedSessionKeyRaisesNothingMoreAndLowersNothing() public {
        uint256 key = 0x5E55;
        SessionKey memory session = SessionKey(channelIds[0], vm.addr(key), 500e6, uint64(block.timestamp + 1000));
        bytes memory byOwner = signed(PAYER_KEY, channels.sessionKeyDigest(session));
        channels.setCeilingBySession(120e6, session, byOwner, signed(key, channels.ceilingDigest(channelIds[0], 120e6)));
        vm.prank(payerOf(0));
        channels.revokeSessionKey(channelIds[0], vm.addr(key));
        bytes memory byKey = signed(key, channels.ceilingDigest(channelIds[0], 130e6));
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.SessionKeyInvalid.selector, channelIds[0], vm.addr(key))
        );
        channels.setCeilingBySession(130e6, session, byOwner, byKey);
        vm.assertEq(channels.channelOf(channelIds[0]).ceiling, 120e6);
    }

    function test_aLaneThatSetsItsSumAsideForAnAccompliceCensorsNobody() public {
        Voucher memory accomplice = voucherOf(0, 2, 0, 1, 1);
        accomplice.earned = type(uint128).max;
        vm.assertEq(channels.claim(accomplice, signVoucher(0, accomplice)), 1);
        vm.assertEq(channels.pendingOf(providerIds[2], lanes[0], 1).setAside, 60e6 - 1, "all that was anchored");

        Voucher memory honest = voucherOf(0, 0, 0, 1, 30e6);
        bytes memory signature = signVoucher(0, honest);
        expectRefusal(IPaymentChannels.Refusal.AnchoredSumReached);
        channels.claim(honest, signature);
        // Anyone gives it back, and what was claimed of it stays where it is.
        vm.prank(payoutOf(0));
        channels.returnSetAside(providerIds[2], lanes[0], 1);
        vm.assertEq(channels.claim(honest, signature), 30e6);
        vm.assertEq(channels.pendingOf(providerIds[2], lanes[0], 1).claimed, 1);
        vm.assertEq(channels.laneClaimsOf(lanes[0]).taken, 30e6 + 1);
    }

    function test_aGatewayKeyThatSignsVouchersWithoutReceiptsStopsAtWhatItAnchored() public {
        vm.assertEq(claimUpTo(0, 2, 0, 1, 90e6), 60e6, "the anchored sum bounds all claims of the lane");
        Voucher memory more = voucherOf(0, 1, 0, 1, 40e6);
        bytes memory signature = signVoucher(0, more);
        expectRefusal(IPaymentChannels.Refusal.AnchoredSumReached);
        channels.claim(more, signature);

        // The other door waits for the grace period, in which the guardian removes the lane.
        channels.announce(more, signature);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.GraceRunning.selector, block.timestamp + GRACE));
        channels.claimAnnounced(more);
        vm.prank(guardian);
        registry.removeLane(vm.addr(LANE_KEY));
        pass(GRACE);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.LaneNotActive.selector, lanes[0]));
        channels.claimAnnounced(more);
        vm.assertEq(channels.channelOf(channelIds[0]).claimed, 60e6);
    }

    function test_aLaneThatWasNeverAdmittedDrawsNothing() public {
        uint256 key = 0xBAD;
        bytes32 lane = bytes32(uint256(uint160(vm.addr(key))));
        Voucher memory voucher = Voucher(channelIds[0], providerIds[0], lane, 1, 50e6, keccak256("root"), 0);
        bytes memory signature = signed(key, channels.voucherDigest(voucher));
        expectRefusal(IPaymentChannels.Refusal.AnchoredSumReached);
        channels.claim(voucher, signature);
        channels.announce(voucher, signature);
        pass(GRACE);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.LaneNotActive.selector, lane));
        channels.claimAnnounced(voucher);
    }

    function test_aChannelThatIsOneMicroUsdShortBlocksNobodyInABatch() public {
        for (uint256 i = 0; i < PARTIES; ++i) {
            if (i > 0) fund(i, i == 1 ? 20e6 - 1 : 20e6);
            raiseCeiling(i, 200e6);
        }
        (Voucher[] memory vouchers, bytes[] memory signatures) = (new Voucher[](3), new bytes[](3));
        for (uint256 i = 0; i < PARTIES; ++i) {
            vouchers[i] = voucherOf(i, 0, 0, 1, 20e6);
            signatures[i] = signVoucher(0, vouchers[i]);
        }
        uint256 snapshot = vm.snapshotState();
        vm.assertEq(channels.claimMany(vouchers, signatures), 60e6 - 1);
        vm.assertEq(channels.claimedOf(channelIds[1], providerIds[0], lanes[0]), 20e6 - 1);
        fund(1, 1);
        vm.assertEq(channels.claim(vouchers[1], signatures[1]), 1, "the last one stays due, and is paid");

        vm.revertToState(snapshot);
        IPaymentChannels.Due[] memory dues = new IPaymentChannels.Due[](3);
        for (uint256 i = 0; i < PARTIES; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(LANE_KEY, channels.voucherDigest(vouchers[i]));
            bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
            dues[i] = IPaymentChannels.Due(channelIds[i], 20e6, r, vs);
        }
        vm.assertEq(
            channels.claimEach(providerIds[0], lanes[0], 1, vouchers[0].receiptRoot, vouchers[0].earned, dues), 60e6 - 1
        );
        assertSolvent();
    }

    function testFuzz_claimsOfRacingProvidersNeverTakeMoreThanThereIs(uint256 order, uint128 balance) public {
        balance = uint128(bound(balance, 1, 60e6));
        fund(1, balance);
        raiseCeiling(1, 200e6);
        uint128 paid;
        for (uint256 i = 0; i < PARTIES; ++i) {
            uint256 provider = (i + order % PARTIES) % PARTIES;
            Voucher memory voucher = voucherOf(1, provider, 0, 1, 20e6);
            bytes memory signature = signVoucher(0, voucher);
            uint128 left = balance - paid;
            if (left == 0) {
                expectRefusal(IPaymentChannels.Refusal.BalanceEmpty);
                channels.claim(voucher, signature);
                continue;
            }
            uint128 due = left < 20e6 ? left : 20e6;
            vm.assertEq(channels.claim(voucher, signature), due);
            paid += due;
        }
        vm.assertEq(paid, balance < 60e6 ? balance : 60e6, "first come, first served, and never more than there is");
        // The rest stays due to whoever came late, and the next deposit pays it.
        fund(1, 60e6 - balance + 1);
        for (uint256 provider = 0; provider < PARTIES; ++provider) {
            if (channels.claimedOf(channelIds[1], providerIds[provider], lanes[0]) < 20e6) {
                claimUpTo(1, provider, 0, 1, 20e6);
            }
            vm.assertEq(channels.claimedOf(channelIds[1], providerIds[provider], lanes[0]), 20e6);
        }
        assertSolvent();
    }

    function payableNow() private view returns (uint128) {
        return channels.pendingOf(providerIds[0], lanes[0], 1).payable_;
    }

    function test_aStrangersTransferIsNobodysMoney() public {
        stake(providerIds[0], 10e6);
        uint256[3] memory owed = [channels.liabilities(), vault.liabilities(), ledger.liabilities()];
        usdc.mint(stranger, 30e6);
        vm.prank(stranger);
        usdc.transfer(address(channels), 10e6);
        vm.prank(stranger);
        usdc.transfer(address(vault), 10e6);
        vm.prank(stranger);
        usdc.transfer(address(ledger), 10e6);
        vm.assertEq(channels.liabilities(), owed[0]);
        vm.assertEq(vault.liabilities(), owed[1]);
        vm.assertEq(ledger.liabilities(), owed[2]);
        vm.assertEq(channels.channelOf(channelIds[0]).deposited, 100e6);

        // Nor does it pass for a deposit: what counts is what came in within the call.
        vm.prank(thief);
        usdc.approve(address(channels), 10e6);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, thief, 0, 10e6));
        channels.deposit(channelIds[1], 10e6);
    }
}
