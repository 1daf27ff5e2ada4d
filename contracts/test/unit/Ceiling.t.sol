// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Market} from "../support/Market.sol";

contract CeilingTest is Market {
    function test_anyoneRelaysWhatTheOwnerSigned() public {
        bytes memory signature = signed(PAYER_KEY, channels.ceilingDigest(channelId, 7e6));
        vm.expectEmit();
        emit IPaymentChannels.CeilingRaised(channelId, 7e6);
        vm.prank(STRANGER);
        channels.setCeiling(channelId, 7e6, signature);
        vm.assertEq(channels.channelOf(channelId).ceiling, 7e6);
    }

    function test_itNeverFalls() public {
        raiseCeiling(7e6);
        bytes memory lower = signed(PAYER_KEY, channels.ceilingDigest(channelId, 6e6));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.CeilingNotRaised.selector, channelId, 6e6, 7e6));
        channels.setCeiling(channelId, 6e6, lower);
        bytes memory same = signed(PAYER_KEY, channels.ceilingDigest(channelId, 7e6));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.CeilingNotRaised.selector, channelId, 7e6, 7e6));
        channels.setCeiling(channelId, 7e6, same);
    }

    function test_nobodyElseCanSign() public {
        bytes memory forged = signed(LANE_KEY, channels.ceilingDigest(channelId, 7e6));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, channelId, payer));
        channels.setCeiling(channelId, 7e6, forged);
        bytes memory otherAmount = signed(PAYER_KEY, channels.ceilingDigest(channelId, 8e6));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, channelId, payer));
        channels.setCeiling(channelId, 7e6, otherAmount);
    }

    function test_withoutLimitMeansAllThatCanEverBeDeposited() public {
        raiseCeiling(type(uint128).max);
        vm.assertEq(channels.channelOf(channelId).ceiling, type(uint72).max);
        bytes memory again = signed(PAYER_KEY, channels.ceilingDigest(channelId, type(uint128).max - 1));
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.CeilingNotRaised.selector, channelId, type(uint128).max - 1, type(uint72).max
            )
        );
        channels.setCeiling(channelId, type(uint128).max - 1, again);
    }

    function test_anUnknownChannelHasNone() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, bytes32("other")));
        channels.setCeiling("other", 1, "");
    }
}
