// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../../src/interfaces/IPaymentChannels.sol";
import {IStakeVault} from "../../../src/interfaces/IStakeVault.sol";
import {Voucher} from "../../../src/libraries/ReceiptHashes.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev A stranger who gives money where nobody asked, a thief who takes what it can, a guardian, and time.
abstract contract OutsiderActs is Ghosts {
    function strangerTransfers(uint256 where, uint128 amount) external {
        address[4] memory places = [address(channels), address(vault), address(ledger), address(disputes)];
        usdc.mint(stranger, amount = uint128(bound(amount, 1, 1e6)));
        vm.prank(stranger);
        usdc.transfer(places[where % 4], amount);
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
        IPaymentChannels.Channel memory after_ = channels.channelOf(channelIds[party]);
        if (after_.thawEndsAt != channel.thawEndsAt || after_.withdrawing != channel.withdrawing) {
            breaks("a stranger's deposit moved a channel's timer");
        }
        if (vault.stakeOf(providerIds[party]).thawEndsAt != staked.thawEndsAt) {
            breaks("a stranger's deposit moved a stake's timer");
        }
        done["dust"]++;
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
        done["steal"]++;
    }

    function guardianPauses(bool pauses) external {
        if (pauses == channels.paused()) return;
        if (pauses) {
            vm.prank(guardian);
            channels.pauseInflow();
        } else {
            channels.unpauseInflow();
        }
        done["pause"]++;
    }

    function timePasses(uint256 seconds_) external {
        // Mostly short, so that steps of a dispute stay within reach; at times past every window.
        pass(uint64(seconds_ % 8 == 0 ? bound(seconds_, GRACE, THAW) : bound(seconds_, 1, 2 * STEP)));
        done["time"]++;
    }
}
