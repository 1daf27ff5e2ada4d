// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {SessionKey} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";

contract SessionKeyTest is Market {
    uint256 private constant SESSION = 0x5E55;
    address private key = vm.addr(SESSION);

    function test_itRaisesTheCeilingUpToItsLimit() public {
        raise(6e6, session());
        raise(10e6, session());
        vm.assertEq(channels.channelOf(channelId).ceiling, 10e6);
        refuse(11e6, session(), abi.encodeWithSelector(IPaymentChannels.SessionCeilingTooHigh.selector, 11e6, 10e6));
    }

    function test_itEndsAtItsTime() public {
        SessionKey memory value = session();
        vm.warp(value.validUntil);
        raise(6e6, value);
        vm.warp(value.validUntil + 1);
        refuse(
            7e6, value, abi.encodeWithSelector(IPaymentChannels.SessionOver.selector, channelId, key, value.validUntil)
        );
    }

    function test_theOwnerRevokesItForEver() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NotChannelOwner.selector, channelId, address(this)));
        channels.revokeSessionKey(channelId, key);
        vm.prank(payer);
        channels.revokeSessionKey(channelId, key);
        vm.assertTrue(channels.isSessionRevoked(channelId, key), "revoked");
        refuse(6e6, session(), invalid());
        SessionKey memory later = session();
        later.validUntil += 1000;
        refuse(6e6, later, invalid());
    }

    function test_bothSignaturesAreNeeded() public {
        SessionKey memory value = session();
        bytes memory byOwner = signed(PAYER_KEY, channels.sessionKeyDigest(value));
        bytes memory byKey = signed(SESSION, channels.ceilingDigest(channelId, 6e6));
        vm.expectRevert(invalid());
        channels.setCeilingBySession(6e6, value, byKey, byKey);
        vm.expectRevert(invalid());
        channels.setCeilingBySession(6e6, value, byOwner, byOwner);
    }

    function test_whatTheOwnerDidNotSignDoesNotCount() public {
        SessionKey memory value = session();
        bytes memory byOwner = signed(PAYER_KEY, channels.sessionKeyDigest(value));
        value.ceilingMax = 99e6;
        bytes memory byKey = signed(SESSION, channels.ceilingDigest(channelId, 50e6));
        vm.expectRevert(invalid());
        channels.setCeilingBySession(50e6, value, byOwner, byKey);
    }

    function test_anUnknownChannelHasNone() public {
        SessionKey memory value = session();
        value.channelId = "other";
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, bytes32("other")));
        channels.setCeilingBySession(1, value, "", "");
    }

    function session() private view returns (SessionKey memory) {
        return SessionKey(channelId, key, 10e6, 1_800_001_000);
    }

    function invalid() private view returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannels.SessionKeyInvalid.selector, channelId, key);
    }

    function raise(uint128 amount, SessionKey memory value) private {
        bytes memory byOwner = signed(PAYER_KEY, channels.sessionKeyDigest(value));
        bytes memory byKey = signed(SESSION, channels.ceilingDigest(channelId, amount));
        channels.setCeilingBySession(amount, value, byOwner, byKey);
    }

    function refuse(uint128 amount, SessionKey memory value, bytes memory refusal) private {
        bytes memory byOwner = signed(PAYER_KEY, channels.sessionKeyDigest(value));
        bytes memory byKey = signed(SESSION, channels.ceilingDigest(channelId, amount));
        vm.expectRevert(refusal);
        channels.setCeilingBySession(amount, value, byOwner, byKey);
    }
}
