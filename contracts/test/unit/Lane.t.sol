// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Market} from "../support/Market.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// @dev Says of each lane what stake a test wants it to have.
contract VaultStandIn {
    mapping(bytes32 subject => uint128) public activeStakeOf;

    function set(bytes32 subject, uint128 amount) external {
        activeStakeOf[subject] = amount;
    }
}

contract LaneTest is Market {
    uint256 private constant OTHER = 0x07E5;
    address private key = vm.addr(OTHER);
    bytes32 private other = bytes32(uint256(uint160(vm.addr(OTHER))));

    function test_itIsAdmittedByTheLaneAdmin() public {
        bytes memory proof = signed(OTHER, registry.laneKeyDigest(key, operator));
        expectMissingRole(registry.LANE_ADMIN_ROLE());
        vm.prank(STRANGER);
        registry.addLane(key, operator, proof);
        vm.assertEq(registry.addLane(key, operator, proof), other);
        IProviderRegistry.Lane memory state = registry.laneOf(other);
        vm.assertEq(state.operator, operator);
        vm.assertEq(state.admittedAt, block.timestamp);
        vm.assertEq(state.removedAt, 0);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.LaneExists.selector, other));
        registry.addLane(key, operator, proof);
    }

    function test_itsKeyProvesPossessionForThisOperator() public {
        bytes memory proof = signed(OTHER, registry.laneKeyDigest(key, operator));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidLaneKeySignature.selector, key));
        registry.addLane(key, STRANGER, proof);
    }

    function test_neitherKeyNorOperatorIsNobody() public {
        vm.expectRevert(IProviderRegistry.ZeroAddress.selector);
        registry.addLane(address(0), operator, "");
        vm.expectRevert(IProviderRegistry.ZeroAddress.selector);
        registry.addLane(key, address(0), "");
    }

    function test_itIsStakedOnceAVaultIsNamed() public {
        VaultStandIn vault = new VaultStandIn();
        registry.setStakeVault(address(vault));
        registry.setLaneStakeMin(5e6);
        vault.set(other, 5e6 - 1);
        bytes memory proof = signed(OTHER, registry.laneKeyDigest(key, operator));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.LaneStakeTooSmall.selector, other, 5e6 - 1, 5e6));
        registry.addLane(key, operator, proof);
        vault.set(other, 5e6);
        registry.addLane(key, operator, proof);
        vm.assertTrue(registry.isLane(other), "admitted");
    }

    function test_theVaultIsNamedOnce() public {
        vm.expectRevert(IProviderRegistry.ZeroAddress.selector);
        registry.setStakeVault(address(0));
        registry.setStakeVault(address(0x57A4E));
        vm.assertEq(address(registry.stakeVault()), address(0x57A4E));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.StakeVaultSet.selector, address(0x57A4E)));
        registry.setStakeVault(address(1));
    }

    function test_aGuardianRemovesItAtOnceAndItNeverReturns() public {
        registry.grantRole(registry.GUARDIAN_ROLE(), STRANGER);
        admitLane(OTHER);
        vm.prank(STRANGER);
        registry.removeLane(key);
        vm.assertTrue(!registry.isLane(other), "removed");
        vm.assertEq(registry.laneOf(other).removedAt, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnknownLane.selector, other));
        registry.removeLane(key);
        bytes memory proof = signed(OTHER, registry.laneKeyDigest(key, operator));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.LaneExists.selector, other));
        registry.addLane(key, operator, proof);
    }

    function test_aStrangerRemovesNone() public {
        registry.renounceRole(registry.GUARDIAN_ROLE(), address(this));
        expectMissingRole(registry.LANE_ADMIN_ROLE());
        vm.prank(STRANGER);
        registry.removeLane(vm.addr(LANE_KEY));
        registry.removeLane(vm.addr(LANE_KEY));
        vm.assertTrue(!registry.isLane(lane), "removed by the lane admin");
    }

    function expectMissingRole(bytes32 role) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, role)
        );
    }
}
