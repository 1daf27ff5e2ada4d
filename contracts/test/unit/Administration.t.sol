// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {TestUSDC} from "../../src/TestUSDC.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {Market} from "../support/Market.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// @dev What the administrator may, which is little, and what nobody else may.
contract AdministrationTest is Market {
    function test_strangersAdministerNothing() public {
        bytes memory refusal =
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, bytes32(0));
        vm.startPrank(STRANGER);
        vm.expectRevert(refusal);
        channels.setTreasury(STRANGER);
        vm.expectRevert(refusal);
        channels.setSlaLedger(ISlaLedger(STRANGER));
        vm.expectRevert(refusal);
        registry.setFee(1);
        vm.expectRevert(refusal);
        registry.setStakeVault(STRANGER);
        vm.expectRevert(refusal);
        registry.setLaneStakeMin(1);
        vm.stopPrank();
    }

    function test_theTreasuryIsSomebody() public {
        channels.setTreasury(address(0x7EA6));
        vm.assertEq(channels.treasury(), address(0x7EA6));
        vm.expectRevert(IPaymentChannels.ZeroAddress.selector);
        channels.setTreasury(address(0));
    }

    function test_theLedgerIsNamedOnceAndForEver() public {
        vm.expectRevert(IPaymentChannels.ZeroAddress.selector);
        channels.setSlaLedger(ISlaLedger(address(0)));
        channels.setSlaLedger(ISlaLedger(address(0x1ED6)));
        vm.assertEq(address(channels.slaLedger()), address(0x1ED6));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.SlaLedgerSet.selector, address(0x1ED6)));
        channels.setSlaLedger(ISlaLedger(address(1)));
    }

    function test_aContractHasAnAdministrator() public {
        vm.expectRevert(IProviderRegistry.ZeroAddress.selector);
        new ProviderRegistry(address(0), FEE_BPS, THAW);
        vm.expectRevert(IPaymentChannels.ZeroAddress.selector);
        new PaymentChannels(address(0), usdc, registry, anchors, verifier, treasury, GRACE, THAW);
        vm.expectRevert(IPaymentChannels.ZeroAddress.selector);
        new PaymentChannels(address(this), usdc, registry, anchors, verifier, address(0), GRACE, THAW);
    }

    /// @dev Else a payer could be gone before a voucher that a lane left out of its epochs can be claimed.
    function test_theGracePeriodIsShorterThanTheThaw() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.GraceTooLong.selector, THAW, THAW));
        new PaymentChannels(address(this), usdc, registry, anchors, verifier, treasury, THAW, THAW);
    }

    function test_theAdministratorHasNoOtherRole() public view {
        vm.assertTrue(!channels.hasRole(channels.DISPUTE_ROLE(), address(this)), "disputes");
    }

    function test_theTestTokenMintsLittleAtATime() public {
        uint256 max = usdc.MINT_MAX();
        vm.expectRevert(abi.encodeWithSelector(TestUSDC.MintTooLarge.selector, max + 1, max));
        usdc.mint(payer, max + 1);
        vm.assertEq(usdc.decimals(), 6);
    }
}
