// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../../src/interfaces/IPaymentChannels.sol";
import {IStakeVault} from "../../../src/interfaces/IStakeVault.sol";
import {DeliveryReceipt, ReceiptHashes, Voucher, WorkReceipt} from "../../../src/libraries/ReceiptHashes.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev A stranger who gives money where nobody asked, a thief who takes what it can, a guardian, and time.
abstract contract OutsiderActs is Ghosts {
    function strangerTransfers(uint256 where, uint128 amount) external {
        address[4] memory places = [address(channels), address(vault), address(ledger), address(disputes)];
        usdc.mint(stranger, amount = uint128(bound(amount, 1, 1e6)));
        vm.prank(stranger);
        usdc.transfer(places[where % 4], amount);
        tokensIn[places[where % 4]] += amount;
        done["transfer"]++;
    }

    function strangerGivesDust(uint256 party) external {
        party = pick(party, PARTIES);
        IPaymentChannels.Channel memory channel = channels.channelOf(channelIds[party]);
        IStakeVault.Stake memory staked = vault.stakeOf(providerIds[party]);
        give(stranger, address(channels), 3);
        vm.prank(stranger);
        channels.credit(channelIds[party], 1);
        give(stranger, address(vault), 1);
        vm.prank(stranger);
        vault.provision(providerIds[party], 1);
        noteStake(providerIds[party], 1);
        tokensIn[address(channels)] += 1;
        IPaymentChannels.Channel memory after_ = channels.channelOf(channelIds[party]);
        if (after_.thawEndsAt != channel.thawEndsAt || after_.withdrawing != channel.withdrawing) {
            breaks("a stranger's deposit moved a channel's timer");
        }
        if (vault.stakeOf(providerIds[party]).thawEndsAt != staked.thawEndsAt) {
            breaks("a stranger's deposit moved a stake's timer");
        }
        done["dust"]++;
    }

    /// @dev Tops a channel up by dust and claims what is due by a voucher that everybody knows. Whenever anyone looks, no
    ///      less of what was there is payable than without it.
    function strangerClaimsDust(uint256 voucher, uint256 ahead) external {
        if (vouchers.length == 0) return;
        voucher = pick(voucher, vouchers.length);
        Voucher memory v = vouchers[voucher];
        uint256 at = block.timestamp + bound(ahead, 0, 2 * GRACE);
        uint128 before = payableAt(v, at);
        uint64 graceEndsAt = channels.pendingOf(v.providerId, v.lane, v.epoch).graceEndsAt;
        give(stranger, address(channels), 1);
        vm.prank(stranger);
        channels.credit(v.channelId, 1);
        tokensIn[address(channels)] += 1;
        vm.prank(stranger);
        try channels.claim(v, voucherSignatures[voucher]) {
            if (graceEndsAt != 0 && block.timestamp > graceEndsAt - GRACE + GRACE / 8) done["dust claimed late"]++;
        } catch {}
        if (payableAt(v, at) < before) breaks("a stranger's claim delayed what was claimed before");
    }

    /// @dev Time goes ahead for a look, and back.
    function payableAt(Voucher memory v, uint256 at) private returns (uint128 payable_) {
        uint256 now_ = block.timestamp;
        vm.warp(at);
        payable_ = channels.pendingOf(v.providerId, v.lane, v.epoch).payable_;
        vm.warp(now_);
    }

    /// @dev A node that signed two outputs for one attempt loses the penalty, or what it has, once.
    function strangerConvictsANode(uint256 provider, uint256 request) external {
        provider = pick(provider, PARTIES);
        WorkReceipt memory a;
        (a.channelId, a.nodeId, a.requestId) = (channelIds[0], nodeIds[provider], bytes32(request % 8));
        a.outputHash = "one";
        bytes memory sigA = signed(NODE_KEY + provider, receiptDigest(ReceiptHashes.hash(a)));
        WorkReceipt memory b = abi.decode(abi.encode(a), (WorkReceipt));
        b.outputHash = "another";
        bytes memory sigB = signed(NODE_KEY + provider, receiptDigest(ReceiptHashes.hash(b)));
        bytes32 subject = keccak256(abi.encode(bytes32("two outputs"), a.requestId, a.attempt, a.nodeId));
        uint128 paid = contradictions.penaltyPaid(subject);
        uint128 tokens = vault.stakeOf(providerIds[provider]).tokens;
        vm.prank(stranger);
        try contradictions.proveTwoOutputs(a, sigA, b, sigB) returns (uint128 slashed) {
            checkConviction(providerIds[provider], tokens, slashed, paid);
            done["node convicted"]++;
        } catch {
            if (paid < PENALTY) breaks("two outputs convicted nobody");
        }
    }

    /// @dev A lane that signed two deliveries with one number, the same.
    function strangerConvictsALane(uint256 lane, uint64 seq) external {
        lane = pick(lane, PARTIES);
        DeliveryReceipt memory a = delivery(0, lane, 0, 5e6);
        a.seq = 1_000_000 + seq % 8;
        bytes memory sigA = signed(LANE_KEY + lane, receiptDigest(ReceiptHashes.hash(a)));
        DeliveryReceipt memory b = abi.decode(abi.encode(a), (DeliveryReceipt));
        b.price += 1;
        bytes memory sigB = signed(LANE_KEY + lane, receiptDigest(ReceiptHashes.hash(b)));
        uint128 paid = contradictions.penaltyPaid(keccak256(abi.encode(bytes32("two deliveries"), lanes[lane], a.seq)));
        uint128 tokens = vault.stakeOf(lanes[lane]).tokens;
        vm.prank(stranger);
        try contradictions.proveTwoDeliveries(a, sigA, b, sigB) returns (uint128 slashed) {
            checkConviction(lanes[lane], tokens, slashed, paid);
            done["lane convicted"]++;
        } catch {
            if (paid < PENALTY) breaks("two deliveries convicted nobody");
        }
    }

    function checkConviction(bytes32 subject, uint128 tokens, uint128 slashed, uint128 paidBefore) private {
        uint128 cap = PENALTY - paidBefore;
        if (slashed != (tokens < cap ? tokens : cap)) {
            breaks("a conviction took another amount than min(penalty, stake)");
        }
        if (noteSlash(subject, cap) != slashed) breaks("a stake lost another amount than was slashed");
    }

    function thiefForges(uint256 voucher, uint256 field, uint128 by) external {
        if (vouchers.length == 0) return;
        voucher = pick(voucher, vouchers.length);
        bytes memory encoded = abi.encode(vouchers[voucher]);
        uint256 place = 32 * (field % 7) + 31;
        encoded[place] = bytes1(uint8(encoded[place]) ^ uint8(bound(by, 1, 255)));
        Voucher memory forged = abi.decode(encoded, (Voucher));
        vm.prank(thief);
        try channels.claim(forged, voucherSignatures[voucher]) {
            breaks("a forged voucher was paid");
        } catch {}
        done["forge"]++;
    }

    /// @dev What a stranger gives back is the lane's again, to the last unit, and no claim is touched.
    function strangerReturnsSetAside(uint256 voucher) external {
        if (vouchers.length == 0) return;
        Voucher memory v = vouchers[pick(voucher, vouchers.length)];
        IPaymentChannels.Pending memory before = channels.pendingOf(v.providerId, v.lane, v.epoch);
        uint128 taken = channels.laneClaimsOf(v.lane).taken;
        vm.prank(stranger);
        try channels.returnSetAside(v.providerId, v.lane, v.epoch) returns (uint128 returned) {
            IPaymentChannels.Pending memory after_ = channels.pendingOf(v.providerId, v.lane, v.epoch);
            if (returned != before.setAside || after_.setAside != 0) {
                breaks("not all that was set aside was given back");
            }
            if (channels.laneClaimsOf(v.lane).taken != taken - returned) {
                breaks("a lane was given back another amount");
            }
            if (after_.claimed != before.claimed || after_.payable_ != before.payable_) {
                breaks("giving back what was set aside touched a claim");
            }
            done["give back"]++;
        } catch {
            if (before.setAside > 0) breaks("what was set aside could not be given back");
        }
    }

    function thiefTakes(uint256 party, uint128 amount) external {
        party = pick(party, PARTIES);
        vm.prank(thief);
        try channels.withdraw(channelIds[party], thief) {
            breaks("a thief withdrew a channel");
        } catch {}
        vm.prank(thief);
        try vault.withdraw(providerIds[party], thief) {
            breaks("a thief withdrew stake");
        } catch {}
        vm.prank(thief);
        try vault.slash(providerIds[party], amount, thief) {
            breaks("a thief slashed");
        } catch {}
        vm.prank(thief);
        try channels.refundPending(providerIds[party], lanes[party], 1, channelIds[party], amount) {
            breaks("a thief refunded");
        } catch {}
        vm.prank(thief);
        try ledger.collect(thief) {
            breaks("a thief collected");
        } catch {}
        vm.prank(thief);
        try registry.removeLane(vm.addr(LANE_KEY + party)) {
            breaks("a thief removed a lane");
        } catch {}
        done["steal"]++;
    }

    /// @dev For a while, now and then: a life in which nothing comes in is none.
    function guardianPauses(uint256 dice) external {
        bool pauses = dice % 4 == 0;
        if (pauses == channels.paused()) return;
        if (pauses) {
            vm.prank(guardian);
            channels.pauseInflow();
        } else {
            channels.unpauseInflow();
        }
        done["pause"]++;
    }

    /// @dev The last lane alone, and not at once: a life without lanes is none. What it anchored stays claimable, by
    ///      whoever redeems its vouchers.
    function guardianRemovesALane(uint256 dice) external {
        if (dice % 32 != 0) return;
        vm.prank(guardian);
        registry.removeLane(vm.addr(LANE_KEY + PARTIES - 1));
        done["remove lane"]++;
    }

    function timePasses(uint256 seconds_) external {
        // Mostly short, so that steps of a dispute stay within reach; at times past every window.
        pass(uint64(seconds_ % 8 == 0 ? bound(seconds_, GRACE, THAW) : bound(seconds_, 1, 2 * STEP)));
        done["time"]++;
    }
}
