// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Market} from "../support/Market.sol";

contract RegistryTest is Market {
    function test_aProviderFreezesTheFeeOfItsDay() public {
        registry.setFee(400);
        vm.assertEq(registry.providerOf(providerId).feeBps, FEE_BPS);
        vm.assertEq(providerId, keccak256(abi.encode(owner, bytes32("provider"))));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ProviderExists.selector, providerId));
        vm.prank(owner);
        registry.registerProvider("provider", payout);
    }

    function test_theFeeIsCapped() public {
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.FeeTooHigh.selector, 3001, 3000));
        registry.setFee(3001);
    }

    function test_aProviderPaysOutSomewhere() public {
        vm.expectRevert(IProviderRegistry.ZeroAddress.selector);
        registry.registerProvider("nowhere", address(0));
        vm.expectRevert(IProviderRegistry.ZeroAddress.selector);
        vm.prank(owner);
        registry.setPayout(providerId, address(0));
    }

    function test_onlyTheOwnerChangesAProvider() public {
        bytes memory refusal =
            abi.encodeWithSelector(IProviderRegistry.NotProviderOwner.selector, providerId, address(this));
        vm.expectRevert(refusal);
        registry.setPayout(providerId, address(this));
        vm.expectRevert(refusal);
        registry.registerTerms(providerId, "terms");
        vm.expectRevert(refusal);
        registry.addNodeKey(providerId, address(1), "");
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnknownProvider.selector, bytes32("nobody")));
        registry.setPayout("nobody", address(this));
    }

    function test_ownershipMovesWhenItIsAccepted() public {
        vm.prank(owner);
        registry.offerOwnership(providerId, payer);
        vm.assertEq(registry.providerOf(providerId).owner, owner);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotNextOwner.selector, providerId, address(this)));
        registry.acceptOwnership(providerId);
        vm.prank(payer);
        registry.acceptOwnership(providerId);
        vm.assertEq(registry.providerOf(providerId).owner, payer);
    }

    function test_termsAreImmutableAndNobodyCanTakeThemFirst() public {
        bytes32 other = registry.registerProvider("other", payout);
        registry.registerTerms(other, "terms");
        vm.prank(owner);
        registry.registerTerms(providerId, "terms");
        vm.assertEq(registry.termsRegisteredAt(providerId, "terms"), block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.TermsExist.selector, providerId, bytes32("terms")));
        vm.prank(owner);
        registry.registerTerms(providerId, "terms");
    }

    function test_theOwnerOwnsTheProvidersStake() public {
        vm.assertTrue(registry.providerExists(providerId), "registered");
        vm.assertTrue(!registry.providerExists("nobody"), "not registered");
        vm.assertEq(registry.ownerOfSubject(providerId), owner);
        vm.assertEq(registry.ownerOfSubject(lane), operator);
        vm.assertEq(registry.ownerOfSubject("nobody"), address(0));
    }
}
