// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title  SlaTest
/// @notice When counts break a promise: the least k that an honest provider, whose attempts miss with probability p each,
///         reaches in n attempts with probability below α = 0.001 / 3.
/// @dev    Exact values of P(Binomial(n, p) ≥ k) < α at steps of n, for p = 5 % and p = 1 %; `packages/verifier` computes
///         them from rationals, and a test holds the two tables against each other. Between two steps the larger step's k
///         counts, to the provider's benefit. Above the last step, k of the last step for each full or begun part of its
///         size: by Chernoff P(Binomial(m·n, p) ≥ m·k) ≤ exp(−n·D(k/n ‖ p))^m, and exp(−n·D) < 0.003 at the last step
///         (both p), so that for m ≥ 2 it is below 10⁻⁵ < α.
library SlaTest {
    uint256 internal constant SAMPLES_MIN = 500;
    uint256 internal constant SAMPLES_STEP_MAX = 65_535;

    /// @dev Rows of three 16-bit numbers: n, k at 5 %, k at 1 %.
    bytes internal constant TABLE = hex"01f4002c000f" // 500: 44, 15
        hex"025800330011" // 600: 51, 17
        hex"02bc00390012" // 700: 57, 18
        hex"0320003f0014" // 800: 63, 20
        hex"038400460016" // 900: 70, 22
        hex"03e8004c0017" // 1000: 76, 23
        hex"04e2005b001b" // 1250: 91, 27
        hex"05dc006a001f" // 1500: 106, 31
        hex"07d000880026" // 2000: 136, 38
        hex"09c400a5002d" // 2500: 165, 45
        hex"0bb800c10033" // 3000: 193, 51
        hex"0fa000f90040" // 4000: 249, 64
        hex"13880131004d" // 5000: 305, 77
        hex"1d4c01ba006b" // 7500: 442, 107
        hex"271002410089" // 10000: 577, 137
        hex"3a98034b00c2" // 15000: 843, 194
        hex"4e20045300fb" // 20000: 1107, 251
        hex"7530065f0169" // 30000: 1631, 361
        hex"ffff0d8d02e9"; // 65535: 3469, 745
    uint256 private constant ROW_BYTES = 6;

    /// @return at5Percent at1Percent A promise is broken by that many misses or more.
    function criticalCounts(uint256 samples) internal pure returns (uint256 at5Percent, uint256 at1Percent) {
        uint256 parts = samples > SAMPLES_STEP_MAX ? (samples + SAMPLES_STEP_MAX - 1) / SAMPLES_STEP_MAX : 1;
        bytes memory table = TABLE;
        uint256 row;
        if (parts > 1) {
            row = table.length - ROW_BYTES;
        } else {
            while (_at(table, row) < samples) {
                row += ROW_BYTES;
            }
        }
        return (parts * _at(table, row + 2), parts * _at(table, row + 4));
    }

    function _at(bytes memory table, uint256 offset) private pure returns (uint256) {
        return (uint256(uint8(table[offset])) << 8) | uint8(table[offset + 1]);
    }
}
