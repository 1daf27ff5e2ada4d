// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReceiptHasher} from "../../src/ReceiptHasher.sol";
import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {EpochAnchor} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @dev An epoch of three receipts, one of each kind.
contract ProveReceiptTest is Market {
    ReceiptHasher private hasher;
    bytes32[3] private leaves;
    bytes32 private root;

    function setUp() public override {
        super.setUp();
        hasher = new ReceiptHasher(channels);
        for (uint8 tag = 1; tag <= 3; ++tag) {
            leaves[tag - 1] = hasher.leafOf(tag, bytes32("receipt"));
        }
        root = Hashes.commutativeKeccak256(Hashes.commutativeKeccak256(leaves[0], leaves[1]), leaves[2]);
        EpochAnchor memory value = nextAnchor(1, root, 1e6);
        value.count = 3;
        anchors.anchor(value, signAnchor(value));
    }

    function test_allThreeKindsAreProvenByTheirTag() public {
        for (uint8 tag = 1; tag <= 3; ++tag) {
            vm.assertTrue(anchors.verify(lane, 1, leaves[tag - 1], proofOf(tag)), "under the root");
            vm.expectEmit();
            emit IReceiptAnchor.ReceiptProven(lane, 1, tag, bytes32("receipt"));
            anchors.proveReceipt(lane, 1, tag, bytes32("receipt"), proofOf(tag));
        }
    }

    function test_nothingElseIsProven() public {
        vm.assertTrue(!anchors.verify(lane, 1, hasher.leafOf(2, bytes32("receipt")), proofOf(1)), "another kind");
        vm.assertTrue(!anchors.verify(lane, 2, leaves[0], proofOf(1)), "an epoch without an anchor");
        vm.assertTrue(!anchors.verify(lane, 2, bytes32(0), new bytes32[](0)), "the empty root proves nothing");
        bytes32 missing = hasher.leafOf(1, bytes32("another"));
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.NotIncluded.selector, missing));
        anchors.proveReceipt(lane, 1, 1, bytes32("another"), proofOf(1));
    }

    function test_anInnerNodeIsNoReceipt() public {
        bytes32 inner = Hashes.commutativeKeccak256(leaves[0], leaves[1]);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = leaves[2];
        bytes32 asLeaf = hasher.leafOf(1, inner);
        vm.expectRevert(abi.encodeWithSelector(IReceiptAnchor.NotIncluded.selector, asLeaf));
        anchors.proveReceipt(lane, 1, 1, inner, proof);
    }

    function proofOf(uint8 tag) private view returns (bytes32[] memory proof) {
        proof = new bytes32[](tag == 3 ? 1 : 2);
        if (tag == 3) proof[0] = Hashes.commutativeKeccak256(leaves[0], leaves[1]);
        else (proof[0], proof[1]) = (leaves[2 - tag], leaves[2]);
    }
}
