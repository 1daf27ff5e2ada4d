// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../../src/interfaces/IDisputeManager.sol";
import {IPaymentChannels} from "../../../src/interfaces/IPaymentChannels.sol";
import {ReceiptHashes} from "../../../src/libraries/ReceiptHashes.sol";
import {CaseActs} from "./CaseActs.sol";
import {PayerActs} from "./PayerActs.sol";

/// @dev Everybody at once, in one marketplace; and the five statements of the design, held against it.
contract Actors is PayerActs, CaseActs {
    constructor() {
        buildWorld();
        for (uint256 i = 0; i < PARTIES; ++i) {
            fund(i, AMOUNT_MAX);
            raiseCeiling(i, AMOUNT_MAX);
            tokensIn[address(channels)] += AMOUNT_MAX;
            stake(providerIds[i], AMOUNT_MAX);
            noteStake(providerIds[i], AMOUNT_MAX);
            stake(lanes[i], AMOUNT_MAX);
            noteStake(lanes[i], AMOUNT_MAX);
        }
    }

    /// @dev 1: balance ≥ liabilities; liabilities are exactly what is owed, party by party; and balances are exactly what
    ///      the parties' own books say, whatever the contracts say of themselves.
    function checkSolvency() external view {
        assertSolvent();
        checkBalance(address(channels), "channels hold what was paid in and not out");
        checkBalance(address(vault), "the vault holds what was staked and neither withdrawn nor slashed");
        checkBalance(address(ledger), "the ledger holds the bonds of open challenges");
        checkBalance(address(disputes), "disputes hold the bonds of those that are open");
        checkBalance(address(contradictions), "contradictions hold nothing");
        uint256 owed;
        uint256 staked;
        uint64 lastEpoch = latestEpoch();
        for (uint256 i = 0; i < PARTIES; ++i) {
            IPaymentChannels.Channel memory c = channels.channelOf(channelIds[i]);
            owed += c.deposited - c.withdrawn - c.claimed;
            for (uint256 j = 0; j < PARTIES; ++j) {
                for (uint64 epoch = 1; epoch <= lastEpoch; ++epoch) {
                    IPaymentChannels.Pending memory p = channels.pendingOf(providerIds[i], lanes[j], epoch);
                    owed += p.claimed - p.settled;
                }
            }
            (uint256 ofProvider, uint256 ofLane) = (stakesSeen[providerIds[i]], stakesSeen[lanes[i]]);
            vm.assertEq(vault.stakeOf(providerIds[i]).tokens, ofProvider, "a provider has the stake of its books");
            vm.assertEq(vault.stakeOf(lanes[i]).tokens, ofLane, "a lane has the stake of its books");
            staked += ofProvider + ofLane;
        }
        vm.assertEq(channels.liabilities(), owed, "channels owe what their parties are owed");
        vm.assertEq(vault.liabilities(), staked, "the vault owes its stakes");
    }

    /// @dev 2: lifetime totals of channels, of (channel, provider, lane), and of lanes.
    function checkClaims() external {
        for (uint256 i = 0; i < PARTIES; ++i) {
            IPaymentChannels.Channel memory c = channels.channelOf(channelIds[i]);
            vm.assertLe(c.claimed, c.deposited - c.withdrawn, "claimed within deposited - withdrawn");
            vm.assertLe(c.claimed, c.ceiling, "claimed within the ceiling");
            checkLane(lanes[i]);
            uint256 total;
            for (uint256 j = 0; j < PARTIES * PARTIES; ++j) {
                total += checkKey(channelIds[i], providerIds[j / PARTIES], lanes[j % PARTIES]);
            }
            vm.assertEq(total, c.claimed, "a channel's claims are those of its providers and lanes");
        }
    }

    /// @dev 3: refunds of a receipt within its price; one live dispute per (receipt, kind); terminal states absorb. And what two
    ///      of a record's panel say is done.
    function checkDisputes() external view {
        for (uint256 i = 0; i < sales.length; ++i) {
            bytes32 subject = ReceiptHashes.hash(sales[i].receipt);
            vm.assertLe(disputes.refundedOf(subject), sales[i].receipt.price, "refunds within the price");
        }
        for (uint256 i = 0; i < leases.length; ++i) {
            vm.assertLe(disputes.refundedOf(leases[i].subject), leases[i].price, "refunds within a lease's price");
        }
        for (uint256 i = 0; i < disputeIds.length; ++i) {
            IDisputeManager.Dispute memory d = disputes.disputeOf(disputeIds[i]);
            bool isLive = d.state < IDisputeManager.State.Executed;
            if (isLive) {
                vm.assertEq(disputes.liveDispute(d.subject, d.kind), disputeIds[i], "one live dispute of a kind");
            }
            IDisputeManager.State terminal = terminalSeen[disputeIds[i]];
            checkRuling(disputeIds[i], false, d.refund);
            checkRuling(disputeIds[i], true, d.appealRefund);
            bool isAbsorbed = terminal == IDisputeManager.State.None || terminal == d.state;
            vm.assertTrue(isAbsorbed, "a terminal state absorbs");
        }
        checkRecordPanels();
    }

    /// @dev Nobody alone moves a ruling: two of three voted for as much at least, and two for no more.
    function checkRuling(uint256 disputeId, bool onAppeal, uint128 refund) private view {
        if (refund == 0) return;
        (uint256 noLess, uint256 noMore) = (0, 0);
        for (uint256 seat = 0; seat < 3; ++seat) {
            uint128 voted = votesSeen[disputeId][onAppeal][seat];
            if (voted >= refund) ++noLess;
            if (voted <= refund) ++noMore;
        }
        vm.assertTrue(noLess >= 2 && noMore >= 2, "one arbiter alone moved a ruling");
    }

    /// @dev 4: nothing thaws or is locked that is not there; caps are held at each slash ({noteSlash}), and no stake changes
    ///      but by what the books know ({checkSolvency}). That thaw outlasts every dispute is the vault's constructor's.
    function checkStake() external view {
        for (uint256 i = 0; i < PARTIES; ++i) {
            vm.assertLe(vault.stakeOf(providerIds[i]).thawing, vault.stakeOf(providerIds[i]).tokens, "thawing is there");
            vm.assertLe(vault.stakeOf(lanes[i]).locked, vault.stakeOf(lanes[i]).tokens, "locked is there");
        }
    }

    /// @dev 5, and what else a handler saw happen that must not.
    function checkPromises() external view {
        vm.assertTrue(bytes(broken).length == 0, broken);
        vm.assertEq(usdc.balanceOf(thief), 0, "a thief gets nothing");
    }

    function checkBalance(address place, string memory what) private view {
        vm.assertEq(usdc.balanceOf(place) + tokensOut[place], tokensIn[place], what);
    }

    function latestEpoch() private view returns (uint64 latest) {
        for (uint256 i = 0; i < PARTIES; ++i) {
            if (nextEpoch[i] > latest) latest = nextEpoch[i];
        }
    }

    /// @dev What a lane has taken of its anchored sum is, to the last unit, what was claimed of it and what is set aside.
    function checkLane(bytes32 lane) private view {
        IPaymentChannels.LaneClaims memory claims = channels.laneClaimsOf(lane);
        vm.assertLe(claims.taken, anchors.laneSumOf(lane), "claimed and set aside within anchored");
        uint256 accounted;
        uint64 lastEpoch = latestEpoch();
        for (uint256 i = 0; i < PARTIES; ++i) {
            for (uint64 epoch = 1; epoch <= lastEpoch; ++epoch) {
                IPaymentChannels.Pending memory p = channels.pendingOf(providerIds[i], lane, epoch);
                accounted += uint256(p.claimed) + p.setAside;
            }
        }
        vm.assertEq(
            accounted, uint256(claims.taken) + claims.claimedAnnounced, "a lane's claims are those of its pendings"
        );
    }

    function checkKey(bytes32 channelId, bytes32 providerId, bytes32 lane) private returns (uint128 claimed) {
        bytes32 key = keyOf(channelId, providerId, lane);
        claimed = channels.claimedOf(channelId, providerId, lane);
        vm.assertLe(claimed, signedOf[key], "claimed within what was signed");
        vm.assertGe(claimed, claimedSeen[key], "claimed only grows");
        claimedSeen[key] = claimed;
    }
}
