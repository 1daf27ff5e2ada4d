// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// OpenZeppelin's timelock administers all contracts, as it is. The import has it compiled and exported with them.
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
