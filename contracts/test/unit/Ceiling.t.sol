// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Market} from "../support/Market.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @dev A contract wallet that accepts one digest.
contract Wallet is IERC1271 {
    bytes32 private immutable _accepted;

    constructor(bytes32 accepted) {
        _accepted = accepted;
    }

    function isValidSignature(bytes32 hash, bytes calldata) external view returns (bytes4) {
        return hash == _accepted ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

contract CeilingTest is Market {
    function test_anyoneRelaysWhatTheOwnerSigned() public {
        bytes memory signature = signed(PAYER_KEY, channels.ceilingDigest(channelId, 7e6));
        vm.prank(address(0x5EED));
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

    function test_aContractWalletSignsByErc1271() public {
        address predicted = address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), hex"05")))));
        bytes32 id = keccak256(abi.encode(predicted, bytes32("wallet")));
        Wallet wallet = new Wallet(channels.ceilingDigest(id, 9e6));
        vm.assertEq(address(wallet), predicted);
        channels.open(address(wallet), "wallet");
        channels.setCeiling(id, 9e6, "");
        vm.assertEq(channels.channelOf(id).ceiling, 9e6);
    }

    function test_anUnknownChannelHasNone() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, bytes32("other")));
        channels.setCeiling("other", 1, "");
    }
}
