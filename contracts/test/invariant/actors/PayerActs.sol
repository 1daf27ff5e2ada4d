// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPaymentChannels} from "../../../src/interfaces/IPaymentChannels.sol";
import {SessionKey} from "../../../src/libraries/ReceiptHashes.sol";
import {Ghosts} from "./Ghosts.sol";

/// @dev The payer: deposits, raises its ceiling or lets a session key do it, asks money back, withdraws.
abstract contract PayerActs is Ghosts {
    uint256 private constant SESSION_KEY = 0x5E5500;
    uint256 private authorizations;

    function payerDeposits(uint256 payer, uint128 amount) external {
        payer = pick(payer, PARTIES);
        amount = uint128(bound(amount, 1, AMOUNT_MAX));
        give(payerOf(payer), address(channels), amount);
        bool isPaused = channels.paused();
        vm.prank(payerOf(payer));
        try channels.deposit(channelIds[payer], amount) {
            tokensIn[address(channels)] += amount;
            if (isPaused) breaks("a pause let a deposit in");
            done["deposit"]++;
        } catch {}
    }

    function payerRaisesCeiling(uint256 payer, uint128 by) external {
        payer = pick(payer, PARTIES);
        raiseCeiling(payer, channels.channelOf(channelIds[payer]).ceiling + uint128(bound(by, 1, AMOUNT_MAX)));
        done["ceiling"]++;
    }

    function payerAsksBack(uint256 payer, uint128 amount) external {
        payer = pick(payer, PARTIES);
        IPaymentChannels.Channel memory channel = channels.channelOf(channelIds[payer]);
        // Whoever asks anew waits anew: mostly, a payer waits for what it asked.
        if (channel.thawEndsAt != 0 && amount % 8 != 0) return;
        amount = uint128(bound(amount, 0, channel.deposited - channel.withdrawn - channel.claimed));
        vm.prank(payerOf(payer));
        channels.requestWithdrawal(channelIds[payer], amount);
        done["ask back"]++;
    }

    function payerWithdraws(uint256 payer) external {
        payer = pick(payer, PARTIES);
        IPaymentChannels.Channel memory channel = channels.channelOf(channelIds[payer]);
        uint128 left = channel.deposited - channel.withdrawn - channel.claimed;
        uint128 due = channel.withdrawing < left ? channel.withdrawing : left;
        bool isDue = channel.thawEndsAt != 0 && block.timestamp >= channel.thawEndsAt && due > 0;
        vm.prank(payerOf(payer));
        try channels.withdraw(channelIds[payer], payerOf(payer)) returns (uint128 amount) {
            tokensOut[address(channels)] += amount;
            if (!isDue || amount != due) breaks("a withdrawal paid what was not due");
            done["withdraw"]++;
        } catch (bytes memory reason) {
            if (isPauseError(reason)) breaks("a pause stopped a withdrawal");
            if (isDue) breaks("a due withdrawal failed");
        }
    }

    /// @dev By a permit alone, at times when somebody has played it before or a thief presents it as its own.
    function payerDepositsByPermit(uint256 payer, uint128 amount, uint256 how) external {
        payer = pick(payer, PARTIES);
        amount = uint128(bound(amount, 1, AMOUNT_MAX));
        address owner = payerOf(payer);
        usdc.mint(owner, amount);
        vm.prank(owner);
        usdc.approve(address(channels), 0);
        uint256 deadline = block.timestamp + 1;
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(PAYER_KEY + payer, permitDigest(owner, address(channels), amount, deadline));
        if (how % 3 == 0) usdc.permit(owner, address(channels), amount, deadline, v, r, s);
        if (how % 3 == 1) {
            vm.prank(thief);
            try channels.depositWithPermit(channelIds[payer], amount, deadline, v, r, s) {
                breaks("a thief deposited by another's permit");
            } catch {}
        }
        bool isPaused = channels.paused();
        uint128 before = channels.channelOf(channelIds[payer]).deposited;
        vm.prank(owner);
        try channels.depositWithPermit(channelIds[payer], amount, deadline, v, r, s) {
            tokensIn[address(channels)] += amount;
            if (isPaused) breaks("a pause let a permit in");
            if (channels.channelOf(channelIds[payer]).deposited != before + amount) {
                breaks("a permit deposited another amount");
            }
            done["permit"]++;
        } catch {
            if (!isPaused) breaks("a permit did not deposit");
        }
    }

    /// @dev By an ERC-3009 authorisation that anybody relays: for that channel, that amount and once.
    function payerDepositsByAuthorization(uint256 payer, uint128 amount, uint256 how) external {
        payer = pick(payer, PARTIES);
        amount = uint128(bound(amount, 1, AMOUNT_MAX));
        usdc.mint(payerOf(payer), amount);
        bytes32 salt = bytes32(++authorizations);
        bytes memory signature = signed(PAYER_KEY + payer, authorizationDigest(payer, amount, salt));
        uint256 other = (payer + 1) % PARTIES;
        if (how % 3 == 0 && depositAuthorized(thief, other, payer, amount, salt, signature)) {
            breaks("a thief led an authorisation into another channel");
        }
        if (how % 3 == 1 && depositAuthorized(thief, payer, payer, amount + 1, salt, signature)) {
            breaks("a thief raised an authorisation");
        }
        bool isPaused = channels.paused();
        uint128 before = channels.channelOf(channelIds[payer]).deposited;
        if (depositAuthorized(stranger, payer, payer, amount, salt, signature)) {
            tokensIn[address(channels)] += amount;
            if (isPaused) breaks("a pause let an authorisation in");
            if (channels.channelOf(channelIds[payer]).deposited != before + amount) {
                breaks("an authorisation deposited another amount");
            }
            usdc.mint(payerOf(payer), amount);
            if (depositAuthorized(stranger, payer, payer, amount, salt, signature)) {
                breaks("an authorisation was taken twice");
            }
            done["authorization"]++;
        } else if (!isPaused) {
            breaks("an authorisation did not deposit");
        }
    }

    function depositAuthorized(
        address relayer,
        uint256 channel,
        uint256 from,
        uint128 amount,
        bytes32 salt,
        bytes memory signature
    ) private returns (bool isTaken) {
        (bytes32 r, bytes32 s) = (bytes32(0), bytes32(0));
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        uint8 v = uint8(signature[64]);
        vm.prank(relayer);
        try channels.depositWithAuthorization(
            channelIds[channel], payerOf(from), amount, 0, type(uint256).max, salt, v, r, s
        ) {
            isTaken = true;
        } catch {}
    }

    function authorizationDigest(uint256 payer, uint128 amount, bytes32 salt) private view returns (bytes32) {
        bytes32 typehash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        bytes32 nonce = keccak256(abi.encode(channelIds[payer], salt));
        bytes memory fields =
            abi.encode(typehash, payerOf(payer), address(channels), amount, 0, type(uint256).max, nonce);
        return keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), keccak256(fields)));
    }

    function payerGrantsSession(uint256 payer, uint256 key, uint128 more, uint256 lasts) external {
        if (sessions.length >= KEPT_MAX) return;
        payer = pick(payer, PARTIES);
        uint256 privateKey = SESSION_KEY + pick(key, PARTIES);
        uint128 ceilingMax = channels.channelOf(channelIds[payer]).ceiling + uint128(bound(more, 1, AMOUNT_MAX));
        uint64 validUntil = uint64(block.timestamp + bound(lasts, 1, GRACE));
        SessionKey memory given = SessionKey(channelIds[payer], vm.addr(privateKey), ceilingMax, validUntil);
        sessions.push(Session(given, signed(PAYER_KEY + payer, channels.sessionKeyDigest(given)), privateKey));
        done["grant"]++;
    }

    /// @dev A session key does all that it has leave for, and nothing else.
    function sessionRaisesCeiling(uint256 session, uint128 by) external {
        if (sessions.length == 0) return;
        // Mostly the newest one: leave ends.
        Session memory s = sessions[session % 4 == 0 ? pick(session, sessions.length) : sessions.length - 1];
        bytes32 id = s.given.channelId;
        uint128 amount = channels.channelOf(id).ceiling + uint128(bound(by, 1, AMOUNT_MAX));
        bool hasLeave =
            block.timestamp <= s.given.validUntil && amount <= s.given.ceilingMax && !revokedSeen[id][s.given.key];
        bytes memory byKey = signed(s.privateKey, channels.ceilingDigest(id, amount));
        try channels.setCeilingBySession(amount, s.given, s.byOwner, byKey) {
            if (!hasLeave) breaks("a session key raised a ceiling without leave");
            if (channels.channelOf(id).ceiling != amount) breaks("a session key raised a ceiling to another amount");
            done["session"]++;
        } catch {
            if (hasLeave) breaks("a session key with leave was refused");
            done["session refused"]++;
        }
    }

    function payerRevokesSession(uint256 session, uint256 dice) external {
        if (sessions.length == 0 || dice % 4 != 0) return;
        SessionKey memory given = sessions[pick(session, sessions.length)].given;
        vm.prank(channels.channelOf(given.channelId).owner);
        channels.revokeSessionKey(given.channelId, given.key);
        revokedSeen[given.channelId][given.key] = true;
        done["revoke"]++;
    }

    /// @dev The key itself is the thief: with its owner's signature for one leave it asks for another.
    function thiefForgesSession(uint256 session, uint256 field, uint8 by) external {
        if (sessions.length == 0) return;
        Session memory s = sessions[pick(session, sessions.length)];
        bytes memory encoded = abi.encode(s.given);
        uint256 place = 32 * (field % 4) + 31;
        encoded[place] = bytes1(uint8(encoded[place]) ^ uint8(bound(by, 1, 255)));
        SessionKey memory forged = abi.decode(encoded, (SessionKey));
        uint128 amount = channels.channelOf(s.given.channelId).ceiling + 1;
        bytes memory byKey = signed(s.privateKey, channels.ceilingDigest(s.given.channelId, amount));
        vm.prank(thief);
        try channels.setCeilingBySession(amount, forged, s.byOwner, byKey) {
            breaks("a forged session key raised a ceiling");
        } catch {}
        vm.prank(thief);
        try channels.setCeiling(s.given.channelId, amount, byKey) {
            breaks("a session key raised a ceiling as if it were the owner");
        } catch {}
        done["forge session"]++;
    }
}
