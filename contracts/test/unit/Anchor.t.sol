// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {EpochAnchor} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";

contract AnchorTest is Market {
    function test_anEpochIsRecordedWithTheLanesTotals() public {
        anchorEpoch(3, 5e6);
        anchorEpoch(7, 2e6);
        IReceiptAnchor.Anchored memory anchored = anchors.anchorOf(lane, 7);
        vm.assertEq(anchored.root, rootOf(7));
        vm.assertEq(anchored.anchoredAt, block.timestamp);
        vm.assertEq(anchored.count, 1);
        vm.assertEq(anchored.sum, 2e6);
        IReceiptAnchor.LaneTotals memory totals = anchors.totalsOf(lane);
        vm.assertEq(totals.lastEpoch, 7);
        vm.assertEq(totals.lastSeq, 2);
        vm.assertEq(totals.sum, 7e6);
        vm.assertEq(anchors.laneSumOf(lane), 7e6);
    }

    function test_theDataHashIsInTheEvent() public {
        EpochAnchor memory value = nextAnchor(3, rootOf(3), 5e6);
        vm.expectEmit();
        emit IReceiptAnchor.EpochAnchored(lane, 3, rootOf(3), 1, 5e6, keccak256("file"), 1, 1, 5e6);
        anchors.anchor(value, signAnchor(value));
    }

    function test_oneAnchorForEachEpoch() public {
        anchorEpoch(3, 5e6);
        refuse(
            nextAnchor(3, bytes32("other root"), 1e6),
            abi.encodeWithSelector(IReceiptAnchor.EpochAlreadyAnchored.selector, lane, uint64(3), rootOf(3))
        );
    }

    function test_epochsOfALaneIncrease() public {
        anchorEpoch(3, 5e6);
        refuse(
            nextAnchor(2, rootOf(2), 1e6),
            abi.encodeWithSelector(IReceiptAnchor.EpochNotIncreasing.selector, lane, uint64(2), uint64(3))
        );
    }

    function test_noNumberIsLeftOutBetweenEpochs() public {
        anchorEpoch(1, 5e6);
        EpochAnchor memory value = nextAnchor(2, rootOf(2), 1e6);
        (value.fromSeq, value.toSeq) = (3, 4);
        refuse(value, gap(3));
        value.fromSeq = 1;
        refuse(value, gap(1));
        value.fromSeq = 0;
        refuse(value, gap(0));
    }

    function test_anEpochDoesNotEndBeforeItBegins() public {
        EpochAnchor memory value = nextAnchor(1, rootOf(1), 1e6);
        value.toSeq = 0;
        refuse(value, abi.encodeWithSelector(IReceiptAnchor.SequenceGap.selector, lane, uint64(1), uint64(0)));
    }

    function test_onlyTheLanesOwnSignatureCounts() public {
        EpochAnchor memory value = nextAnchor(1, rootOf(1), 1e6);
        bytes memory forged = signed(NODE_KEY, anchors.anchorDigest(value));
        bytes memory refusal = abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, lane);
        vm.expectRevert(refusal);
        anchors.anchor(value, forged);
        vm.expectRevert(refusal);
        anchors.anchor(value, hex"00");
    }

    function test_aCompactSignatureDoesAsMuch() public {
        EpochAnchor memory value = nextAnchor(3, rootOf(3), 5e6);
        (bytes32 r, bytes32 vs) = compact(LANE_KEY, value);
        vm.expectEmit();
        emit IReceiptAnchor.EpochAnchored(lane, 3, rootOf(3), 1, 5e6, keccak256("file"), 1, 1, 5e6);
        anchors.anchorCompact(value, r, vs);
        vm.assertEq(anchors.laneSumOf(lane), 5e6);
        vm.expectRevert(
            abi.encodeWithSelector(IReceiptAnchor.EpochAlreadyAnchored.selector, lane, uint64(3), rootOf(3))
        );
        anchors.anchorCompact(value, r, vs);
    }

    function test_aForgedCompactSignatureCountsForNothing() public {
        EpochAnchor memory value = nextAnchor(1, rootOf(1), 1e6);
        (bytes32 r, bytes32 vs) = compact(NODE_KEY, value);
        bytes memory refusal = abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, lane);
        vm.expectRevert(refusal);
        anchors.anchorCompact(value, r, vs);
        vm.expectRevert(refusal);
        anchors.anchorCompact(value, 0, 0);
        (r, vs) = compact(LANE_KEY, value);
        value.dataHash = keccak256("another file");
        vm.expectRevert(refusal);
        anchors.anchorCompact(value, r, vs);
    }

    /// @dev Else two anchors that differ in what nobody reads would be one in storage, and two to a signature.
    function test_aNumberWiderThanItsTypeIsRefused() public {
        uint256[5] memory numbers = [uint256(1), 3, 4, 6, 7];
        for (uint256 i = 0; i < numbers.length; ++i) {
            uint256 bits = numbers[i] == 4 ? 128 : 64;
            bytes memory data = abi.encodeCall(anchors.anchorCompact, (nextAnchor(1, rootOf(1), 1e6), 0, 0));
            for (uint256 bit = bits; bit < 256; bit += 63) {
                (bytes memory wide, uint256 number) = withBit(data, numbers[i], bit);
                expectTooLarge(wide, number, (1 << bits) - 1);
            }
        }
    }

    function test_aLanesSumStaysWithinItsType() public {
        anchorEpoch(1, type(uint128).max);
        uint256 max = type(uint128).max;
        refuse(
            nextAnchor(2, rootOf(2), 1), abi.encodeWithSelector(IReceiptAnchor.NumberTooLarge.selector, max + 1, max)
        );
        anchorEpoch(2, 0);
    }

    function test_aRemovedLaneAnchorsNoMore() public {
        registry.removeLane(vm.addr(LANE_KEY));
        refuse(nextAnchor(1, rootOf(1), 1e6), abi.encodeWithSelector(IReceiptAnchor.LaneNotActive.selector, lane));
    }

    function test_anEmptyEpochIsNotAnchored() public {
        bytes memory refusal = abi.encodeWithSelector(IReceiptAnchor.EmptyEpoch.selector, lane, uint64(1));
        EpochAnchor memory value = nextAnchor(1, rootOf(1), 1e6);
        value.count = 0;
        refuse(value, refusal);
        refuse(nextAnchor(1, bytes32(0), 1e6), refusal);
    }

    function compact(uint256 key, EpochAnchor memory value) private view returns (bytes32 r, bytes32 vs) {
        (uint8 v, bytes32 first, bytes32 s) = vm.sign(key, anchors.anchorDigest(value));
        return (first, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    /// @dev The call with one bit of a member changed, and the number that the member is then.
    function withBit(bytes memory data, uint256 member, uint256 bit)
        private
        pure
        returns (bytes memory changed, uint256 value)
    {
        changed = bytes.concat(data);
        uint256 at = 4 + member * 32 + 31 - bit / 8;
        changed[at] = changed[at] ^ bytes1(uint8(1 << (bit % 8)));
        assembly ("memory-safe") {
            value := mload(add(add(changed, 36), mul(member, 32)))
        }
    }

    function expectTooLarge(bytes memory data, uint256 number, uint256 max) private {
        (bool isDone, bytes memory reason) = address(anchors).call(data);
        vm.assertTrue(!isDone, "refused");
        bytes memory expected = abi.encodeWithSelector(IReceiptAnchor.NumberTooLarge.selector, number, max);
        vm.assertEq(keccak256(reason), keccak256(expected));
    }

    function gap(uint64 fromSeq) private view returns (bytes memory) {
        return abi.encodeWithSelector(IReceiptAnchor.SequenceGap.selector, lane, fromSeq, uint64(1));
    }

    function refuse(EpochAnchor memory value, bytes memory refusal) private {
        bytes memory signature = signAnchor(value);
        vm.expectRevert(refusal);
        anchors.anchor(value, signature);
    }
}
