// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {SessionKey} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";
import {Erc6492, Wallet, WalletFactory} from "../support/Wallets.sol";

/// @dev Channels owned by contract wallets, deployed (ERC-1271) and not yet deployed (ERC-6492).
contract ContractWalletTest is Market {
    WalletFactory private factory;

    function setUp() public override {
        super.setUp();
        factory = new WalletFactory();
    }

    function test_aDeployedWalletSigns() public {
        Wallet wallet = new Wallet(payer);
        bytes32 id = channels.open(address(wallet), "wallet");
        channels.setCeiling(id, 9e6, signed(PAYER_KEY, channels.ceilingDigest(id, 9e6)));
        vm.assertEq(channels.channelOf(id).ceiling, 9e6);
    }

    function test_aRevokedSignerSignsNoMore() public {
        Wallet wallet = new Wallet(payer);
        bytes32 id = channels.open(address(wallet), "wallet");
        bytes memory signature = signed(PAYER_KEY, channels.ceilingDigest(id, 9e6));
        wallet.revoke();
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, id, address(wallet)));
        channels.setCeiling(id, 9e6, signature);
    }

    function test_aWalletThatIsNotDeployedYetSignsAndIsDeployed() public {
        address wallet = factory.addressOf(payer, "salt");
        bytes32 id = channels.open(wallet, "wallet");
        bytes memory inner = signed(PAYER_KEY, channels.ceilingDigest(id, 9e6));
        bytes memory deployCall = abi.encodeCall(WalletFactory.deploy, (payer, "salt"));
        channels.setCeiling(id, 9e6, Erc6492.wrap(address(factory), deployCall, inner));
        vm.assertEq(channels.channelOf(id).ceiling, 9e6);
        vm.assertTrue(wallet.code.length > 0, "deployed");

        // The same wrapping still counts once the wallet is there.
        bytes memory more = signed(PAYER_KEY, channels.ceilingDigest(id, 10e6));
        channels.setCeiling(id, 10e6, Erc6492.wrap(address(factory), deployCall, more));
        vm.assertEq(channels.channelOf(id).ceiling, 10e6);
    }

    /// @dev Who owns a channel by a wallet that is not deployed yet lets a session key raise its ceiling: the leave deploys it.
    function test_aWalletThatIsNotDeployedYetGivesLeaveToASessionKey() public {
        uint256 sessionKey = 0x5E55;
        address wallet = factory.addressOf(payer, "salt");
        bytes32 id = channels.open(wallet, "wallet");
        SessionKey memory given = SessionKey(id, vm.addr(sessionKey), 10e6, uint64(block.timestamp + 1000));
        bytes memory deployCall = abi.encodeCall(WalletFactory.deploy, (payer, "salt"));
        bytes memory leave_ = signed(PAYER_KEY, channels.sessionKeyDigest(given));
        bytes memory byKey = signed(sessionKey, channels.ceilingDigest(id, 9e6));

        // Another's signature, wrapped as well, is none; and what it would have deployed is not there.
        bytes memory thiefs = signed(sessionKey, channels.sessionKeyDigest(given));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.SessionKeyInvalid.selector, id, given.key));
        channels.setCeilingBySession(9e6, given, Erc6492.wrap(address(factory), deployCall, thiefs), byKey);
        vm.assertEq(wallet.code.length, 0);

        channels.setCeilingBySession(9e6, given, Erc6492.wrap(address(factory), deployCall, leave_), byKey);
        vm.assertEq(channels.channelOf(id).ceiling, 9e6);
        vm.assertTrue(wallet.code.length > 0, "deployed");

        // Its signer is gone, and with it the leave.
        Wallet(wallet).revoke();
        bytes memory more = signed(sessionKey, channels.ceilingDigest(id, 10e6));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.SessionKeyInvalid.selector, id, given.key));
        channels.setCeilingBySession(10e6, given, leave_, more);
    }
}
