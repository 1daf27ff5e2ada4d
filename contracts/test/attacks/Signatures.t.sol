// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {EpochAnchor, ReceiptHashes, Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {Wallet} from "../support/Wallets.sol";
import {World} from "../support/World.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @dev Signatures that are twins, empty, outdated or shown too early, and tree nodes that pose as leaves.
contract SignatureAttack is World {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function setUp() public {
        buildWorld();
        fund(0, 100e6);
        raiseCeiling(0, 50e6);
        anchorRoot(0, 1, keccak256("root"), 1, 50e6);
    }

    function test_aMerkleSecondPreimageProvesNothing() public {
        bytes32 a = ReceiptHashes.leaf(ReceiptHashes.TAG_DELIVERY, keccak256("a"));
        bytes32 b = ReceiptHashes.leaf(ReceiptHashes.TAG_WORK, keccak256("b"));
        bytes32 c = ReceiptHashes.leaf(ReceiptHashes.TAG_LEASE, keccak256("c"));
        bytes32 inner = pairRoot(a, b);
        anchorRoot(0, 2, pairRoot(inner, c), 3, 1e6);
        bytes32[] memory short = new bytes32[](1);
        short[0] = c;

        // An inner node, or what it is the hash of, posed as a receipt of each kind.
        bytes32[3] memory posed = [inner, a, keccak256(bytes.concat(a, b))];
        for (uint8 tag = 0; tag < 6; ++tag) {
            for (uint256 i = 0; i < posed.length; ++i) {
                bytes32 leaf = ReceiptHashes.leaf(tag, posed[i]);
                vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.NotIncluded.selector, leaf));
                anchors.proveReceipt(lanes[0], 2, tag, posed[i], short);
            }
        }
        // A receipt of one kind does not pass as one of another kind.
        bytes32[] memory whole = new bytes32[](2);
        (whole[0], whole[1]) = (b, c);
        anchors.proveReceipt(lanes[0], 2, ReceiptHashes.TAG_DELIVERY, keccak256("a"), whole);
        bytes32 other = ReceiptHashes.leaf(ReceiptHashes.TAG_LEASE, keccak256("a"));
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.NotIncluded.selector, other));
        anchors.proveReceipt(lanes[0], 2, ReceiptHashes.TAG_LEASE, keccak256("a"), whole);
    }

    /// @dev A leaf is hashed twice: hashed once, the tag and the hash of one receipt would be the two children of an inner node.
    function test_aTagAndAHashAreNoPairOfNodes() public {
        bytes32 a = ReceiptHashes.leaf(ReceiptHashes.TAG_DELIVERY, keccak256("a"));
        bytes32 b = ReceiptHashes.leaf(ReceiptHashes.TAG_WORK, keccak256("b"));
        anchorRoot(0, 2, pairRoot(a, b), 2, 1e6);
        bytes32[] memory proof = new bytes32[](2);
        (proof[0], proof[1]) = (bytes32(uint256(ReceiptHashes.TAG_DELIVERY)), b);
        vm.assertTrue(!anchors.verify(lanes[0], 2, keccak256("a"), proof), "half of a leaf posed as a leaf");
        // As the other child of the pair: OpenZeppelin's proofs sort each pair by value.
        proof[0] = keccak256("a");
        bytes32 tag = bytes32(uint256(ReceiptHashes.TAG_DELIVERY));
        vm.assertTrue(!anchors.verify(lanes[0], 2, tag, proof), "a tag posed as a leaf");
        proof = new bytes32[](1);
        proof[0] = b;
        vm.assertTrue(anchors.verify(lanes[0], 2, a, proof), "the receipt itself is there");
    }

    function test_theHighSTwinOfASignatureIsRefused() public {
        Voucher memory voucher = voucherOf(0, 0, 0, 1, 20e6);
        bytes memory voucherTwin = twin(LANE_KEY, channels.voucherDigest(voucher));
        expectRefusal(IPaymentChannels.Refusal.BadSignature);
        channels.claim(voucher, voucherTwin);

        EpochAnchor memory anchor = nextAnchor(0, 2, keccak256("next"), 1, 1e6);
        bytes memory anchorTwin = twin(LANE_KEY, anchors.anchorDigest(anchor));
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, lanes[0]));
        anchors.anchor(anchor, anchorTwin);

        bytes memory ceilingTwin = twin(PAYER_KEY, channels.ceilingDigest(channelIds[0], 60e6));
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, channelIds[0], payerOf(0))
        );
        channels.setCeiling(channelIds[0], 60e6, ceilingTwin);

        bytes memory keyTwin = twin(0xBEEF, registry.nodeKeyDigest(providerIds[0], vm.addr(0xBEEF)));
        vm.prank(ownerOf(0));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidNodeKeySignature.selector, vm.addr(0xBEEF)));
        registry.addNodeKey(providerIds[0], vm.addr(0xBEEF), keyTwin);
    }

    function test_zeroSignaturesSpeakForNobody() public {
        // Recovery of nonsense yields the zero address: no lane, owner or key of that name may exist.
        bytes[3] memory nothing = [bytes(""), new bytes(65), new bytes(64)];
        for (uint256 i = 0; i < nothing.length; ++i) {
            Voucher memory voucher = Voucher(channelIds[0], providerIds[0], bytes32(0), 1, 1e6, 0, 0);
            expectRefusal(IPaymentChannels.Refusal.BadSignature);
            channels.claim(voucher, nothing[i]);
            expectRefusal(IPaymentChannels.Refusal.BadSignature);
            channels.claimCompact(voucher, 0, 0);
            EpochAnchor memory anchor = EpochAnchor(0, 1, keccak256("r"), 1, 1e6, 0, 1, 1);
            vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.LaneNotActive.selector, bytes32(0)));
            anchors.anchor(anchor, nothing[i]);
            vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.LaneNotActive.selector, bytes32(0)));
            anchors.anchorCompact(anchor, 0, 0);
            vm.assertTrue(
                !verifier.isValid(address(0), keccak256("digest"), nothing[i]), "the zero address signs nothing"
            );
        }
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.ZeroAddress.selector));
        channels.open(address(0), 0);
    }

    function test_aRevokedContractOwnerRaisesNothingMore() public {
        uint256 key = 0xC0DE;
        Wallet wallet = new Wallet(vm.addr(key));
        bytes32 id = channels.open(address(wallet), "wallet");
        bytes memory early = signed(key, channels.ceilingDigest(id, 10e6));
        channels.setCeiling(id, 10e6, early);
        bytes memory later = signed(key, channels.ceilingDigest(id, 20e6));
        wallet.rotate(vm.addr(0xD1FF));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, id, address(wallet)));
        channels.setCeiling(id, 20e6, later);
        vm.assertEq(channels.channelOf(id).ceiling, 10e6, "what was raised before stays");
        channels.setCeiling(id, 20e6, signed(0xD1FF, channels.ceilingDigest(id, 20e6)));
    }

    /// @dev The thief has tokens of its own, so that what it lacks is leave to take the payer's.
    function test_aFrontRunPermitStopsNobody() public {
        usdc.mint(payerOf(0), 20e6);
        usdc.mint(thief, 10e6);
        bytes32 digest = permitDigest(payerOf(0), address(channels), 10e6, block.timestamp + 100);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, digest);
        vm.prank(thief);
        usdc.permit(payerOf(0), address(channels), 10e6, block.timestamp + 100, v, r, s);
        // The thief may set the allowance, and can do nothing with it: deposits take from their caller, by its own leave.
        vm.prank(thief);
        expectNoAllowance(address(channels));
        channels.deposit(channelIds[1], 10e6);
        vm.prank(thief);
        expectNoAllowance(address(channels));
        channels.depositWithPermit(channelIds[1], 10e6, block.timestamp + 100, v, r, s);
        vm.prank(thief);
        expectNoAllowance(thief);
        usdc.transferFrom(payerOf(0), thief, 10e6);
        vm.prank(thief);
        usdc.approve(address(channels), 10e6);
        vm.prank(thief);
        channels.depositWithPermit(channelIds[0], 10e6, block.timestamp + 100, v, r, s);
        vm.assertEq(usdc.balanceOf(thief), 0, "its own tokens");
        vm.assertEq(usdc.balanceOf(payerOf(0)), 20e6, "and none of the payer's");

        vm.prank(payerOf(0));
        channels.depositWithPermit(channelIds[0], 10e6, block.timestamp + 100, v, r, s);
        vm.assertEq(channels.channelOf(channelIds[0]).deposited, 120e6);
        vm.assertEq(channels.channelOf(channelIds[1]).deposited, 0);
        // Once: a second time there is neither a permit nor an allowance, although there are tokens.
        vm.prank(payerOf(0));
        expectNoAllowance(address(channels));
        channels.depositWithPermit(channelIds[0], 10e6, block.timestamp + 100, v, r, s);
        vm.assertEq(usdc.balanceOf(payerOf(0)), 10e6, "what was not permitted stays");
    }

    function expectNoAllowance(address spender) private {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, spender, 0, 10e6));
    }

    /// @dev The other signature that recovers to the same key: (r, n − s, v′).
    function twin(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
    }
}
