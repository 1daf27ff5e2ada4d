// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {SessionKey, Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {Wallet} from "../support/Wallets.sol";
import {World} from "../support/World.sol";

/// @dev A contract wallet (ERC-1271) owns a channel and changes its key while a claim is due. What was accepted on the chain
///      before stays; what was only signed counts for nothing, for a ceiling is asked of its owner once, when it is raised.
contract RotationAttack is World {
    uint256 private constant OLD = 0xC0DE;
    uint256 private constant NEW = 0xD1FF;
    uint256 private constant SESSION = 0x5E55;

    Wallet private wallet;
    bytes32 private id;

    function setUp() public {
        buildWorld();
        wallet = new Wallet(vm.addr(OLD));
        id = channels.open(address(wallet), "wallet");
        channelIds[1] = id; // Payer 1 is the wallet.
        give(stranger, address(channels), 100e6);
        vm.prank(stranger);
        channels.deposit(id, 100e6);
        anchorRoot(0, 1, keccak256("root"), 1, 80e6);
    }

    function test_anOwnerThatRotatesItsKeyStillOwesWhatWasAccepted() public {
        channels.setCeiling(id, 30e6, signed(OLD, channels.ceilingDigest(id, 30e6)));
        Voucher memory voucher = voucherOf(1, 0, 0, 1, 30e6);
        bytes memory signature = signVoucher(0, voucher);
        wallet.rotate(vm.addr(NEW));
        vm.assertEq(channels.channelOf(id).ceiling, 30e6);
        vm.assertEq(channels.claim(voucher, signature), 30e6, "the claim that was due");
        assertSolvent();
    }

    function test_anOwnerThatRevokesEveryKeyAndAsksAllBackStillOwesWhatWasAccepted() public {
        channels.setCeiling(id, 30e6, signed(OLD, channels.ceilingDigest(id, 30e6)));
        wallet.call(address(channels), abi.encodeCall(IPaymentChannels.requestWithdrawal, (id, 100e6)));
        wallet.revoke();
        vm.assertEq(claimUpTo(1, 0, 0, 1, 30e6), 30e6);
        pass(THAW);
        wallet.call(address(channels), abi.encodeCall(IPaymentChannels.withdraw, (id, address(wallet))));
        vm.assertEq(usdc.balanceOf(address(wallet)), 70e6, "what was left");
        assertSolvent();
    }

    /// @dev The risk of whoever worked on a signature alone. Gateways count a ceiling once the chain has confirmed it.
    function test_aCeilingThatWasSignedButNotAcceptedBeforeTheRotationPaysNothing() public {
        channels.setCeiling(id, 30e6, signed(OLD, channels.ceilingDigest(id, 30e6)));
        bytes memory later = signed(OLD, channels.ceilingDigest(id, 50e6));
        Voucher memory voucher = voucherOf(1, 0, 0, 1, 50e6);
        bytes memory signature = signVoucher(0, voucher);
        wallet.rotate(vm.addr(NEW));
        expectNotSigned();
        channels.setCeiling(id, 50e6, later);
        vm.assertEq(channels.claim(voucher, signature), 30e6, "as far as the ceiling that was accepted");
        expectRefusal(IPaymentChannels.Refusal.CeilingReached);
        channels.claim(voucher, signature);

        // The rest is not lost: the new key may still sign for it, and then the same voucher pays.
        channels.setCeiling(id, 50e6, signed(NEW, channels.ceilingDigest(id, 50e6)));
        vm.assertEq(channels.claim(voucher, signature), 20e6);
    }

    /// @dev A wallet that takes its old key back takes back what that key signed: a ceiling is a lifetime total, without a number.
    function test_aWalletThatApprovesItsOldKeyAgainApprovesWhatItSigned() public {
        bytes memory early = signed(OLD, channels.ceilingDigest(id, 40e6));
        wallet.rotate(vm.addr(NEW));
        expectNotSigned();
        channels.setCeiling(id, 40e6, early);
        wallet.rotate(vm.addr(OLD));
        channels.setCeiling(id, 40e6, early);
        vm.assertEq(channels.channelOf(id).ceiling, 40e6);
    }

    function test_aSessionKeyEndsWithTheKeyThatSignedForIt() public {
        SessionKey memory session = SessionKey(id, vm.addr(SESSION), 90e6, uint64(block.timestamp + 1000));
        bytes memory byOwner = signed(OLD, channels.sessionKeyDigest(session));
        channels.setCeilingBySession(30e6, session, byOwner, signed(SESSION, channels.ceilingDigest(id, 30e6)));
        Voucher memory voucher = voucherOf(1, 0, 0, 1, 60e6);
        bytes memory signature = signVoucher(0, voucher);
        wallet.rotate(vm.addr(NEW));
        bytes memory byKey = signed(SESSION, channels.ceilingDigest(id, 60e6));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.SessionKeyInvalid.selector, id, vm.addr(SESSION)));
        channels.setCeilingBySession(60e6, session, byOwner, byKey);
        vm.assertEq(channels.claim(voucher, signature), 30e6, "what it raised before stays");
        channels.setCeilingBySession(60e6, session, signed(NEW, channels.sessionKeyDigest(session)), byKey);
        vm.assertEq(channels.claim(voucher, signature), 30e6, "once the new key signs for it, it goes on");
    }

    function expectNotSigned() private {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, id, address(wallet)));
    }
}
