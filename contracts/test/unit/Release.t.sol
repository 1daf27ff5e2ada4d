// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {LedgerStandIn} from "../support/LedgerStandIn.sol";
import {Market} from "../support/Market.sol";

/// @dev Performance settles: what records release is paid, what invalid ones freeze is not, and silence censors nobody.
contract ReleaseTest is Market {
    LedgerStandIn private ledger;

    function setUp() public override {
        super.setUp();
        ledger = new LedgerStandIn();
        channels.setSlaLedger(ISlaLedger(address(ledger)));
        fund(100e6);
        raiseCeiling(100e6);
        anchorEpoch(1, 10e6);
        claimUpTo(1, 10e6);
    }

    function test_nothingIsPayableBeforeARecordIsFinal() public {
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, 0);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingPayable.selector, providerId));
        channels.settle(providerId, lane, epochList(1));
    }

    function test_whatRecordsReleasedIsPayableAtOnce() public {
        ledger.set(providerId, lane, 1, 4e6, 0);
        vm.assertEq(settle(), 4e6);
        ledger.set(providerId, lane, 1, 9e6, 0);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, 5e6);
        vm.assertEq(settle(), 5e6);
        assertSolvent();
    }

    function test_moreReleasedThanClaimedPaysWhatWasClaimed() public {
        ledger.set(providerId, lane, 1, 50e6, 0);
        vm.assertEq(settle(), 10e6);
    }

    function test_afterTheGracePeriodWhatNoRecordReleasedIsPayable() public {
        ledger.set(providerId, lane, 1, 4e6, 0);
        vm.warp(block.timestamp + GRACE - 1);
        vm.assertEq(settle(), 4e6);
        vm.warp(block.timestamp + 1);
        vm.assertEq(settle(), 6e6);
    }

    function test_whatAnInvalidRecordFreezesIsNotPayableEvenThen() public {
        ledger.set(providerId, lane, 1, 0, 7e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(settle(), 3e6);
        ledger.set(providerId, lane, 1, 7e6, 0); // Replaced by a record that stands.
        vm.assertEq(settle(), 7e6);
    }

    function test_moreFrozenThanClaimedPaysNothing() public {
        ledger.set(providerId, lane, 1, 0, 50e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, 0);
    }

    function test_whatWasReleasedStaysSoThoughTheRestIsFrozen() public {
        ledger.set(providerId, lane, 1, 6e6, 6e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(settle(), 6e6);
    }

    function test_anEpochWithoutClaimsIsNothing() public {
        IPaymentChannels.Pending memory pending = channels.pendingOf(providerId, lane, 9);
        vm.assertEq(pending.payable_, 0);
        vm.assertEq(pending.graceEndsAt, 0);
    }

    function settle() private returns (uint128) {
        return channels.settle(providerId, lane, epochList(1));
    }
}
