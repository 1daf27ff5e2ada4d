// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Contradictions} from "../../src/Contradictions.sol";
import {DisputeManager} from "../../src/DisputeManager.sol";
import {SlaLedger} from "../../src/SlaLedger.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {TrustMarket} from "../support/TrustMarket.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @dev The administrator is a timelock and the deployer nobody; each contract has the roles that it needs and no more.
contract WiringTest is TrustMarket {
    function test_theDeployerIsNobody() public view {
        address[4] memory administered = [address(vault), address(ledger), address(disputes), address(contradictions)];
        for (uint256 i = 0; i < administered.length; ++i) {
            vm.assertTrue(!IAccessControl(administered[i]).hasRole(0x00, address(this)), "no administrator");
            vm.assertTrue(IAccessControl(administered[i]).hasRole(0x00, address(timelock)), "the timelock is");
        }
    }

    function test_whatTheAdministratorDoesWaits() public {
        bytes memory call = abi.encodeCall(disputes.addArbiter, (outsider));
        timelock.schedule(address(disputes), 0, call, 0, 0, 1);
        bytes32 id = timelock.hashOperation(address(disputes), 0, call, 0, 0);
        bytes32 ready = bytes32(1 << uint8(TimelockController.OperationState.Ready));
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnexpectedOperationState.selector, id, ready));
        timelock.execute(address(disputes), 0, call, 0, 0);
        skip(1);
        timelock.execute(address(disputes), 0, call, 0, 0);
        vm.assertEq(disputes.arbiters().length, 7);
    }

    function test_rolesAreApart() public view {
        vm.assertTrue(!vault.hasRole(vault.SLASHER_ROLE(), auditor), "an auditor judges and takes nothing");
        vm.assertTrue(!vault.hasRole(vault.LOCKER_ROLE(), address(ledger)), "the ledger locks nothing");
        vm.assertTrue(!vault.hasRole(vault.LOCKER_ROLE(), address(contradictions)), "nor do contradictions");
        vm.assertTrue(!ledger.hasRole(ledger.AUDITOR_ROLE(), address(timelock)), "nor is the timelock an auditor");
    }

    function test_everyContractHasAnAdministratorAndATreasury() public {
        vm.expectRevert(IPayouts.ZeroAddress.selector);
        new SlaLedger(address(0), ledgerParameters());
        vm.expectRevert(IPayouts.ZeroAddress.selector);
        new Contradictions(address(0), contradictionParameters());
        vm.expectRevert(IPayouts.ZeroAddress.selector);
        new DisputeManager(address(0), disputeParameters(), roster);
    }
}
