// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @dev Says of each (provider, lane, epoch) what a test wants records to have released and frozen.
contract LedgerStandIn {
    struct Release {
        uint128 released;
        uint128 frozen;
    }

    mapping(bytes32 providerId => mapping(bytes32 lane => mapping(uint64 epoch => Release))) public releaseOf;

    function set(bytes32 providerId, bytes32 lane, uint64 epoch, uint128 released, uint128 frozen) external {
        releaseOf[providerId][lane][epoch] = Release(released, frozen);
    }
}
