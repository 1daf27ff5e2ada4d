// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IDisputeManager} from "../../../src/interfaces/IDisputeManager.sol";
import {DeliveryReceipt, SessionKey, SlaCounts, Voucher} from "../../../src/libraries/ReceiptHashes.sol";
import {Courtroom} from "../../support/Courtroom.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @dev What the actors remember, so that invariants can be held against more than the contracts' own word.
abstract contract Ghosts is Courtroom {
    struct Sale {
        DeliveryReceipt receipt;
        bytes32[] proof;
        uint64 epoch;
        uint256 payer;
        uint256 provider;
        uint256 lane;
        uint32 faults;
        bool counted;
    }

    struct Session {
        SessionKey given;
        bytes byOwner;
        uint256 privateKey;
    }

    struct SoldLease {
        bytes32 subject;
        uint128 price;
    }

    /// @dev Keeps a long run's memory of receipts, vouchers and disputes bounded.
    uint256 internal constant KEPT_MAX = 48;
    uint256 internal constant LEASES_MAX = 8;
    uint128 internal constant AMOUNT_MAX = 100e6;

    Sale[] internal sales;
    SoldLease[] internal leases;
    Voucher[] internal vouchers;
    bytes[] internal voucherSignatures;
    uint256[] internal disputeIds;
    Session[] internal sessions;
    mapping(bytes32 channelId => mapping(address key => bool)) internal revokedSeen;
    uint64[PARTIES] internal nextEpoch;

    mapping(bytes32 key => uint128) public signedOf; // key: keccak(channel, provider, lane)
    mapping(bytes32 key => uint128) public claimedSeen;
    mapping(uint256 disputeId => IDisputeManager.State) public terminalSeen;
    mapping(uint256 disputeId => mapping(bool appeal => uint128[3])) internal votesSeen; // By seat; silence is 0.

    /// @dev The parties' own books: what each contract was given and gave out over its life, and every stake.
    mapping(address place => uint256) internal tokensIn;
    mapping(address place => uint256) internal tokensOut;
    mapping(bytes32 subject => uint256) internal stakesSeen;

    /// @dev Raised by a handler that saw a promise broken; the first one names it.
    string public broken;

    /// @dev How often each kind of step went through: a run in which nothing happens proves nothing.
    mapping(string step => uint256) public done;

    function keyOf(bytes32 channelId, bytes32 providerId, bytes32 lane) internal pure returns (bytes32) {
        return keccak256(abi.encode(channelId, providerId, lane));
    }

    function breaks(string memory what) internal {
        if (bytes(broken).length == 0) broken = what;
    }

    function noteStake(bytes32 subject, uint128 amount) internal {
        stakesSeen[subject] += amount;
        tokensIn[address(vault)] += amount;
    }

    /// @dev After a step that may slash: at most `cap` of this stake is gone, and the books follow.
    function noteSlash(bytes32 subject, uint256 cap) internal returns (uint256 lost) {
        uint256 left = vault.stakeOf(subject).tokens;
        if (left > stakesSeen[subject]) breaks("a slash added stake");
        else lost = stakesSeen[subject] - left;
        if (lost > cap) breaks("a slash took more than its cap");
        stakesSeen[subject] = left;
        tokensOut[address(vault)] += lost;
    }

    /// @dev Whether a call failed because inflow is paused, which only inflow may.
    function isPauseError(bytes memory reason) internal pure returns (bool) {
        return reason.length >= 4 && bytes4(reason) == Pausable.EnforcedPause.selector;
    }

    function pick(uint256 seed, uint256 size) internal pure returns (uint256) {
        return seed % size;
    }

    function countsOfSale(Sale memory sale) internal view returns (SlaCounts memory) {
        return countsOf(sale.payer, sale.provider, sale.lane, sale.epoch, 600, sale.faults, sale.receipt.price);
    }
}
