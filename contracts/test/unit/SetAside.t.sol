// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {Market} from "../support/Market.sol";

/// @dev A lane's anchored sum, a part of which its vouchers set aside for one provider's epoch: claims draw on that first,
///      and no more than the sum is ever claimed.
contract SetAsideTest is Market {
    bytes32 private other;

    function setUp() public override {
        super.setUp();
        fund(100e6);
        raiseCeiling(100e6);
        anchorEpoch(1, 10e6);
        vm.prank(owner);
        other = registry.registerProvider("other", payout);
    }

    function test_theFirstClaimSetsAsideWhatItsProviderHasStillToClaim() public {
        vm.assertEq(claimOf(providerId, 1, 2e6, 7e6), 2e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).setAside, 5e6);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 7e6);
    }

    function test_laterClaimsDrawOnWhatIsSetAsideAndOnNothingElse() public {
        claimOf(providerId, 1, 2e6, 7e6);
        vm.assertEq(claimOf(providerId, 1, 6e6, 7e6), 4e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).setAside, 1e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).claimed, 6e6);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 7e6, "the lane's slot is not touched");
        assertSolvent();
    }

    function test_aClaimBeyondItDrawsOnTheRestOfTheLanesSum() public {
        claimOf(providerId, 1, 2e6, 4e6);
        vm.assertEq(claimOf(providerId, 1, 20e6, 4e6), 8e6, "all that was anchored, and not a unit more");
        vm.assertEq(channels.pendingOf(providerId, lane, 1).setAside, 0);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 10e6);
        anchorEpoch(2, 5e6);
        vm.assertEq(claimOf(providerId, 1, 20e6, 20e6), 5e6, "the anchor is asked again");
        vm.assertEq(channels.laneClaimsOf(lane).taken, 15e6);
    }

    function test_noMoreIsSetAsideThanTheLaneHasLeft() public {
        claimOf(providerId, 1, 2e6, type(uint128).max);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).setAside, 8e6);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 10e6);
    }

    function test_whoeverEarnedLessThanWasClaimedIsSetAsideNothing() public {
        claimOf(providerId, 1, 5e6, 3e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).setAside, 0);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 5e6);
    }

    function test_anotherProviderCannotDrawOnIt() public {
        claimOf(providerId, 1, 2e6, 7e6);
        vm.assertEq(claimOf(other, 1, 9e6, 9e6), 3e6, "what nobody has set aside");
        Voucher memory voucher = voucherOf(other, 1, 9e6, 9e6);
        bytes memory signature = signVoucher(voucher);
        expectRefusal(IPaymentChannels.Refusal.AnchoredSumReached);
        channels.claim(voucher, signature);
        vm.assertEq(claimOf(providerId, 1, 7e6, 7e6), 5e6, "it is there for its own");
    }

    function test_aLaterEpochFindsTheRestOfAnEarlierOneOnceThatIsGivenBack() public {
        claimOf(providerId, 1, 2e6, 10e6);
        Voucher memory later = voucherOf(providerId, 2, 10e6, 10e6);
        bytes memory signature = signVoucher(later);
        expectRefusal(IPaymentChannels.Refusal.AnchoredSumReached);
        channels.claim(later, signature);

        vm.expectEmit();
        emit IPaymentChannels.SetAsideReturned(providerId, lane, 1, 8e6);
        vm.prank(STRANGER);
        vm.assertEq(channels.returnSetAside(providerId, lane, 1), 8e6);
        vm.assertEq(channels.claim(later, signature), 8e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).claimed, 2e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 2).claimed, 8e6);
    }

    function test_givingBackTakesNoClaimAway() public {
        claimOf(providerId, 1, 2e6, 7e6);
        channels.returnSetAside(providerId, lane, 1);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 2e6);
        vm.assertEq(claimOf(providerId, 1, 3e6, 7e6), 1e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).setAside, 4e6, "and it is set aside again");
        vm.assertEq(claimOf(providerId, 1, 7e6, 7e6), 4e6);
    }

    function test_whereNothingIsSetAsideThereIsNothingToGiveBack() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingSetAside.selector, providerId, lane, 1));
        channels.returnSetAside(providerId, lane, 1);
    }

    function test_anAnnouncedVoucherLeavesItAlone() public {
        claimOf(providerId, 1, 2e6, 10e6);
        Voucher memory voucher = voucherOf(providerId, 1, 5e6, 10e6);
        channels.announce(voucher, signVoucher(voucher));
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.claimAnnounced(voucher), 3e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).setAside, 8e6);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 10e6);
        vm.assertEq(channels.laneClaimsOf(lane).claimedAnnounced, 3e6);
    }

    function test_aBatchDrawsOnItAndThenOnTheLane() public {
        claimOf(providerId, 1, 2e6, 4e6);
        IPaymentChannels.Due[] memory dues = new IPaymentChannels.Due[](3);
        (dues[0], dues[1]) = (dueOf(3e6, 6e6), dueOf(8e6, 6e6));
        dues[2] = dueOf(30e6, 6e6);
        vm.assertEq(channels.claimEach(providerId, lane, 1, rootOf(1), 6e6, dues), 8e6);
        vm.assertEq(channels.laneClaimsOf(lane).taken, 10e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).claimed, 10e6);
    }

    function test_aBatchSetsAsideWhatItLeaves() public {
        IPaymentChannels.Due[] memory dues = new IPaymentChannels.Due[](1);
        dues[0] = dueOf(3e6, 6e6);
        channels.claimEach(providerId, lane, 1, rootOf(1), 6e6, dues);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).setAside, 3e6);
    }

    /// @dev What is drawn from a set-aside part late waits like all that is claimed late.
    function test_whatIsClaimedLateWaitsForItself() public {
        claimOf(providerId, 1, 2e6, 7e6);
        vm.warp(block.timestamp + GRACE);
        claimOf(providerId, 1, 7e6, 7e6);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, 2e6);
        vm.warp(block.timestamp + GRACE);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, 7e6);
    }

    function test_whatIsClaimedLateAtOnceWaitsTogether() public {
        claimOf(providerId, 1, 2e6, 7e6);
        vm.warp(block.timestamp + GRACE);
        claimOf(providerId, 1, 4e6, 7e6);
        claimOf(providerId, 1, 7e6, 7e6);
        vm.warp(block.timestamp + GRACE - 1);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, 2e6);
        vm.warp(block.timestamp + 1);
        vm.assertEq(channels.pendingOf(providerId, lane, 1).payable_, 7e6);
    }

    /// @dev Two lanes have pendings of their own in an epoch of one number: neither pays, waits or freezes for the other.
    function test_lanesDoNotShareAPending() public {
        claimOf(providerId, 1, 2e6, 7e6);
        bytes32 second = admitLane(0x6A7F);
        vm.assertEq(channels.pendingOf(providerId, second, 1).claimed, 0);
        vm.assertEq(channels.pendingOf(providerId, second, 1).setAside, 0);
        vm.warp(block.timestamp + GRACE);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.NothingPayable.selector, providerId));
        channels.settle(providerId, second, epochList(1));
        vm.assertEq(channels.settle(providerId, lane, epochList(1)), 2e6);
    }

    function test_aCompactClaimPaysAsAnyOther() public {
        Voucher memory voucher = voucherOf(providerId, 1, 2e6, 7e6);
        IPaymentChannels.Due memory due = dueFor(LANE_KEY, voucher);
        vm.expectEmit();
        emit IPaymentChannels.Claimed(channelId, providerId, lane, 1, 2e6, 2e6, 0);
        vm.assertEq(channels.claimCompact(voucher, due.r, due.vs), 2e6);
        expectRefusal(IPaymentChannels.Refusal.NothingDue);
        channels.claimCompact(voucher, due.r, due.vs);
        due = dueFor(NODE_KEY, voucher);
        expectRefusal(IPaymentChannels.Refusal.BadSignature);
        channels.claimCompact(voucher, due.r, due.vs);
    }

    /// @dev A compact claim copies words: one that is wider than its member is refused, whoever signed it.
    function test_aCompactClaimRefusesWordsThatAreTooWide() public {
        Voucher memory voucher = voucherOf(providerId, 1, 2e6, 7e6);
        uint256[3] memory narrow = [uint256(3), 4, 6];
        uint256[3] memory bits = [uint256(64), 128, 128];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory encoded = abi.encode(voucher);
            (uint256 place, uint256 bit) = (32 + 32 * narrow[i], bits[i]);
            assembly ("memory-safe") {
                let word := add(encoded, place)
                mstore(word, or(mload(word), shl(bit, 1)))
            }
            bytes32 structHash = keccak256(bytes.concat(voucherTypehash(), encoded));
            bytes32 digest = keccak256(abi.encodePacked(hex"1901", channels.domainSeparator(), structHash));
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(LANE_KEY, digest);
            bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
            (bool isDone, bytes memory answer) =
                address(channels).call(bytes.concat(IPaymentChannels.claimCompact.selector, encoded, abi.encode(r, vs)));
            vm.assertTrue(!isDone && answer.length == 0, "refused before anything is read from it");
        }
    }

    function voucherTypehash() private pure returns (bytes32) {
        return keccak256(
            "Voucher(bytes32 channelId,bytes32 providerId,bytes32 lane,uint64 epoch,uint128 cumulative,bytes32 receiptRoot,uint128 earned)"
        );
    }

    function voucherOf(bytes32 provider, uint64 epoch, uint128 cumulative, uint128 earned)
        private
        view
        returns (Voucher memory)
    {
        return Voucher(channelId, provider, lane, epoch, cumulative, rootOf(epoch), earned);
    }

    function claimOf(bytes32 provider, uint64 epoch, uint128 cumulative, uint128 earned) private returns (uint128) {
        Voucher memory voucher = voucherOf(provider, epoch, cumulative, earned);
        return channels.claim(voucher, signVoucher(voucher));
    }

    function dueOf(uint128 cumulative, uint128 earned) private view returns (IPaymentChannels.Due memory) {
        return dueFor(LANE_KEY, voucherOf(providerId, 1, cumulative, earned));
    }
}
