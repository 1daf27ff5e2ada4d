// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {ReceiptAnchor} from "../../src/ReceiptAnchor.sol";
import {TestUSDC} from "../../src/TestUSDC.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {ForgeTest} from "./ForgeTest.sol";

/// @dev A deployed marketplace with one payer, one provider and one lane, and the steps that tests take in it.
abstract contract Market is ForgeTest {
    uint256 internal constant PAYER_KEY = 0xA11CE;
    uint256 internal constant LANE_KEY = 0x6A7E;
    uint256 internal constant NODE_KEY = 0x40DE;
    uint64 internal constant WINDOW = 60;
    uint64 internal constant THAW = 600;
    uint16 internal constant FEE_BPS = 250;

    address internal payer = vm.addr(PAYER_KEY);
    address internal owner = address(0x0B0B);
    address internal payout = address(0xCAFE);
    address internal treasury = address(0x7EA5);
    bytes32 internal lane = bytes32(uint256(uint160(vm.addr(LANE_KEY))));

    TestUSDC internal usdc;
    ProviderRegistry internal registry;
    ReceiptAnchor internal anchors;
    PaymentChannels internal channels;
    bytes32 internal channelId;
    bytes32 internal providerId;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        usdc = new TestUSDC();
        registry = new ProviderRegistry(address(this), FEE_BPS);
        anchors = new ReceiptAnchor(registry);
        channels = new PaymentChannels(address(this), usdc, registry, anchors, treasury, WINDOW, THAW);
        registry.addLane(vm.addr(LANE_KEY));
        vm.prank(owner);
        providerId = registry.registerProvider("provider", payout);
        channelId = channels.open(payer, "channel");
    }

    function fund(uint128 amount) internal {
        usdc.mint(payer, amount);
        vm.prank(payer);
        usdc.approve(address(channels), amount);
        vm.prank(payer);
        channels.deposit(channelId, amount);
    }

    function raiseCeiling(uint128 amount) internal {
        channels.setCeiling(channelId, amount, signed(PAYER_KEY, channels.ceilingDigest(channelId, amount)));
    }

    function rootOf(uint64 epoch) internal pure returns (bytes32) {
        return keccak256(abi.encode("root", epoch));
    }

    function anchorEpoch(uint64 epoch, uint128 sum) internal {
        IReceiptAnchor.EpochAnchor memory value =
            IReceiptAnchor.EpochAnchor(lane, epoch, rootOf(epoch), 1, sum, keccak256("file"));
        anchors.anchor(value, signed(LANE_KEY, anchors.anchorDigest(value)));
    }

    function voucherFor(uint64 epoch, uint128 cumulative) internal view returns (Voucher memory) {
        return Voucher(channelId, providerId, lane, epoch, cumulative, rootOf(epoch));
    }

    function signVoucher(Voucher memory voucher) internal view returns (bytes memory) {
        return signed(LANE_KEY, channels.voucherDigest(voucher));
    }

    function claimUpTo(uint64 epoch, uint128 cumulative) internal returns (uint128) {
        Voucher memory voucher = voucherFor(epoch, cumulative);
        return channels.claim(voucher, signVoucher(voucher));
    }

    function expectRefusal(IPaymentChannels.Refusal reason) internal {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.ClaimRefused.selector, reason));
    }

    function epochList(uint64 epoch) internal pure returns (uint64[] memory epochs) {
        epochs = new uint64[](1);
        epochs[0] = epoch;
    }

    /// @dev Invariant 1 of the design.
    function assertSolvent() internal view {
        vm.assertGe(usdc.balanceOf(address(channels)), channels.liabilities(), "token balance covers liabilities");
    }
}
