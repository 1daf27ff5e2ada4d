// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../../src/interfaces/IPaymentChannels.sol";
import {DeliveryReceipt, Voucher} from "../../../src/libraries/ReceiptHashes.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev The gateway: sells, anchors, signs vouchers (more than it anchored, at times), and redeems them by each door.
abstract contract LaneActs is Ghosts {
    function laneAnchors(uint256 payer, uint256 provider, uint256 lane, uint128 price, uint32 faults) external {
        if (sales.length >= KEPT_MAX) return;
        (payer, provider, lane) = (pick(payer, PARTIES), pick(provider, PARTIES), pick(lane, PARTIES));
        price = uint128(bound(price, 1, AMOUNT_MAX / 2));
        uint64 epoch = ++nextEpoch[lane];
        DeliveryReceipt memory receipt = delivery(payer, lane, provider, price);
        bytes32[] memory proof = anchorOne(lane, epoch, receipt);
        sales.push(Sale(receipt, proof, epoch, payer, provider, lane, uint32(bound(faults, 0, 40)), false));
        done["anchor"]++;
    }

    function laneSigns(uint256 sale, uint128 more, uint256 door) external {
        if (sales.length == 0 || vouchers.length >= 4 * KEPT_MAX) return;
        Sale memory sold = sales[pick(sale, sales.length)];
        bytes32 key = keyOf(channelIds[sold.payer], providerIds[sold.provider], lanes[sold.lane]);
        // Sometimes what was sold, sometimes a lie.
        uint128 amount = more % 3 == 0 ? uint128(bound(more, 1, AMOUNT_MAX)) : sold.receipt.price;
        signedOf[key] += amount;
        Voucher memory voucher = voucherOf(sold.payer, sold.provider, sold.lane, sold.epoch, signedOf[key]);
        // What the provider earned, nothing, more than that, or all there is.
        uint128[4] memory words = [sold.receipt.price, 0, 3 * sold.receipt.price, type(uint128).max];
        voucher.earned = words[more % 4];
        vouchers.push(voucher);
        voucherSignatures.push(signVoucher(sold.lane, voucher));
        redeem(vouchers.length - 1, door);
    }

    function laneRedeems(uint256 voucher, uint256 door) external {
        if (vouchers.length == 0) return;
        redeem(pick(voucher, vouchers.length), door);
    }

    function laneAnnounces(uint256 voucher) external {
        if (vouchers.length == 0) return;
        voucher = pick(voucher, vouchers.length);
        channels.announce(vouchers[voucher], voucherSignatures[voucher]);
        done["announce"]++;
    }

    function announcedIsClaimed(uint256 voucher) external {
        if (vouchers.length == 0) return;
        Voucher memory v = vouchers[pick(voucher, vouchers.length)];
        uint64 at = channels.claimableAt(v);
        try channels.claimAnnounced(v) {
            if (at == 0 || block.timestamp < at) breaks("an announced voucher was paid before its time");
            if (!registry.isLane(v.lane)) breaks("what a removed lane only announced was paid");
            done["claim announced"]++;
        } catch {}
    }

    /// @dev Each door pays min(due, balance, ceiling, anchored) and records exactly what it paid.
    function redeem(uint256 index, uint256 door) private {
        Voucher memory v = vouchers[index];
        uint128 claimed = channels.claimedOf(v.channelId, v.providerId, v.lane);
        uint128 pending = channels.pendingOf(v.providerId, v.lane, v.epoch).claimed;
        uint128 paid;
        if (door % 4 == 3) {
            IPaymentChannels.Due memory due = dueOf(v, voucherSignatures[index])[0];
            try channels.claimCompact(v, due.r, due.vs) returns (uint128 p) {
                paid = p;
                done["claim compact"]++;
            } catch {}
        } else if (door % 4 == 0) {
            try channels.claim(v, voucherSignatures[index]) returns (uint128 p) {
                paid = p;
            } catch {}
        } else if (door % 4 == 1) {
            (Voucher[] memory list, bytes[] memory signatures) = (new Voucher[](2), new bytes[](2));
            (list[0], list[1]) = (v, v);
            (signatures[0], signatures[1]) = (voucherSignatures[index], voucherSignatures[index]);
            paid = channels.claimMany(list, signatures);
        } else {
            paid = channels.claimEach(
                v.providerId, v.lane, v.epoch, v.receiptRoot, v.earned, dueOf(v, voucherSignatures[index])
            );
        }
        if (paid > 0) done["claim"]++;
        if (channels.claimedOf(v.channelId, v.providerId, v.lane) != claimed + paid) {
            breaks("a claim recorded another amount than it paid");
        }
        if (channels.pendingOf(v.providerId, v.lane, v.epoch).claimed != pending + paid) {
            breaks("a claim moved another amount into pending than it paid");
        }
    }

    function dueOf(Voucher memory v, bytes memory signature) private pure returns (IPaymentChannels.Due[] memory dues) {
        (bytes32 r, bytes32 s) = (bytes32(0), bytes32(0));
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        bytes32 vs = bytes32(uint256(s) | (uint256(uint8(signature[64]) - 27) << 255));
        dues = new IPaymentChannels.Due[](1);
        dues[0] = IPaymentChannels.Due(v.channelId, v.cumulative, r, vs);
    }
}
