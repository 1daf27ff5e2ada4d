// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Contradictions} from "../../src/Contradictions.sol";
import {DisputeManager} from "../../src/DisputeManager.sol";
import {SlaLedger} from "../../src/SlaLedger.sol";
import {StakeVault} from "../../src/StakeVault.sol";
import {Refunds} from "../../src/disputes/Refunds.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {ReceiptHashes, Terms} from "../../src/libraries/ReceiptHashes.sol";
import {Records} from "../../src/sla/Records.sol";
import {Market} from "./Market.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @dev A marketplace with stake, records, disputes and contradictions, whose administrator is a timelock. Deadlines are
///      whole minutes.
abstract contract TrustDeployment is Market {
    uint64 internal constant MINUTE = 60;
    uint64 internal constant CHALLENGE = 30; // Shorter than the channels' grace period.
    uint64 internal constant STAKE_THAW = 600;
    uint128 internal constant BOND = 5e6;
    uint128 internal constant APPEAL_BOND = 10e6;
    uint128 internal constant SLASH_MAX = 400e6;
    uint128 internal constant CONTRADICTION_PENALTY = 50e6;
    uint128 internal constant WITHHOLDING_PENALTY = 100e6;
    uint128 internal constant FALSE_RECORD_PENALTY = 80e6;
    uint128 internal constant CHALLENGE_BOND = 2e6;
    uint128 internal constant PROVIDER_STAKE = 1000e6;
    uint128 internal constant LANE_STAKE = 500e6;
    uint64 internal constant EPOCH = 7;

    address internal auditor = address(0xA0D1);
    address internal outsider = address(0x0575);
    address[] internal roster;

    TimelockController internal timelock;
    StakeVault internal vault;
    SlaLedger internal ledger;
    DisputeManager internal disputes;
    Contradictions internal contradictions;
    bytes32 internal nodeId = bytes32(uint256(uint160(vm.addr(NODE_KEY))));
    Terms internal terms;
    bytes32 internal termsHash;
    uint256 internal _blockNumber = 1000;

    function setUp() public virtual override {
        super.setUp();
        rollBlock();
        address[] memory self = new address[](1);
        self[0] = address(this);
        timelock = new TimelockController(1, self, self, address(0));
        for (uint160 i = 1; i <= 6; ++i) {
            roster.push(address(0xA4B0 + i));
        }
        IStakeVault.Deadlines memory steps = IStakeVault.Deadlines(2 * MINUTE, MINUTE, MINUTE, MINUTE, MINUTE);
        vault = new StakeVault(address(this), usdc, registry, STAKE_THAW, MINUTE, steps);
        ledger = new SlaLedger(address(this), ledgerParameters());
        disputes = new DisputeManager(address(this), disputeParameters(), roster);
        contradictions = new Contradictions(address(this), contradictionParameters());
        wire();

        if (registry.nodeKeyOf(vm.addr(NODE_KEY)).providerId == bytes32(0)) addNodeKey();
        terms = Terms({
            providerId: providerId,
            documentHash: keccak256("document"),
            inPerMtok: 1_000_000,
            cachedPerMtok: 100_000,
            outPerMtok: 3_000_000,
            inPerGb: 20_000,
            outPerGb: 40_000,
            perGpuHour: 2_500_000,
            ttftBaseMs: 500,
            ttftPerKtokMs: 100,
            tpotUs: 40_000,
            concurrencyMax: 8,
            penaltyBps: 1000,
            sloRegion: bytes8("eu-west")
        });
        termsHash = ReceiptHashes.hash(terms);
        vm.prank(owner);
        registry.registerTerms(providerId, termsHash);
        stake(providerId, PROVIDER_STAKE);
        stake(lane, LANE_STAKE);
        fund(1000e6);
        raiseCeiling(1000e6);
    }

    // ------------------------------------------------------------------------------------------------------ wiring

    function ledgerParameters() internal view returns (Records.Parameters memory) {
        return Records.Parameters({
            token: usdc,
            registry: registry,
            receiptAnchor: anchors,
            channels: channels,
            vault: vault,
            treasury: treasury,
            challengeSeconds: CHALLENGE,
            rulingSeconds: 2 * CHALLENGE,
            freezeSeconds: 10 * CHALLENGE,
            bondMin: CHALLENGE_BOND,
            falseRecordPenalty: FALSE_RECORD_PENALTY,
            rewardBps: 5000
        });
    }

    function disputeParameters() internal view returns (Refunds.Parameters memory) {
        return Refunds.Parameters({
            token: usdc,
            registry: registry,
            receiptAnchor: anchors,
            channels: channels,
            vault: vault,
            treasury: treasury,
            bond: BOND,
            appealBond: APPEAL_BOND,
            slashMax: SLASH_MAX,
            withholdingPenalty: WITHHOLDING_PENALTY,
            rewardBps: 1000
        });
    }

    function contradictionParameters() internal view returns (Contradictions.Parameters memory) {
        return Contradictions.Parameters({
            token: usdc,
            registry: registry,
            channels: channels,
            vault: vault,
            treasury: treasury,
            penalty: CONTRADICTION_PENALTY,
            rewardBps: 1000
        });
    }

    /// @dev Roles as a deployment gives them; then the deployer keeps none.
    function wire() private {
        registry.setStakeVault(address(vault));
        channels.setSlaLedger(ledger);
        vault.grantRole(vault.SLASHER_ROLE(), address(ledger));
        vault.grantRole(vault.SLASHER_ROLE(), address(disputes));
        vault.grantRole(vault.SLASHER_ROLE(), address(contradictions));
        vault.grantRole(vault.LOCKER_ROLE(), address(disputes));
        channels.grantRole(channels.DISPUTE_ROLE(), address(disputes));
        ledger.grantRole(ledger.AUDITOR_ROLE(), auditor);
        address[4] memory administered = [address(vault), address(ledger), address(disputes), address(contradictions)];
        for (uint256 i = 0; i < administered.length; ++i) {
            StakeVault(administered[i]).grantRole(0x00, address(timelock));
            StakeVault(administered[i]).renounceRole(0x00, address(this));
        }
    }

    function addNodeKey() private {
        bytes memory proof = signed(NODE_KEY, registry.nodeKeyDigest(providerId, vm.addr(NODE_KEY)));
        vm.prank(owner);
        registry.addNodeKey(providerId, vm.addr(NODE_KEY), proof);
    }

    function rollBlock() internal {
        vm.roll(++_blockNumber);
    }

    /// @dev Gives an account tokens and lets a contract take them.
    function allow(address account, address spender, uint256 amount) internal {
        usdc.mint(account, amount);
        vm.prank(account);
        usdc.approve(spender, amount);
    }

    function stake(bytes32 subject, uint128 amount) internal {
        allow(address(this), address(vault), amount);
        vault.provision(subject, amount);
    }
}
