// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TestUSDC} from "../../src/TestUSDC.sol";
import {IContradictions} from "../../src/interfaces/IContradictions.sol";
import {IDisputeManager} from "../../src/interfaces/IDisputeManager.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {
    DeliveryReceipt,
    LeaseReceipt,
    PerformanceRecord,
    ReceiptHashes,
    SlaCounts,
    Terms,
    Voucher,
    WorkReceipt
} from "../../src/libraries/ReceiptHashes.sol";
import {Courtroom} from "../support/Courtroom.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @dev Makes one call in the middle of a transfer, the next one or a later, and remembers how that went.
contract ReentrantUsdc is TestUSDC {
    address private _target;
    bytes private _call;
    uint256 private _transfersBefore;
    uint256 public calls;
    bool public isDone;
    bytes public answer;

    function arm(address target, bytes calldata call_, uint256 transfersBefore) external {
        (_target, _call, _transfersBefore) = (target, call_, transfersBefore);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target == address(0)) return;
        if (_transfersBefore > 0) {
            --_transfersBefore;
            return;
        }
        address target = _target;
        _target = address(0);
        ++calls;
        (isDone, answer) = target.call(_call);
    }
}

/// @dev The token itself is payer, staker, auditor and slasher, with money, allowances and roles: where a guard is missing,
///      its call goes through. `tools/test-contracts/attack-table.test.ts` fails when a guarded function is not tried here.
contract ReentrancyAttack is Courtroom {
    ReentrantUsdc private token;
    bytes32 private own; // The token's channel.
    uint64[] private epochs = [1];

    function setUp() public {
        buildWorld();
        fund(0, 200e6);
        raiseCeiling(0, 200e6);
        stake(providerIds[0], 200e6);
        stake(lanes[0], 200e6);
        address[4] memory spenders = [address(channels), address(vault), address(ledger), address(disputes)];
        for (uint256 i = 0; i < spenders.length; ++i) {
            give(address(token), spenders[i], 100e6);
            give(stranger, spenders[i], 100e6);
        }
        vault.grantRole(vault.SLASHER_ROLE(), address(token));
        ledger.grantRole(ledger.AUDITOR_ROLE(), address(token));
        own = channels.open(address(token), "own");
    }

    function newToken() internal override returns (TestUSDC) {
        token = new ReentrantUsdc();
        return token;
    }

    // --------------------------------------------------------------------------------------------------- the doors

    function test_aReentrantTokenFindsEveryDoorOfTheChannelsShut() public {
        sell(1, 30e6);
        vm.prank(address(token));
        channels.deposit(own, 50e6);
        vm.prank(address(token));
        channels.requestWithdrawal(own, 50e6);
        pass(THAW);

        bytes[] memory doors = new bytes[](6);
        doors[0] = abi.encodeCall(IPaymentChannels.deposit, (own, 1));
        doors[1] = abi.encodeCall(IPaymentChannels.depositWithPermit, (own, 1, block.timestamp, 27, "", ""));
        doors[2] = abi.encodeCall(IPaymentChannels.credit, (own, 1));
        doors[3] = abi.encodeCall(IPaymentChannels.withdraw, (own, thief));
        doors[4] = abi.encodeCall(IPaymentChannels.settle, (providerIds[0], lanes[0], epochs));
        doors[5] = abi.encodeCall(
            IPaymentChannels.depositWithAuthorization, (own, payerOf(0), 1, 0, block.timestamp + 1, "", 27, "", "")
        );
        expectOpen(address(channels), doors, 5);
        expectShut(address(channels), doors, strangerCredits);
        expectShut(address(channels), doors, strangerDeposits);
        expectShut(address(channels), doors, tokenWithdraws);
        expectShut(address(channels), doors, providerIsPaid);
    }

    function test_aReentrantTokenFindsEveryDoorOfTheVaultShut() public {
        bytes32 subject = bytes32(uint256(uint160(address(token))));
        stake(subject, 50e6);
        vm.prank(address(token));
        vault.thaw(subject, 50e6);
        pass(stakeThaw());

        bytes[] memory doors = new bytes[](4);
        doors[0] = abi.encodeCall(IStakeVault.provision, (subject, 1));
        doors[1] = abi.encodeCall(IStakeVault.provisionOnce, (subject, 1, "order"));
        doors[2] = abi.encodeCall(IStakeVault.withdraw, (subject, thief));
        doors[3] = abi.encodeCall(IStakeVault.slash, (providerIds[0], 1, thief));
        expectOpen(address(vault), doors, 4);
        expectShut(address(vault), doors, strangerStakes);
        expectShut(address(vault), doors, tokenSlashes);
        expectShut(address(vault), doors, tokenUnstakes);
    }

    function test_aReentrantTokenFindsEveryDoorOfTheLedgerShut() public {
        for (uint64 epoch = 1; epoch <= 2; ++epoch) {
            sell(epoch, 10e6);
            reportBySigners(0, 0, recordOf(0, 0, epoch, 10e6, keccak256("counts")));
        }
        PerformanceRecord memory other = recordOf(0, 0, 2, 9e6, keccak256("counts"));
        bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(other));
        SlaCounts memory counts;
        Terms memory terms;
        bytes[] memory doors = new bytes[](7);
        doors[0] = abi.encodeCall(ISlaLedger.challenge, (nodeIds[0], lanes[0], 2, BOND, "evidence"));
        doors[1] = abi.encodeCall(ISlaLedger.proveContradiction, (other, byLane));
        doors[2] = abi.encodeCall(ISlaLedger.resolveChallenge, (nodeIds[0], lanes[0], 2, true, "reason"));
        doors[3] = abi.encodeCall(ISlaLedger.finalise, (nodeIds[0], lanes[0], 2));
        doors[4] = abi.encodeCall(ISlaLedger.countSamples, (counts, terms, new bytes32[](0)));
        doors[5] = abi.encodeCall(ISlaLedger.collectPenalty, (providerIds[0], nodeIds[0], channelIds[0], "terms"));
        doors[6] = abi.encodeCall(IPayouts.collect, (thief));
        expectOpen(address(ledger), doors, 2);
        expectShut(address(ledger), doors, strangerChallenges);
        expectShut(address(ledger), doors, strangerContradicts, 1);
    }

    function test_aReentrantTokenFindsEveryDoorOfTheDisputesShut() public {
        (DeliveryReceipt memory receipt, bytes32[] memory proof) = sell(1, 10e6);
        sell(2, 10e6);
        uint256 ripe = fileOvercharge(receipt, 1, proof, 5e6);
        pass(2 * STEP + 1); // Nobody answers, nobody draws: it can be closed.
        receipt.channelId = own;
        proof = anchorOne(0, 3, receipt);
        LeaseReceipt memory lease;
        bytes[] memory doors = new bytes[](6);
        doors[0] = abi.encodeCall(IDisputeManager.fileWithheld, (lanes[0], 2, "evidence"));
        doors[1] = abi.encodeCall(
            IDisputeManager.file, (IDisputeManager.Kind.NotDelivered, receipt, 3, proof, 5e6, "evidence")
        );
        doors[2] = abi.encodeCall(IDisputeManager.execute, (ripe));
        doors[3] = abi.encodeCall(
            IDisputeManager.fileLease, (IDisputeManager.Kind.NotDelivered, lease, 3, proof, 5e6, "evidence")
        );
        doors[4] = abi.encodeCall(IDisputeManager.appeal, (ripe));
        doors[5] = abi.encodeCall(IPayouts.collect, (thief));
        expectOpen(address(disputes), doors, 3);
        expectShut(address(disputes), doors, strangerSaysWithheld);
        expectShut(address(disputes), doors, strangerExecutes);
    }

    function test_aReentrantTokenFindsEveryDoorOfTheContradictionsShut() public {
        WorkReceipt memory a;
        (a.nodeId, a.outputHash) = (nodeIds[0], "one");
        WorkReceipt memory b = abi.decode(abi.encode(a), (WorkReceipt));
        b.outputHash = "another";
        DeliveryReceipt memory c = delivery(0, 0, 0, 5e6);
        DeliveryReceipt memory d = delivery(0, 0, 0, 6e6);
        DeliveryReceipt memory dear = delivery(0, 0, 0, 7e6);
        dear.bytesOut = 1;
        LeaseReceipt memory lease;
        (lease.lane, lease.price, lease.termsHash) = (lanes[0], 1, termsHashes[0]);
        bytes[] memory doors = new bytes[](5);
        doors[0] = abi.encodeCall(
            IContradictions.proveTwoOutputs,
            (a, byKey(NODE_KEY, ReceiptHashes.hash(a)), b, byKey(NODE_KEY, ReceiptHashes.hash(b)))
        );
        doors[1] = abi.encodeCall(
            IContradictions.proveTwoDeliveries,
            (c, byKey(LANE_KEY, ReceiptHashes.hash(c)), d, byKey(LANE_KEY, ReceiptHashes.hash(d)))
        );
        doors[2] = abi.encodeCall(
            IContradictions.proveWrongPrice, (dear, byKey(LANE_KEY, ReceiptHashes.hash(dear)), termsOf(0))
        );
        doors[3] = abi.encodeCall(
            IContradictions.proveWrongLeasePrice, (lease, byKey(LANE_KEY, ReceiptHashes.hash(lease)), termsOf(0))
        );
        doors[4] = abi.encodeCall(IPayouts.collect, (thief));
        expectOpen(address(contradictions), doors, 4);
        expectShut(address(contradictions), doors, strangerConvicts, 1);
    }

    // ------------------------------------------------------------------------------------------------ without a door

    /// @dev A claim moves no tokens, and has no guard: from within a payout it counts as it does alone.
    function test_aClaimFromWithinAPayoutCountsOnce() public {
        anchorRoot(0, 1, keccak256("root"), 1, 20e6);
        claimUpTo(0, 0, 0, 1, 12e6);
        pass(GRACE);
        Voucher memory voucher = voucherOf(0, 0, 0, 1, 20e6);
        token.arm(address(channels), abi.encodeCall(IPaymentChannels.claim, (voucher, signVoucher(0, voucher))), 0);
        vm.assertEq(channels.settle(providerIds[0], lanes[0], epochs), 12e6, "what was claimed before");
        vm.assertTrue(token.isDone(), "a claim came in");
        vm.assertEq(channels.claimedOf(channelIds[0], providerIds[0], lanes[0]), 20e6);
        vm.assertEq(channels.liabilities(), 188e6);
        pass(GRACE);
        vm.assertEq(channels.settle(providerIds[0], lanes[0], epochs), 8e6, "the rest, once");
        vm.assertEq(usdc.balanceOf(payoutOf(0)) + usdc.balanceOf(treasury), 20e6, "paid out once");
        assertSolvent();
    }

    // ------------------------------------------------------------------------------- in whose midst the token calls

    function strangerCredits() private {
        vm.prank(stranger);
        channels.credit(channelIds[0], 1);
    }

    function strangerDeposits() private {
        vm.prank(stranger);
        channels.deposit(channelIds[0], 1);
    }

    function tokenWithdraws() private {
        vm.prank(address(token));
        channels.withdraw(own, thief);
    }

    function providerIsPaid() private {
        channels.settle(providerIds[0], lanes[0], epochs);
    }

    function strangerStakes() private {
        vm.prank(stranger);
        vault.provision(providerIds[0], 1);
    }

    function tokenSlashes() private {
        vm.prank(address(token));
        vault.slash(providerIds[0], 2, treasury);
    }

    function tokenUnstakes() private {
        vm.prank(address(token));
        vault.withdraw(bytes32(uint256(uint160(address(token)))), thief);
    }

    function strangerChallenges() private {
        vm.prank(stranger);
        ledger.challenge(nodeIds[0], lanes[0], 1, BOND, "evidence");
    }

    function strangerContradicts() private {
        PerformanceRecord memory other = recordOf(0, 0, 1, 9e6, keccak256("counts"));
        bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(other));
        vm.prank(stranger);
        ledger.proveContradiction(other, byLane);
    }

    function strangerSaysWithheld() private {
        vm.prank(stranger);
        disputes.fileWithheld(lanes[0], 1, "evidence");
    }

    function strangerExecutes() private {
        vm.prank(stranger);
        disputes.execute(1);
    }

    function strangerConvicts() private {
        DeliveryReceipt memory a = delivery(0, 0, 0, 5e6);
        DeliveryReceipt memory b = delivery(0, 0, 0, 6e6);
        (a.seq, b.seq) = (1000, 1000);
        (bytes memory sigA, bytes memory sigB) =
            (byKey(LANE_KEY, ReceiptHashes.hash(a)), byKey(LANE_KEY, ReceiptHashes.hash(b)));
        vm.prank(stranger);
        contradictions.proveTwoDeliveries(a, sigA, b, sigB);
    }

    // ------------------------------------------------------------------------------------------------------- checks

    /// @dev The first `count` calls do what they say where no transfer is under way: only the guard can stop them.
    function expectOpen(address target, bytes[] memory doors, uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(address(token));
            (bool isDone,) = target.call(doors[i]);
            vm.assertTrue(isDone, "open to a call of its own");
            vm.revertToState(snapshot);
        }
    }

    function expectShut(address target, bytes[] memory doors, function() internal moves) private {
        expectShut(target, doors, moves, 0);
    }

    /// @dev What the vault pays out first is in its midst too: `transfersBefore` lets that pass, for the vault's guard would
    ///      speak for a door that has none.
    function expectShut(address target, bytes[] memory doors, function() internal moves, uint256 transfersBefore)
        private
    {
        bytes32 guard =
            keccak256(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        for (uint256 i = 0; i < doors.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            token.arm(target, doors[i], transfersBefore);
            moves();
            vm.assertEq(token.calls(), 1);
            vm.assertTrue(!token.isDone(), "nobody comes in while money moves");
            vm.assertEq(keccak256(token.answer()), guard);
            assertSolvent();
            vm.revertToState(snapshot);
        }
    }

    function byKey(uint256 key, bytes32 structHash) private view returns (bytes memory) {
        return signed(key, receiptDigest(structHash));
    }
}
