// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {ReceiptAnchor} from "../../src/ReceiptAnchor.sol";
import {SignatureVerifier} from "../../src/SignatureVerifier.sol";
import {TestUSDC} from "../../src/TestUSDC.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {EpochAnchor, Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {ForgeTest} from "./ForgeTest.sol";

/// @dev A deployed marketplace with one payer, one provider and one lane, and the steps that tests take in it. The test
///      is administrator, guardian and lane admin. No ledger is named: pending becomes payable when its grace is over.
abstract contract Market is ForgeTest {
    uint256 internal constant PAYER_KEY = 0xA11CE;
    uint256 internal constant LANE_KEY = 0x6A7E;
    uint256 internal constant NODE_KEY = 0x40DE;
    uint64 internal constant GRACE = 60;
    uint64 internal constant THAW = 600;
    uint16 internal constant FEE_BPS = 250;
    address internal constant STRANGER = address(0x57A6);

    address internal payer = vm.addr(PAYER_KEY);
    address internal owner = address(0x0B0B);
    address internal payout = address(0xCAFE);
    address internal treasury = address(0x7EA5);
    address internal operator = address(0x09E7);
    bytes32 internal lane = bytes32(uint256(uint160(vm.addr(LANE_KEY))));

    TestUSDC internal usdc;
    ProviderRegistry internal registry;
    ReceiptAnchor internal anchors;
    SignatureVerifier internal verifier;
    PaymentChannels internal channels;
    bytes32 internal channelId;
    bytes32 internal providerId;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        usdc = new TestUSDC();
        registry = new ProviderRegistry(address(this), FEE_BPS, THAW);
        anchors = new ReceiptAnchor(registry);
        verifier = new SignatureVerifier();
        channels = new PaymentChannels(address(this), usdc, registry, anchors, verifier, treasury, GRACE, THAW);
        registry.grantRole(registry.LANE_ADMIN_ROLE(), address(this));
        registry.grantRole(registry.GUARDIAN_ROLE(), address(this));
        channels.grantRole(channels.GUARDIAN_ROLE(), address(this));
        admitLane(LANE_KEY);
        vm.prank(owner);
        providerId = registry.registerProvider("provider", payout);
        channelId = channels.open(payer, "channel");
    }

    function admitLane(uint256 laneKey) internal returns (bytes32) {
        address gatewayKey = vm.addr(laneKey);
        return registry.addLane(gatewayKey, operator, signed(laneKey, registry.laneKeyDigest(gatewayKey, operator)));
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

    /// @dev The lane's next epoch: one receipt, numbered after the last.
    function nextAnchor(uint64 epoch, bytes32 root, uint128 sum) internal view returns (EpochAnchor memory) {
        uint64 seq = anchors.totalsOf(lane).lastSeq + 1;
        return EpochAnchor(lane, epoch, root, 1, sum, keccak256("file"), seq, seq);
    }

    function signAnchor(EpochAnchor memory value) internal view returns (bytes memory) {
        return signed(LANE_KEY, anchors.anchorDigest(value));
    }

    function anchorEpoch(uint64 epoch, uint128 sum) internal {
        EpochAnchor memory value = nextAnchor(epoch, rootOf(epoch), sum);
        anchors.anchor(value, signAnchor(value));
    }

    function voucherFor(uint64 epoch, uint128 cumulative) internal view returns (Voucher memory) {
        return Voucher(channelId, providerId, lane, epoch, cumulative, rootOf(epoch), 0);
    }

    function signVoucher(Voucher memory voucher) internal view returns (bytes memory) {
        return signed(LANE_KEY, channels.voucherDigest(voucher));
    }

    function dueFor(uint256 laneKey, Voucher memory voucher) internal view returns (IPaymentChannels.Due memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(laneKey, channels.voucherDigest(voucher));
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        return IPaymentChannels.Due(voucher.channelId, voucher.cumulative, r, vs);
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
