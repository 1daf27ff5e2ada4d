// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Market} from "../support/Market.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @dev Keeps 1 % of each transfer, as some tokens do.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0xFEE), value / 100);
    }
}

/// @dev Has as much as anyone asks for.
contract PlentyToken is ERC20("Plenty", "PLT") {
    constructor() {
        _mint(msg.sender, type(uint128).max);
    }
}

contract DepositTest is Market {
    uint256 private constant DEADLINE = type(uint256).max;

    function test_openDerivesTheIdFromOwnerAndSalt() public {
        vm.assertEq(channelId, keccak256(abi.encode(payer, bytes32("channel"))));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.ChannelExists.selector, channelId));
        channels.open(payer, "channel");
    }

    function test_depositIsHeldForTheChannel() public {
        fund(5e6);
        vm.assertEq(channels.channelOf(channelId).deposited, 5e6);
        vm.assertEq(channels.liabilities(), 5e6);
        vm.assertEq(usdc.balanceOf(address(channels)), 5e6);
    }

    function test_aStrangersDepositMovesNoTimer() public {
        fund(5e6);
        vm.prank(payer);
        channels.requestWithdrawal(channelId, 5e6);
        uint64 thawEndsAt = channels.channelOf(channelId).thawEndsAt;
        vm.warp(block.timestamp + 100);
        usdc.mint(address(this), 1);
        usdc.approve(address(channels), 1);
        channels.deposit(channelId, 1);
        vm.assertEq(channels.channelOf(channelId).thawEndsAt, thawEndsAt);
    }

    function test_depositRefusesUnknownChannelAndNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, bytes32("other")));
        channels.deposit("other", 1);
        vm.expectRevert(IPaymentChannels.ZeroAmount.selector);
        channels.deposit(channelId, 0);
    }

    function test_depositWithPermitNeedsNoApproval() public {
        usdc.mint(payer, 3e6);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(3e6);
        vm.prank(payer);
        channels.depositWithPermit(channelId, 3e6, DEADLINE, v, r, s);
        vm.assertEq(channels.channelOf(channelId).deposited, 3e6);
    }

    function test_aPermitThatWasFrontRunStillDeposits() public {
        usdc.mint(payer, 3e6);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(3e6);
        usdc.permit(payer, address(channels), 3e6, DEADLINE, v, r, s); // Somebody else was faster.
        vm.prank(payer);
        channels.depositWithPermit(channelId, 3e6, DEADLINE, v, r, s);
        vm.assertEq(channels.channelOf(channelId).deposited, 3e6);
    }

    function test_anAuthorizationDepositsByAnyRelayerOnce() public {
        usdc.mint(payer, 4e6);
        (uint8 v, bytes32 r, bytes32 s) = signAuthorization(channelId, 4e6);
        channels.depositWithAuthorization(channelId, payer, 4e6, 0, DEADLINE, "salt", v, r, s);
        vm.assertEq(channels.channelOf(channelId).deposited, 4e6);
        bytes32 nonce = keccak256(abi.encode(channelId, bytes32("salt")));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, payer, nonce));
        channels.depositWithAuthorization(channelId, payer, 4e6, 0, DEADLINE, "salt", v, r, s);
    }

    function test_aRelayerCannotLeadAnAuthorizationIntoAnotherChannel() public {
        usdc.mint(payer, 4e6);
        (uint8 v, bytes32 r, bytes32 s) = signAuthorization(channelId, 4e6);
        bytes32 thiefs = channels.open(address(0xBAD), "thief");
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        channels.depositWithAuthorization(thiefs, payer, 4e6, 0, DEADLINE, "salt", v, r, s);
    }

    function test_aTokenThatKeepsAFeeIsRefused() public {
        FeeToken fee = new FeeToken();
        PaymentChannels other =
            new PaymentChannels(address(this), fee, registry, anchors, verifier, treasury, GRACE, THAW);
        bytes32 id = other.open(payer, "channel");
        fee.mint(address(this), 100e6);
        fee.approve(address(other), 100e6);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnexpectedTransferAmount.selector, 99e6, 100e6));
        other.deposit(id, 100e6);
    }

    function test_anAuthorizationOfAnotherAmountDepositsNothing() public {
        usdc.mint(payer, 4e6);
        (uint8 v, bytes32 r, bytes32 s) = signAuthorization(channelId, 4e6);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        channels.depositWithAuthorization(channelId, payer, 3e6, 0, DEADLINE, "salt", v, r, s);
    }

    function test_allDepositsTogetherAreBounded() public {
        PlentyToken plenty = new PlentyToken();
        PaymentChannels other =
            new PaymentChannels(address(this), plenty, registry, anchors, verifier, treasury, GRACE, THAW);
        bytes32 id = other.open(payer, "channel");
        plenty.approve(address(other), type(uint256).max);
        other.deposit(id, type(uint72).max);
        vm.assertEq(other.channelOf(id).deposited, type(uint72).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.TotalTooLarge.selector, uint256(type(uint72).max) + 1, type(uint72).max
            )
        );
        other.deposit(id, 1);
    }

    function test_aChannelHasAnOwner() public {
        vm.expectRevert(IPaymentChannels.ZeroAddress.selector);
        channels.open(address(0), "channel");
    }

    function signPermit(uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        return signForToken(keccak256(abi.encode(typehash, payer, address(channels), amount, 0, DEADLINE)));
    }

    function signAuthorization(bytes32 channel, uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typehash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        bytes32 nonce = keccak256(abi.encode(channel, bytes32("salt")));
        return signForToken(keccak256(abi.encode(typehash, payer, address(channels), amount, 0, DEADLINE, nonce)));
    }

    function signForToken(bytes32 structHash) private view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(PAYER_KEY, keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), structHash)));
    }
}
