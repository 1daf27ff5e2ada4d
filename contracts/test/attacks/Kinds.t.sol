// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IContradictions} from "../../src/interfaces/IContradictions.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {IReceiptAnchor} from "../../src/interfaces/IReceiptAnchor.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {DeliveryReceipt, ReceiptHashes, Voucher, WorkReceipt} from "../../src/libraries/ReceiptHashes.sol";
import {SignedKinds} from "../support/SignedKinds.sol";

/// @dev Every kind of struct that is signed, at every function that takes a signature, by the right key and in the domain of
///      that very contract: with members of its own, and with the members that the function wants, so that the type alone is
///      wrong. The right kind is taken by each, or a refusal would say nothing.
contract KindsAttack is SignedKinds {
    function setUp() public {
        buildWorld();
        fund(0, 100e6);
        raiseCeiling(0, 50e6);
        stake(providerIds[0], 3 * PENALTY);
        stake(lanes[0], 3 * PENALTY);
        anchorRoot(0, 1, keccak256("root"), 1, 50e6);
    }

    function test_aSignatureOfOneKindIsNoneOfAnother() public {
        bytes memory refusal =
            abi.encodeWithSelector(IPaymentChannels.ClaimRefused.selector, IPaymentChannels.Refusal.BadSignature);
        knock("claim", Kind.Voucher, LANE_KEY, refusal, claim);
        knock("claimCompact", Kind.Voucher, LANE_KEY, refusal, claimCompact);
        knock("announce", Kind.Voucher, LANE_KEY, refusal, announce);
        knock("claimMany", Kind.Voucher, LANE_KEY, "", claimMany);
        knock("claimEach", Kind.Voucher, LANE_KEY, "", claimEach);

        refusal = abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, channelIds[0], payerOf(0));
        knock("setCeiling", Kind.Ceiling, PAYER_KEY, refusal, setCeiling);
        refusal = abi.encodeWithSelector(IPaymentChannels.SessionKeyInvalid.selector, channelIds[0], vm.addr(SESSION));
        knock("setCeilingBySession, the owner", Kind.SessionKey, PAYER_KEY, refusal, sessionByOwner);
        knock("setCeilingBySession, the key", Kind.Ceiling, SESSION, refusal, sessionByKey);

        refusal = abi.encodeWithSelector(IReceiptAnchor.InvalidAnchorSignature.selector, lanes[0]);
        knock("anchor", Kind.EpochAnchor, LANE_KEY, refusal, anchor);
        knock("anchorCompact", Kind.EpochAnchor, LANE_KEY, refusal, anchorCompact);

        refusal = abi.encodeWithSelector(IProviderRegistry.InvalidNodeKeySignature.selector, vm.addr(NEW_NODE));
        knock("addNodeKey", Kind.NodeKey, NEW_NODE, refusal, addNodeKey);
        refusal = abi.encodeWithSelector(IProviderRegistry.InvalidLaneKeySignature.selector, vm.addr(GATEWAY));
        knock("addLane", Kind.LaneKey, GATEWAY, refusal, addLane);

        refusal = abi.encodeWithSelector(ISlaLedger.InvalidLaneSignature.selector, lanes[0]);
        knock("report, the lane", Kind.PerformanceRecord, LANE_KEY, refusal, reportByLane);
        bytes memory notOfNode = abi.encodeWithSelector(ISlaLedger.InvalidNodeSignature.selector, nodeIds[0]);
        knock("report, the node", Kind.PerformanceRecord, NODE_KEY, notOfNode, reportByNode);
        reportBySigners(0, 0, recordOf(0, 0, 1, 10e6, keccak256("other counts")));
        knock("proveContradiction", Kind.PerformanceRecord, LANE_KEY, refusal, proveContradiction);

        refusal = abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, nodeIds[0]);
        knock("proveTwoOutputs", Kind.WorkReceipt, NODE_KEY, refusal, proveTwoOutputs);
        refusal = abi.encodeWithSelector(IContradictions.InvalidReceiptSignature.selector, lanes[0]);
        knock("proveTwoDeliveries", Kind.DeliveryReceipt, LANE_KEY, refusal, proveTwoDeliveries);
        knock("proveWrongPrice", Kind.DeliveryReceipt, LANE_KEY, refusal, proveWrongPrice);
        knock("proveWrongLeasePrice", Kind.LeaseReceipt, LANE_KEY, refusal, proveWrongLeasePrice);
    }

    /// @dev Shows signatures of all kinds to one function: `kind` is taken, each other one refused.
    /// @param refusal empty where a refused signature pays nothing instead of reverting.
    /// @param callWith who calls what with a signature in its place.
    function knock(
        string memory name,
        Kind kind,
        uint256 key,
        bytes memory refusal,
        function(bytes memory) internal view returns (address, address, bytes memory) callWith
    ) private {
        bytes32 domain = domainOf(kind);
        for (uint256 i = 0; i < KINDS; ++i) {
            Kind signedAs = Kind(i);
            bytes memory typeAlone = signed(key, digestOf(domain, typehashOf(signedAs), membersOf(kind)));
            (bool isDone, bytes memory returned) = attempt(callWith, typeAlone);
            if (signedAs == kind) {
                assertTaken(name, refusal, isDone, returned);
            } else {
                assertRefused(name, refusal, isDone, returned);
                bytes memory whole = signed(key, digestOf(domain, typehashOf(signedAs), membersOf(signedAs)));
                (isDone, returned) = attempt(callWith, whole);
                assertRefused(name, refusal, isDone, returned);
            }
        }
    }

    /// @dev And takes it back.
    function attempt(
        function(bytes memory) internal view returns (address, address, bytes memory) callWith,
        bytes memory signature
    ) private returns (bool isDone, bytes memory returned) {
        (address caller, address target, bytes memory data) = callWith(signature);
        uint256 snapshot = vm.snapshotState();
        vm.prank(caller);
        (isDone, returned) = target.call(data);
        vm.revertToState(snapshot);
    }

    function assertTaken(string memory name, bytes memory refusal, bool isDone, bytes memory returned) private pure {
        bool isPaid = isDone && (refusal.length > 0 || abi.decode(returned, (uint256)) > 0);
        vm.assertTrue(isPaid, string.concat(name, " takes a signature of its kind"));
    }

    function assertRefused(string memory name, bytes memory refusal, bool isDone, bytes memory returned) private pure {
        if (refusal.length == 0) {
            vm.assertTrue(
                isDone && abi.decode(returned, (uint256)) == 0, string.concat(name, " pays another kind nothing")
            );
            return;
        }
        vm.assertTrue(!isDone, string.concat(name, " takes no signature of another kind"));
        vm.assertTrue(
            keccak256(returned) == keccak256(refusal), string.concat(name, " says that the signature is wrong")
        );
    }

    // ------------------------------------------------------------------------- who calls what, with a signature

    function claim(bytes memory signature) private view returns (address, address, bytes memory) {
        return (stranger, address(channels), abi.encodeCall(IPaymentChannels.claim, (voucher(), signature)));
    }

    function claimCompact(bytes memory signature) private view returns (address, address, bytes memory) {
        (bytes32 r, bytes32 vs) = compact(signature);
        return (stranger, address(channels), abi.encodeCall(IPaymentChannels.claimCompact, (voucher(), r, vs)));
    }

    function announce(bytes memory signature) private view returns (address, address, bytes memory) {
        return (stranger, address(channels), abi.encodeCall(IPaymentChannels.announce, (voucher(), signature)));
    }

    function claimMany(bytes memory signature) private view returns (address, address, bytes memory) {
        (Voucher[] memory list, bytes[] memory signatures) = (new Voucher[](1), new bytes[](1));
        (list[0], signatures[0]) = (voucher(), signature);
        return (stranger, address(channels), abi.encodeCall(IPaymentChannels.claimMany, (list, signatures)));
    }

    function claimEach(bytes memory signature) private view returns (address, address, bytes memory) {
        Voucher memory v = voucher();
        IPaymentChannels.Due[] memory dues = new IPaymentChannels.Due[](1);
        (dues[0].channelId, dues[0].cumulative) = (v.channelId, v.cumulative);
        (dues[0].r, dues[0].vs) = compact(signature);
        bytes memory data =
            abi.encodeCall(IPaymentChannels.claimEach, (v.providerId, v.lane, v.epoch, v.receiptRoot, v.earned, dues));
        return (stranger, address(channels), data);
    }

    function setCeiling(bytes memory signature) private view returns (address, address, bytes memory) {
        bytes memory data = abi.encodeCall(IPaymentChannels.setCeiling, (channelIds[0], 60e6, signature));
        return (stranger, address(channels), data);
    }

    function sessionByOwner(bytes memory signature) private view returns (address, address, bytes memory) {
        bytes memory byKey = signed(SESSION, channels.ceilingDigest(channelIds[0], 60e6));
        bytes memory data = abi.encodeCall(IPaymentChannels.setCeilingBySession, (60e6, session(), signature, byKey));
        return (stranger, address(channels), data);
    }

    function sessionByKey(bytes memory signature) private view returns (address, address, bytes memory) {
        bytes memory byOwner = signed(PAYER_KEY, channels.sessionKeyDigest(session()));
        bytes memory data = abi.encodeCall(IPaymentChannels.setCeilingBySession, (60e6, session(), byOwner, signature));
        return (stranger, address(channels), data);
    }

    function anchor(bytes memory signature) private view returns (address, address, bytes memory) {
        return (stranger, address(anchors), abi.encodeCall(IReceiptAnchor.anchor, (nextEpoch(), signature)));
    }

    function anchorCompact(bytes memory signature) private view returns (address, address, bytes memory) {
        (bytes32 r, bytes32 vs) = compact(signature);
        return (stranger, address(anchors), abi.encodeCall(IReceiptAnchor.anchorCompact, (nextEpoch(), r, vs)));
    }

    function addNodeKey(bytes memory signature) private view returns (address, address, bytes memory) {
        bytes memory data = abi.encodeCall(IProviderRegistry.addNodeKey, (providerIds[0], vm.addr(NEW_NODE), signature));
        return (ownerOf(0), address(registry), data);
    }

    function addLane(bytes memory signature) private view returns (address, address, bytes memory) {
        bytes memory data = abi.encodeCall(IProviderRegistry.addLane, (vm.addr(GATEWAY), operatorOf(0), signature));
        return (address(this), address(registry), data);
    }

    function reportByLane(bytes memory signature) private view returns (address, address, bytes memory) {
        return (stranger, address(ledger), abi.encodeCall(ISlaLedger.report, (record(), "", signature)));
    }

    function reportByNode(bytes memory signature) private view returns (address, address, bytes memory) {
        bytes memory byLane = signed(LANE_KEY, ledger.recordDigest(record()));
        return (stranger, address(ledger), abi.encodeCall(ISlaLedger.report, (record(), signature, byLane)));
    }

    function proveContradiction(bytes memory signature) private view returns (address, address, bytes memory) {
        return (stranger, address(ledger), abi.encodeCall(ISlaLedger.proveContradiction, (record(), signature)));
    }

    function proveTwoOutputs(bytes memory signature) private view returns (address, address, bytes memory) {
        WorkReceipt memory other = work("another");
        bytes memory byNode = signed(NODE_KEY, receiptDigest(ReceiptHashes.hash(other)));
        bytes memory data = abi.encodeCall(IContradictions.proveTwoOutputs, (work("one"), signature, other, byNode));
        return (stranger, address(contradictions), data);
    }

    function proveTwoDeliveries(bytes memory signature) private view returns (address, address, bytes memory) {
        DeliveryReceipt memory other = overcharged(31e6);
        bytes memory byLane = signed(LANE_KEY, receiptDigest(ReceiptHashes.hash(other)));
        bytes memory data =
            abi.encodeCall(IContradictions.proveTwoDeliveries, (overcharged(30e6), signature, other, byLane));
        return (stranger, address(contradictions), data);
    }

    function proveWrongPrice(bytes memory signature) private view returns (address, address, bytes memory) {
        bytes memory data = abi.encodeCall(IContradictions.proveWrongPrice, (overcharged(30e6), signature, termsOf(0)));
        return (stranger, address(contradictions), data);
    }

    function proveWrongLeasePrice(bytes memory signature) private view returns (address, address, bytes memory) {
        bytes memory data = abi.encodeCall(IContradictions.proveWrongLeasePrice, (lease(), signature, termsOf(0)));
        return (stranger, address(contradictions), data);
    }

    /// @dev As EIP-2098 packs it.
    function compact(bytes memory signature) private pure returns (bytes32 r, bytes32 vs) {
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            vs := mload(add(signature, 64))
        }
        if (signature[64] == bytes1(uint8(28))) vs |= bytes32(uint256(1) << 255);
    }
}
