// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SlaTest} from "../../src/libraries/SlaTest.sol";
import {TrustMarket} from "../support/TrustMarket.sol";

/// @dev When misses break a promise: exact at the steps, to the provider's benefit between them.
contract SlaTablesTest is TrustMarket {
    function test_theStepsAreTheExactCounts() public view {
        assertCritical(500, 44, 15);
        assertCritical(1000, 76, 23);
        assertCritical(2000, 136, 38);
        assertCritical(10_000, 577, 137);
        assertCritical(65_535, 3469, 745);
    }

    function test_betweenTwoStepsTheLargerOneCounts() public view {
        assertCritical(501, 51, 17);
        assertCritical(600, 51, 17);
        assertCritical(601, 57, 18);
        assertCritical(30_001, 3469, 745);
    }

    function test_aboveTheLastStepItCountsOnceForEachBegunPart() public view {
        assertCritical(65_536, 2 * 3469, 2 * 745);
        assertCritical(131_070, 2 * 3469, 2 * 745);
        assertCritical(131_071, 3 * 3469, 3 * 745);
        assertCritical(type(uint32).max, 65_537 * 3469, 65_537 * 745);
    }

    /// @dev A provider that breaks nothing with some samples breaks nothing with more of them and no more misses.
    function testFuzz_moreSamplesNeverNeedFewerMisses(uint32 fewer, uint32 more) public view {
        fewer = uint32(bound(fewer, 500, 1_000_000));
        more = uint32(bound(more, fewer, 1_000_000));
        (uint256 low5, uint256 low1) = ledger.criticalCounts(fewer);
        (uint256 high5, uint256 high1) = ledger.criticalCounts(more);
        vm.assertLe(low5, high5, "at 5 %");
        vm.assertLe(low1, high1, "at 1 %");
        vm.assertGe(low5 * 20, uint256(fewer), "above what 5 % give on average");
        vm.assertGe(low1 * 100, uint256(fewer), "above what 1 % give on average");
    }

    function test_theTableIsSorted() public pure {
        bytes memory table = SlaTest.TABLE;
        vm.assertEq(table.length % 6, 0);
        for (uint256 row = 6; row < table.length; row += 2) {
            uint256 before = (uint256(uint8(table[row - 6])) << 8) | uint8(table[row - 5]);
            uint256 now_ = (uint256(uint8(table[row])) << 8) | uint8(table[row + 1]);
            vm.assertTrue(now_ > before, "grows in every column");
        }
    }

    function assertCritical(uint256 samples, uint256 at5Percent, uint256 at1Percent) private view {
        (uint256 is5, uint256 is1) = ledger.criticalCounts(samples);
        vm.assertEq(is5, at5Percent, "at 5 %");
        vm.assertEq(is1, at1Percent, "at 1 %");
    }
}
