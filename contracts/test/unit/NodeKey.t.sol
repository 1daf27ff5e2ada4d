// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Market} from "../support/Market.sol";

contract NodeKeyTest is Market {
    address private nodeKey = vm.addr(NODE_KEY);
    bytes32 private nodeId = bytes32(uint256(uint160(vm.addr(NODE_KEY))));

    function test_itProvesPossession() public {
        bytes memory proof = signed(NODE_KEY, registry.nodeKeyDigest(providerId, nodeKey));
        address other = vm.addr(LANE_KEY);
        bytes memory refusal = abi.encodeWithSelector(IProviderRegistry.InvalidNodeKeySignature.selector, other);
        vm.expectRevert(refusal);
        vm.prank(owner);
        registry.addNodeKey(providerId, other, proof);
        vm.expectRevert(refusal);
        vm.prank(owner);
        registry.addNodeKey(providerId, other, "");

        vm.prank(owner);
        vm.assertEq(registry.addNodeKey(providerId, nodeKey, proof), nodeId);
        vm.assertEq(registry.nodeKeyOf(nodeKey).providerId, providerId);
        vm.assertTrue(registry.isNodeActive(nodeId), "serves");
    }

    function test_itServesUntilItsThawEnds() public {
        add();
        uint64 retiresAt = uint64(block.timestamp) + THAW;
        vm.expectEmit();
        emit IProviderRegistry.NodeKeyRetiring(providerId, nodeId, nodeKey, retiresAt);
        retire();
        vm.warp(retiresAt - 1);
        vm.assertTrue(registry.isNodeActive(nodeId), "still thawing");
        vm.warp(retiresAt);
        vm.assertTrue(!registry.isNodeActive(nodeId), "retired");
        vm.assertEq(registry.nodeKeyOf(nodeKey).providerId, providerId);
    }

    function test_itRetiresOnce() public {
        bytes memory refusal = abi.encodeWithSelector(IProviderRegistry.NodeKeyNotActive.selector, nodeKey);
        vm.expectRevert(refusal);
        retire();
        add();
        retire();
        vm.expectRevert(refusal);
        retire();
    }

    function test_anotherProviderCannotRetireIt() public {
        add();
        bytes32 other = registry.registerProvider("other", payout);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NodeKeyNotActive.selector, nodeKey));
        registry.retireNodeKey(other, nodeKey);
    }

    function test_itBelongsToOneProviderForEver() public {
        add();
        retire();
        vm.warp(block.timestamp + THAW);
        bytes32 other = registry.registerProvider("other", payout);
        bytes memory proof = signed(NODE_KEY, registry.nodeKeyDigest(other, nodeKey));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NodeKeyTaken.selector, nodeKey, providerId));
        registry.addNodeKey(other, nodeKey, proof);
    }

    function test_whatIsNoKeyIsNotActive() public {
        vm.assertTrue(!registry.isNodeActive(nodeId), "never bound");
        add();
        vm.assertTrue(!registry.isNodeActive(bytes32(uint256(nodeId) | (1 << 255))), "not an address");
    }

    function add() private {
        bytes memory proof = signed(NODE_KEY, registry.nodeKeyDigest(providerId, nodeKey));
        vm.prank(owner);
        registry.addNodeKey(providerId, nodeKey, proof);
    }

    function retire() private {
        vm.prank(owner);
        registry.retireNodeKey(providerId, nodeKey);
    }
}
