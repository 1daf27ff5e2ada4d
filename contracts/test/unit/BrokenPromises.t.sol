// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {PerformanceRecord, ReceiptHashes, SlaCounts, Terms} from "../../src/libraries/ReceiptHashes.sol";
import {TrustMarket} from "../support/TrustMarket.sol";

/// @dev Counts of final records are pooled once, tested from 500 samples on, and a broken promise is credited to the payer
///      within 5 % of the provider's stake a day. Spent 100 USD, the penalty by the terms is 10.
contract BrokenPromisesTest is TrustMarket {
    uint128 private constant SPENT = 100e6;
    uint128 private constant PENALTY = 10e6;

    function setUp() public override {
        super.setUp();
        assumePaid();
    }

    function test_aBrokenPromiseIsCreditedToThePayerOutOfTheProvidersStake() public {
        uint128 before = channels.channelOf(channelId).deposited;
        SlaCounts memory counts = countsOf(EPOCH, 600, 17, SPENT);
        finalRecordOf(counts);
        vm.expectEmit();
        emit ISlaLedger.PoolTested(nodeId, channelId, termsHash, 600, 1, PENALTY);
        vm.assertEq(ledger.countSamples(counts, terms, noProof()), PENALTY);
        vm.assertEq(channels.channelOf(channelId).deposited, before + PENALTY);
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE - PENALTY);
        vm.assertEq(ledger.takenOn(providerId, block.timestamp / 1 days), PENALTY);
        vm.assertEq(ledger.liabilities(), 0);
        assertAllSolvent();
    }

    function test_oneMissFewerBreaksNothing() public {
        vm.assertEq(count(countsOf(EPOCH, 600, 16, SPENT)), 0);
        vm.assertEq(vault.stakeOf(providerId).tokens, PROVIDER_STAKE);
        vm.assertEq(ledger.poolOf(nodeId, channelId, termsHash).samples, 0);
    }

    function test_below500SamplesEpochsPool() public {
        vm.assertEq(count(countsOf(EPOCH, 250, 200, SPENT)), 0);
        vm.assertEq(count(countsOf(EPOCH + 1, 249, 0, SPENT)), 0);
        ISlaLedger.Pool memory pool = ledger.poolOf(nodeId, channelId, termsHash);
        vm.assertEq(pool.samples, 499);
        vm.assertEq(pool.faults, 200);
        vm.assertEq(pool.spent, 2 * SPENT);
        vm.assertEq(count(countsOf(EPOCH + 2, 1, 0, 0)), 2 * PENALTY);
        vm.assertEq(ledger.poolOf(nodeId, channelId, termsHash).spent, 0);
    }

    function test_eachPromiseHasItsBitAndTheyCostOnce() public {
        SlaCounts memory counts = countsOf(EPOCH, 600, 17, SPENT);
        (counts.ttftSamples, counts.ttftOver, counts.tpotSamples, counts.tpotOver) = (500, 44, 500, 44);
        finalRecordOf(counts);
        vm.expectEmit();
        emit ISlaLedger.PoolTested(nodeId, channelId, termsHash, 600, 7, PENALTY);
        vm.assertEq(ledger.countSamples(counts, terms, noProof()), PENALTY);

        counts = countsOf(EPOCH + 1, 600, 16, SPENT);
        (counts.ttftSamples, counts.ttftOver, counts.tpotSamples, counts.tpotOver) = (500, 44, 500, 43);
        finalRecordOf(counts);
        vm.expectEmit();
        emit ISlaLedger.PoolTested(nodeId, channelId, termsHash, 600, 2, PENALTY);
        ledger.countSamples(counts, terms, noProof());

        counts = countsOf(EPOCH + 2, 600, 16, SPENT);
        (counts.ttftSamples, counts.ttftOver, counts.tpotSamples, counts.tpotOver) = (500, 43, 500, 44);
        finalRecordOf(counts);
        vm.expectEmit();
        emit ISlaLedger.PoolTested(nodeId, channelId, termsHash, 600, 4, PENALTY);
        ledger.countSamples(counts, terms, noProof());
    }

    function test_aPromiseWithTooFewSamplesOfItsOwnWaitsForTheNextTest() public {
        SlaCounts memory counts = countsOf(EPOCH, 600, 0, SPENT);
        (counts.ttftSamples, counts.ttftOver, counts.tpotSamples, counts.tpotOver) = (499, 499, 499, 499);
        vm.assertEq(count(counts), 0);
        ISlaLedger.Pool memory pool = ledger.poolOf(nodeId, channelId, termsHash);
        vm.assertEq(pool.ttftOver, 499);
        vm.assertEq(pool.tpotOver, 499);
        counts = countsOf(EPOCH + 1, 500, 0, SPENT);
        (counts.ttftSamples, counts.tpotSamples) = (1, 1);
        vm.assertEq(count(counts), PENALTY);
        pool = ledger.poolOf(nodeId, channelId, termsHash);
        vm.assertEq(pool.ttftSamples + pool.tpotSamples + pool.ttftOver + pool.tpotOver, 0);
    }

    function test_whatWasNotPromisedIsNotBroken() public {
        (terms.ttftBaseMs, terms.ttftPerKtokMs, terms.tpotUs) = (0, 0, 0);
        useTerms();
        vm.assertEq(count(lateCounts(EPOCH)), 0);
        terms.ttftPerKtokMs = 1;
        useTerms();
        vm.assertEq(count(lateCounts(EPOCH + 1)), PENALTY);
    }

    function test_termsWithoutAPenaltyCostNothing() public {
        terms.penaltyBps = 0;
        useTerms();
        vm.assertEq(count(countsOf(EPOCH, 600, 600, SPENT)), 0);
    }

    function test_theDailyCapPutsOffAndForgivesNothing() public {
        uint128 spent = 800e6; // The penalty is 80, the cap of the day 50.
        vm.assertEq(count(countsOf(EPOCH, 600, 600, spent)), 50e6);
        vm.assertEq(ledger.penaltyDueOf(providerId, nodeId, channelId, termsHash), 30e6);
        vm.assertEq(ledger.collectPenalty(providerId, nodeId, channelId, termsHash), 0);
        skip(1 days);
        vm.expectEmit();
        emit ISlaLedger.PenaltyPaid(providerId, nodeId, channelId, termsHash, 30e6, 0);
        vm.assertEq(ledger.collectPenalty(providerId, nodeId, channelId, termsHash), 30e6);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.NoPenaltyDue.selector, nodeId, channelId, termsHash));
        ledger.collectPenalty(providerId, nodeId, channelId, termsHash);
        assertAllSolvent();
    }

    /// @dev A provider that breaks promises to a channel of its own cannot take its stake away from a dispute.
    function test_penaltiesLeaveWhatDisputesHold() public {
        vm.prank(address(disputes));
        vault.lock(providerId, PROVIDER_STAKE - 3e6);
        vm.assertEq(count(countsOf(EPOCH, 600, 600, SPENT)), 3e6);
        vm.assertEq(ledger.collectPenalty(providerId, nodeId, channelId, termsHash), 0);
        vm.prank(address(disputes));
        vault.unlock(providerId, PROVIDER_STAKE);
        vm.assertEq(ledger.collectPenalty(providerId, nodeId, channelId, termsHash), 7e6);
    }

    function test_fraudIsApartFromTheDailyCap() public {
        count(countsOf(EPOCH, 600, 600, 800e6));
        vm.prank(address(disputes));
        vm.assertEq(vault.slash(providerId, 900e6, treasury), 900e6);
        vm.assertEq(ledger.collectPenalty(providerId, nodeId, channelId, termsHash), 0);
    }

    function test_aProviderWithoutStakeOwesUntilItHasSome() public {
        burnStake(providerId);
        vm.assertEq(count(countsOf(EPOCH, 600, 600, SPENT)), 0);
        stake(providerId, 100e6);
        vm.assertEq(ledger.collectPenalty(providerId, nodeId, channelId, termsHash), 5e6);
    }

    function test_countsAreTakenOnceFromAFinalRecordThatHoldsThem() public {
        SlaCounts memory counts = countsOf(EPOCH, 10, 0, SPENT);
        vm.expectRevert(
            abi.encodeWithSelector(ISlaLedger.WrongStatus.selector, ISlaLedger.Status.None, ISlaLedger.Status.Final)
        );
        ledger.countSamples(counts, terms, noProof());
        finalRecordOf(counts);
        bytes32 leaf = leafOf(counts);
        counts.faults = 1;
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.CountsNotIncluded.selector, leafOf(counts)));
        ledger.countSamples(counts, terms, noProof());
        counts.faults = 0;
        ledger.countSamples(counts, terms, noProof());
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.CountsTaken.selector, leaf));
        ledger.countSamples(counts, terms, noProof());
    }

    function test_twoPayersOfOneNodeHaveTheirOwnPools() public {
        bytes32 other = channels.open(outsider, "other");
        SlaCounts memory mine = countsOf(EPOCH, 300, 200, 4e6);
        SlaCounts memory theirs = countsOf(EPOCH, 300, 200, 6e6);
        theirs.channelId = other;
        finalRecordOfTwo(mine, theirs, 10e6);
        ledger.countSamples(mine, terms, proofOf(leafOf(theirs)));
        ledger.countSamples(theirs, terms, proofOf(leafOf(mine)));
        vm.assertEq(ledger.poolOf(nodeId, channelId, termsHash).samples, 300);
        vm.assertEq(ledger.poolOf(nodeId, other, termsHash).spent, 6e6);
    }

    function test_countsCannotClaimMoreSpendingThanTheRecord() public {
        SlaCounts memory mine = countsOf(EPOCH, 300, 200, 4e6);
        SlaCounts memory more = countsOf(EPOCH, 301, 200, 7e6);
        finalRecordOfTwo(mine, more, 10e6);
        ledger.countSamples(mine, terms, proofOf(leafOf(more)));
        bytes32[] memory proof = proofOf(leafOf(mine));
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.SpentAboveEarned.selector, 7e6, 6e6));
        ledger.countSamples(more, terms, proof);
    }

    function test_nobodyMakesAPromiseInAProvidersName() public {
        terms.penaltyBps = 10_000;
        bytes32 invented = ReceiptHashes.hash(terms);
        SlaCounts memory counts = countsOf(EPOCH, 600, 600, SPENT);
        finalRecordOf(counts);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.TermsMismatch.selector, invented, termsHash));
        ledger.countSamples(counts, terms, noProof());
        counts = countsOf(EPOCH + 1, 600, 600, SPENT);
        counts.termsHash = invented;
        finalRecordOf(counts);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.TermsNotRegistered.selector, providerId, invented));
        ledger.countSamples(counts, terms, noProof());
    }

    function test_absurdCountsSaturateAndDoNotStopThePool() public {
        count(countsOf(EPOCH, 499, 0, 0));
        vm.assertEq(count(countsOf(EPOCH + 1, type(uint32).max, 1000, SPENT)), 0);
        count(countsOf(EPOCH + 2, 499, type(uint32).max, 0));
        vm.assertEq(ledger.poolOf(nodeId, channelId, termsHash).faults, type(uint32).max);
        vm.assertEq(count(countsOf(EPOCH + 3, 1, 2, SPENT)), PENALTY);
    }

    function test_aPenaltyToAChannelThatIsNotThereReverts() public {
        SlaCounts memory counts = countsOf(EPOCH, 600, 600, SPENT);
        counts.channelId = "nowhere";
        finalRecordOf(counts);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnknownChannel.selector, bytes32("nowhere")));
        ledger.countSamples(counts, terms, noProof());
    }

    /// @dev Whatever the spending and the stake, a day takes at most 5 % and a penalty is paid at most in full.
    function testFuzz_aDayTakesAtMostFivePercent(uint128 spent, uint128 providerStake, uint8 tests) public {
        burnStake(providerId);
        providerStake = uint128(bound(providerStake, 1, 1e12));
        stake(providerId, providerStake);
        spent = uint128(bound(spent, 0, 1e12));
        uint256 credited;
        uint256 owed;
        uint256 day = block.timestamp / 1 days;
        for (uint64 i = 0; i < 1 + tests % 4; ++i) {
            credited += count(countsOf(EPOCH + i, 600, 600, spent));
            owed += spent / 10;
        }
        vm.assertEq(block.timestamp / 1 days, day);
        vm.assertLe(credited, uint256(providerStake) * 5 / 100, "a day takes at most 5 %");
        vm.assertEq(credited + ledger.penaltyDueOf(providerId, nodeId, channelId, termsHash), owed);
        assertAllSolvent();
    }

    function lateCounts(uint64 epoch) private view returns (SlaCounts memory counts) {
        counts = countsOf(epoch, 600, 0, SPENT);
        (counts.ttftSamples, counts.ttftOver, counts.tpotSamples, counts.tpotOver) = (600, 600, 600, 600);
    }

    function useTerms() private {
        termsHash = ReceiptHashes.hash(terms);
        vm.prank(owner);
        registry.registerTerms(providerId, termsHash);
    }

    function leafOf(SlaCounts memory counts) private pure returns (bytes32) {
        return ReceiptHashes.leaf(ReceiptHashes.TAG_COUNTS, ReceiptHashes.hash(counts));
    }

    function proofOf(bytes32 sibling) private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](1);
        proof[0] = sibling;
    }

    function finalRecordOfTwo(SlaCounts memory a, SlaCounts memory b, uint128 earned) private {
        anchorSum(EPOCH, earned);
        (bytes32 left, bytes32 right) = (leafOf(a), leafOf(b));
        if (left > right) (left, right) = (right, left);
        PerformanceRecord memory record = recordOf(EPOCH, earned, keccak256(abi.encode(left, right)));
        report(record);
        skip(CHALLENGE);
        ledger.finalise(nodeId, lane, EPOCH);
    }
}
