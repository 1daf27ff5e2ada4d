// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {SlaLedger} from "../../src/SlaLedger.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {ISlaLedger} from "../../src/interfaces/ISlaLedger.sol";
import {PerformanceRecord, SessionKey} from "../../src/libraries/ReceiptHashes.sol";
import {World} from "../support/World.sol";

/// @dev Performance records, session keys and lane keys, played again: here, on another chain, at another contract. Where
///      two signatures are asked for, the other one is always right, so that the replayed one alone is what is refused.
contract ReplayOfKeysAttack is World {
    uint256 private constant SESSION = 0x5E55;
    uint256 private constant GATEWAY = 0x6A7E99;
    uint256 private constant OTHER_CHAIN = 999;

    function setUp() public {
        buildWorld();
        fund(0, 100e6);
        raiseCeiling(0, 50e6);
        stake(lanes[0], 3 * PENALTY);
        anchorRoot(0, 1, keccak256("root"), 1, 50e6);
    }

    // ----------------------------------------------------------------------------------------- performance records

    function test_replayOfARecordOnTheSameChainStandsOnce() public {
        PerformanceRecord memory record = recordOf(0, 0, 1, 20e6, keccak256("counts"));
        bytes32 digest = ledger.recordDigest(record);
        (bytes memory byNode, bytes memory byLane) = (signed(NODE_KEY, digest), signed(LANE_KEY, digest));
        ledger.report(record, byNode, byLane);
        expectRecordExists(ISlaLedger.Status.Reported);
        ledger.report(record, byNode, byLane);

        // Found invalid: neither it nor what convicted it comes back.
        PerformanceRecord memory other = recordOf(0, 0, 1, 20e6, keccak256("other counts"));
        bytes memory byLaneToo = signed(LANE_KEY, ledger.recordDigest(other));
        ledger.proveContradiction(other, byLaneToo);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.WrongVersion.selector, 0, 1));
        ledger.report(record, byNode, byLane);
        expectWrongStatus(ISlaLedger.Status.Invalid);
        ledger.proveContradiction(other, byLaneToo);

        // Nor once a corrected version is final.
        PerformanceRecord memory corrected = recordOf(0, 0, 1, 10e6, keccak256("counts"));
        corrected.version = 1;
        reportBySigners(0, 0, corrected);
        pass(CHALLENGE);
        ledger.finalise(nodeIds[0], lanes[0], 1);
        expectRecordExists(ISlaLedger.Status.Final);
        ledger.report(record, byNode, byLane);
        vm.assertEq(ledger.earnedOf(lanes[0], 1), 10e6);
    }

    function test_replayOfARecordOnAnotherChainIsNobodysSignature() public {
        PerformanceRecord memory record = recordOf(0, 0, 1, 20e6, keccak256("counts"));
        PerformanceRecord memory other = recordOf(0, 0, 1, 20e6, keccak256("other counts"));
        bytes32 digest = ledger.recordDigest(record);
        (bytes memory byNode, bytes memory byLane) = (signed(NODE_KEY, digest), signed(LANE_KEY, digest));
        bytes memory otherByLane = signed(LANE_KEY, ledger.recordDigest(other));

        vm.chainId(OTHER_CHAIN);
        bytes32 digestThere = ledger.recordDigest(record);
        bytes memory byLaneThere = signed(LANE_KEY, digestThere);
        expectNotOfLane();
        ledger.report(record, signed(NODE_KEY, digestThere), byLane);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidNodeSignature.selector, nodeIds[0]));
        ledger.report(record, byNode, byLaneThere);
        ledger.report(record, "", byLaneThere);
        // Nor does what it signed there convict it here.
        expectNotOfLane();
        ledger.proveContradiction(other, otherByLane);
    }

    function test_replayOfARecordAtAnotherLedgerIsNobodysSignature() public {
        SlaLedger otherLedger = new SlaLedger(address(this), ledgerParameters());
        PerformanceRecord memory record = recordOf(0, 0, 1, 20e6, keccak256("counts"));
        bytes32 digest = ledger.recordDigest(record);
        (bytes memory byNode, bytes memory byLane) = (signed(NODE_KEY, digest), signed(LANE_KEY, digest));
        ledger.report(record, byNode, byLane);

        bytes32 digestThere = otherLedger.recordDigest(record);
        bytes memory byLaneThere = signed(LANE_KEY, digestThere);
        expectNotOfLane();
        otherLedger.report(record, signed(NODE_KEY, digestThere), byLane);
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidNodeSignature.selector, nodeIds[0]));
        otherLedger.report(record, byNode, byLaneThere);
        otherLedger.report(record, "", byLaneThere);

        PerformanceRecord memory other = recordOf(0, 0, 1, 20e6, keccak256("other counts"));
        bytes memory otherHere = signed(LANE_KEY, ledger.recordDigest(other));
        expectNotOfLane();
        otherLedger.proveContradiction(other, otherHere);
    }

    // ------------------------------------------------------------------------------------------------ session keys

    function test_replayOfASessionKeyOnTheSameChainRaisesNothingMore() public {
        (SessionKey memory session, bytes memory byOwner, bytes memory byKey) = grant(60e6);
        channels.setCeilingBySession(60e6, session, byOwner, byKey);
        expectNotRaised(60e6, 60e6);
        channels.setCeilingBySession(60e6, session, byOwner, byKey);
        // The key's word alone is not the owner's.
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.InvalidCeilingSignature.selector, channelIds[0], payerOf(0))
        );
        channels.setCeiling(channelIds[0], 60e6, byKey);
        raiseCeiling(0, 70e6);
        expectNotRaised(60e6, 70e6);
        channels.setCeilingBySession(60e6, session, byOwner, byKey);

        // Nor at another channel of the same owner.
        SessionKey memory moved = SessionKey(channels.open(payerOf(0), "second"), session.key, 80e6, session.validUntil);
        bytes memory byKeyThere = signed(SESSION, channels.ceilingDigest(moved.channelId, 60e6));
        expectNoSession(moved.channelId);
        channels.setCeilingBySession(60e6, moved, byOwner, byKeyThere);
        vm.assertEq(channels.channelOf(moved.channelId).ceiling, 0);

        vm.prank(payerOf(0));
        channels.revokeSessionKey(channelIds[0], session.key);
        bytes memory byKeyLater = signed(SESSION, channels.ceilingDigest(channelIds[0], 80e6));
        expectNoSession(channelIds[0]);
        channels.setCeilingBySession(80e6, session, byOwner, byKeyLater);
    }

    function test_replayOfASessionKeyOnAnotherChainIsNobodysSignature() public {
        (SessionKey memory session, bytes memory byOwner, bytes memory byKey) = grant(60e6);
        vm.chainId(OTHER_CHAIN);
        bytes memory byOwnerThere = signed(PAYER_KEY, channels.sessionKeyDigest(session));
        bytes memory byKeyThere = signed(SESSION, channels.ceilingDigest(channelIds[0], 60e6));
        expectNoSession(channelIds[0]);
        channels.setCeilingBySession(60e6, session, byOwner, byKeyThere);
        expectNoSession(channelIds[0]);
        channels.setCeilingBySession(60e6, session, byOwnerThere, byKey);
        channels.setCeilingBySession(60e6, session, byOwnerThere, byKeyThere);
    }

    function test_replayOfASessionKeyAtAnotherContractIsNobodysSignature() public {
        PaymentChannels other =
            new PaymentChannels(address(this), usdc, registry, anchors, verifier, treasury, GRACE, THAW);
        vm.assertEq(other.open(payerOf(0), bytes32(0)), channelIds[0]);
        (SessionKey memory session, bytes memory byOwner, bytes memory byKey) = grant(60e6);
        bytes memory byOwnerThere = signed(PAYER_KEY, other.sessionKeyDigest(session));
        bytes memory byKeyThere = signed(SESSION, other.ceilingDigest(channelIds[0], 60e6));
        expectNoSession(channelIds[0]);
        other.setCeilingBySession(60e6, session, byOwner, byKeyThere);
        expectNoSession(channelIds[0]);
        other.setCeilingBySession(60e6, session, byOwnerThere, byKey);
        other.setCeilingBySession(60e6, session, byOwnerThere, byKeyThere);
    }

    // --------------------------------------------------------------------------------------------------- lane keys

    function test_replayOfALaneKeyOnTheSameChainAdmitsNobody() public {
        (address gateway, bytes memory proof) = laneProof();
        bytes32 lane = registry.addLane(gateway, operatorOf(0), proof);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.LaneExists.selector, lane));
        registry.addLane(gateway, operatorOf(0), proof);
        vm.prank(guardian);
        registry.removeLane(gateway);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.LaneExists.selector, lane));
        registry.addLane(gateway, operatorOf(0), proof);
    }

    function test_replayOfALaneKeyOnAnotherChainIsNobodysSignature() public {
        (address gateway, bytes memory proof) = laneProof();
        vm.chainId(OTHER_CHAIN);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidLaneKeySignature.selector, gateway));
        registry.addLane(gateway, operatorOf(0), proof);
        registry.addLane(gateway, operatorOf(0), signed(GATEWAY, registry.laneKeyDigest(gateway, operatorOf(0))));
    }

    function test_replayOfALaneKeyAtAnotherRegistryIsNobodysSignature() public {
        ProviderRegistry other = new ProviderRegistry(address(this), FEE_BPS, THAW);
        other.grantRole(other.LANE_ADMIN_ROLE(), address(this));
        (address gateway, bytes memory proof) = laneProof();
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.InvalidLaneKeySignature.selector, gateway));
        other.addLane(gateway, operatorOf(0), proof);
        other.addLane(gateway, operatorOf(0), signed(GATEWAY, other.laneKeyDigest(gateway, operatorOf(0))));
    }

    // ----------------------------------------------------------------------------------------------------- helpers

    function grant(uint128 ceiling)
        private
        view
        returns (SessionKey memory session, bytes memory byOwner, bytes memory byKey)
    {
        session = SessionKey(channelIds[0], vm.addr(SESSION), 80e6, uint64(block.timestamp + 1000));
        byOwner = signed(PAYER_KEY, channels.sessionKeyDigest(session));
        byKey = signed(SESSION, channels.ceilingDigest(channelIds[0], ceiling));
    }

    function laneProof() private view returns (address gateway, bytes memory proof) {
        gateway = vm.addr(GATEWAY);
        proof = signed(GATEWAY, registry.laneKeyDigest(gateway, operatorOf(0)));
    }

    function expectRecordExists(ISlaLedger.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.RecordExists.selector, nodeIds[0], lanes[0], 1, status));
    }

    function expectWrongStatus(ISlaLedger.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.WrongStatus.selector, status, ISlaLedger.Status.Reported));
    }

    function expectNotOfLane() private {
        vm.expectRevert(abi.encodeWithSelector(ISlaLedger.InvalidLaneSignature.selector, lanes[0]));
    }

    function expectNoSession(bytes32 channelId) private {
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.SessionKeyInvalid.selector, channelId, vm.addr(SESSION))
        );
    }

    function expectNotRaised(uint128 amount, uint128 ceiling) private {
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.CeilingNotRaised.selector, channelIds[0], amount, ceiling)
        );
    }
}
