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

    function gap(uint64 fromSeq) private view returns (bytes memory) {
        return abi.encodeWithSelector(IReceiptAnchor.SequenceGap.selector, lane, fromSeq, uint64(1));
    }

    function refuse(EpochAnchor memory value, bytes memory refusal) private {
        bytes memory signature = signAnchor(value);
        vm.expectRevert(refusal);
        anchors.anchor(value, signature);
    }
}
