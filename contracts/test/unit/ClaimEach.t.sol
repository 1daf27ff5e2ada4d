// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";

/// @dev Three channels of the payer, claimed for one provider at once.
contract ClaimEachTest is Market {
    bytes32[3] private ids;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 3; ++i) {
            ids[i] = channels.open(payer, bytes32(i));
            channelId = ids[i];
            fund(10e6);
            raiseCeiling(8e6);
        }
        anchorEpoch(1, 9e6);
    }

    function test_eachIsPaidAndAllIsPending() public {
        vm.assertEq(claimEach(1, [uint128(1e6), 2e6, 3e6]), 6e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).claimed, 6e6);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 6e6);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(channels.claimedOf(ids[i], providerId, lane), (i + 1) * 1e6);
            vm.assertEq(channels.channelOf(ids[i]).claimed, (i + 1) * 1e6);
        }
        vm.assertEq(claimEach(1, [uint128(2e6), 2e6, 4e6]), 2e6);
        assertSolvent();
    }

    function test_whatCannotBePaidIsSkippedAndReported() public {
        IPaymentChannels.Due[] memory dues = duesOf(1, [uint128(1e6), 2e6, 3e6]);
        dues[1].r = bytes32(uint256(dues[1].r) ^ 1);
        vm.expectEmit();
        emit IPaymentChannels.Claimed(ids[0], providerId, lane, 1, 1e6, 1e6, 0);
        vm.expectEmit();
        emit IPaymentChannels.ClaimSkipped(ids[1], providerId, lane, 1, 2e6, IPaymentChannels.Refusal.BadSignature);
        vm.expectEmit();
        emit IPaymentChannels.Claimed(ids[2], providerId, lane, 1, 3e6, 3e6, 0);
        vm.assertEq(channels.claimEach(providerId, lane, 1, rootOf(1), 0, dues), 4e6);
    }

    function test_theAnchoredSumHoldsForAllTogether() public {
        vm.assertEq(claimEach(1, [uint128(4e6), 4e6, 4e6]), 9e6);
        vm.assertEq(channels.claimedOf(ids[2], providerId, lane), 1e6);
        anchorEpoch(2, 3e6);
        vm.assertEq(claimEach(2, [uint128(4e6), 4e6, 4e6]), 3e6);
    }

    function test_nothingDueLeavesNothingBehind() public {
        IPaymentChannels.Due[] memory none = new IPaymentChannels.Due[](0);
        vm.assertEq(channels.claimEach(providerId, lane, 1, rootOf(1), 0, none), 0);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).graceEndsAt, 0);
        claimEach(1, [uint128(1e6), 1e6, 1e6]);
        vm.assertEq(claimEach(1, [uint128(1e6), 1e6, 1e6]), 0);
    }

    /// @dev The digest holds the shared fields: signed for one root, a due pays under no other.
    function test_theSharedFieldsAreSigned() public {
        IPaymentChannels.Due[] memory dues = duesOf(1, [uint128(1e6), 2e6, 3e6]);
        vm.assertEq(channels.claimEach(providerId, lane, 1, "other", 0, dues), 0);
        vm.assertEq(channels.claimEach(providerId, lane, 2, rootOf(1), 0, dues), 0);
        vm.assertEq(channels.claimEach("other", lane, 1, rootOf(1), 0, dues), 0);
        vm.assertEq(channels.claimEach(providerId, lane, 1, rootOf(1), 0, dues), 6e6);
    }

    function claimEach(uint64 epoch, uint128[3] memory cumulatives) private returns (uint128) {
        return channels.claimEach(providerId, lane, epoch, rootOf(epoch), 0, duesOf(epoch, cumulatives));
    }

    function duesOf(uint64 epoch, uint128[3] memory cumulatives)
        private
        view
        returns (IPaymentChannels.Due[] memory dues)
    {
        dues = new IPaymentChannels.Due[](3);
        for (uint256 i = 0; i < 3; ++i) {
            dues[i] = dueFor(LANE_KEY, Voucher(ids[i], providerId, lane, epoch, cumulatives[i], rootOf(epoch), 0));
        }
    }
}
