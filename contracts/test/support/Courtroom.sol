// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {DeliveryReceipt} from "../../src/libraries/ReceiptHashes.sol";
import {World} from "./World.sol";

/// @dev Disputes from filing to execution, step by step.
abstract contract Courtroom is World {
    /// @dev Payer 0 was charged `price` by lane 0 for work of node 0, anchored and claimed in `epoch`.
    function sell(uint64 epoch, uint128 price)
        internal
        returns (DeliveryReceipt memory receipt, bytes32[] memory proof)
    {
        receipt = delivery(0, 0, 0, price);
        proof = anchorOne(0, epoch, receipt);
        uint128 before = channels.claimedOf(channelIds[0], providerIds[0], lanes[0]);
        claimUpTo(0, 0, 0, epoch, before + price);
    }

    function fileOvercharge(DeliveryReceipt memory receipt, uint64 epoch, bytes32[] memory proof, uint128 amount)
        internal
        returns (uint256)
    {
        return fileAs(IDisputeManager.Kind.Overcharge, receipt, epoch, proof, amount);
    }

    function fileAs(
        IDisputeManager.Kind kind,
        DeliveryReceipt memory receipt,
        uint64 epoch,
        bytes32[] memory proof,
        uint128 amount
    ) internal returns (uint256) {
        give(payerOf(0), address(disputes), BOND);
        vm.prank(payerOf(0));
        return disputes.file(kind, receipt, epoch, proof, amount, keccak256("evidence"));
    }

    /// @dev Nobody answers; the panel is drawn as early as it can be.
    function drawUnanswered(uint256 disputeId) internal {
        pass(STEP + 1);
        disputes.drawPanel(disputeId);
        vm.roll(block.number + 1);
        disputes.drawPanel(disputeId);
    }

    function drawAppeal(uint256 disputeId) internal {
        vm.roll(block.number + 1);
        disputes.drawPanel(disputeId);
    }

    function vote(uint256 disputeId, bool onAppeal, uint256 member, uint128 refund) internal {
        address arbiter = disputes.panelOf(disputeId, onAppeal)[member];
        vm.prank(arbiter);
        disputes.rule(disputeId, refund, keccak256("reason"));
    }

    function ruleBoth(uint256 disputeId, bool onAppeal, uint128 refund) internal {
        vote(disputeId, onAppeal, 0, refund);
        vote(disputeId, onAppeal, 1, refund);
    }

    function stateOf(uint256 disputeId) internal view returns (IDisputeManager.State) {
        return disputes.disputeOf(disputeId).state;
    }
}
