// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReceiptHasher} from "../../src/ReceiptHasher.sol";
import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {Market} from "../support/Market.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

contract AnchorTest is Market {
    function test_anEpochIsRecordedWithTheLanesTotals() public {
        anchorEpoch(3, 5e6);
        anchorEpoch(7, 2e6);
        IReceiptAnchor.Anchored memory anchored = anchors.anchorOf(lane, 7);
        vm.assertEq(anchored.root, rootOf(7));
        vm.assertEq(anchored.anchoredAt, block.timestamp);
        vm.assertEq(anchored.sum, 2e6);
        vm.assertEq(anchored.dataHash, keccak256("file"));
        IReceiptAnchor.LaneTotals memory totals = anchors.totalsOf(lane);
        vm.assertEq(totals.lastEpoch, 7);
        vm.assertEq(totals.epochs, 2);
        vm.assertEq(totals.sum, 7e6);
    }

    function test_oneAnchorForEachEpoch() public {
        anchorEpoch(3, 5e6);
        IReceiptAnchor.EpochAnchor memory value = anchorOf(3, bytes32("other root"));
        bytes memory signature = signed(LANE_KEY, anchors.anchorDigest(value));
        vm.expectRevert(
            abi.encodeWithSelector(IReceiptAnchor.EpochAlreadyAnchored.selector, lane, uint64(3), rootOf(3))
        );
        anchors.anchor(value, signature);
    }

    function test_epochsOfALaneIncrease() public {
        anchorEpoch(3, 5e6);
        IReceiptAnchor.EpochAnchor memory value = anchorOf(2, rootOf(2));
        bytes memory signature = signed(LANE_KEY, anchors.anchorDigest(value));
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.EpochNotIncreasing.selector, lane, uint64(2), uint64(3)));
        anchors.anchor(value, signature);
    }

    function test_onlyTheLanesOwnSignatureCounts() public {
        IReceiptAnchor.EpochAnchor memory value = anchorOf(1, rootOf(1));
        bytes memory forged = signed(NODE_KEY, anchors.anchorDigest(value));
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, lane));
        anchors.anchor(value, forged);
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, lane));
        anchors.anchor(value, hex"00");
    }

    function test_aRemovedLaneAnchorsNoMore() public {
        registry.removeLane(vm.addr(LANE_KEY));
        IReceiptAnchor.EpochAnchor memory value = anchorOf(1, rootOf(1));
        bytes memory signature = signed(LANE_KEY, anchors.anchorDigest(value));
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.LaneNotActive.selector, lane));
        anchors.anchor(value, signature);
    }

    function test_anEmptyEpochIsNotAnchored() public {
        IReceiptAnchor.EpochAnchor memory value = anchorOf(1, rootOf(1));
        value.count = 0;
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.EmptyEpoch.selector, lane, uint64(1)));
        anchors.anchor(value, "");
    }

    function test_aLeafUnderTheRootVerifiesAndNothingElseDoes() public {
        ReceiptHasher hasher = new ReceiptHasher(channels);
        bytes32 work = hasher.leafOf(1, bytes32("receipt"));
        bytes32 delivery = hasher.leafOf(2, bytes32("receipt"));
        bytes32 root = Hashes.commutativeKeccak256(work, delivery);
        IReceiptAnchor.EpochAnchor memory value = anchorOf(1, root);
        anchors.anchor(value, signed(LANE_KEY, anchors.anchorDigest(value)));

        bytes32[] memory proof = new bytes32[](1);
        proof[0] = delivery;
        vm.assertTrue(anchors.verify(lane, 1, work, proof), "a leaf with its sibling");
        vm.assertTrue(!anchors.verify(lane, 1, hasher.leafOf(3, bytes32("receipt")), proof), "another kind of receipt");
        vm.assertTrue(!anchors.verify(lane, 2, work, proof), "an epoch without an anchor");
        vm.assertTrue(!anchors.verify(lane, 2, bytes32(0), new bytes32[](0)), "the empty root proves nothing");
    }

    function anchorOf(uint64 epoch, bytes32 root) private view returns (IReceiptAnchor.EpochAnchor memory) {
        return IReceiptAnchor.EpochAnchor(lane, epoch, root, 2, 1e6, keccak256("file"));
    }
}
