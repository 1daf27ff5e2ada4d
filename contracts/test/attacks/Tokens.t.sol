// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {StakeVault} from "../../src/StakeVault.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {Voucher} from "../../src/libraries/ReceiptHashes.sol";
import {World} from "../support/World.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @dev Calls whatever it was told to in the middle of each transfer, and remembers how that went.
contract ReentrantToken is ERC20 {
    address private _target;
    bytes private _call;
    uint256 public calls;
    uint256 public successes;

    constructor() ERC20("Reentrant", "RE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target == address(0)) return;
        ++calls;
        (bool isDone,) = _target.call(_call);
        if (isDone) ++successes;
    }
}

/// @dev Keeps a hundredth of each transfer.
contract FeeToken is ERC20 {
    constructor() ERC20("Fee", "FEE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        bool isTransfer = from != address(0) && to != address(0);
        super._update(from, to, isTransfer ? amount - amount / 100 : amount);
        if (isTransfer) super._update(from, address(0xFEE), amount / 100);
    }
}

contract TokenAttack is World {
    function setUp() public {
        buildWorld();
    }

    function test_aReentrantTokenFindsEveryDoorOfTheEscrowShut() public {
        ReentrantToken token = new ReentrantToken();
        PaymentChannels escrow =
            new PaymentChannels(address(this), token, registry, anchors, verifier, treasury, GRACE, THAW);
        // The token itself owns a channel with money that has thawed: the best position to take it twice from.
        bytes32 id = escrow.open(address(token), "own");
        token.mint(address(this), 100e6);
        token.approve(address(escrow), type(uint256).max);
        escrow.deposit(id, 50e6);
        vm.prank(address(token));
        escrow.requestWithdrawal(id, 50e6);
        pass(THAW);

        bytes[3] memory inner = [
            abi.encodeCall(IPaymentChannels.withdraw, (id, thief)),
            abi.encodeCall(IPaymentChannels.deposit, (id, 1)),
            abi.encodeCall(IPaymentChannels.credit, (id, 1))
        ];
        for (uint256 i = 0; i < inner.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            token.arm(address(escrow), inner[i]);
            vm.prank(address(token));
            vm.assertEq(escrow.withdraw(id, thief), 50e6);
            vm.assertEq(token.calls(), 1);
            vm.assertEq(token.successes(), 0, "nobody comes in while money goes out");
            vm.assertEq(token.balanceOf(thief), 50e6);
            vm.assertEq(escrow.liabilities(), 0);
            vm.revertToState(snapshot);
        }
        token.arm(address(escrow), abi.encodeCall(IPaymentChannels.withdraw, (id, thief)));
        escrow.deposit(id, 10e6);
        vm.assertEq(token.successes(), 0, "nor while money comes in");
        vm.assertGe(token.balanceOf(address(escrow)), escrow.liabilities(), "solvent");
    }

    function test_aReentrantTokenFindsTheVaultShut() public {
        ReentrantToken token = new ReentrantToken();
        IStakeVault.Deadlines memory deadlines = IStakeVault.Deadlines(FILING, STEP, STEP, STEP, STEP);
        StakeVault other = new StakeVault(address(this), token, registry, THAW, MARGIN, deadlines);
        other.grantRole(other.SLASHER_ROLE(), address(this));
        token.mint(address(this), 100e6);
        token.approve(address(other), type(uint256).max);
        other.provision(providerIds[0], 50e6);
        token.arm(address(other), abi.encodeCall(IStakeVault.provision, (providerIds[0], 1)));
        other.slash(providerIds[0], 20e6, treasury);
        other.provision(providerIds[0], 10e6);
        vm.assertEq(token.successes(), 0);
        vm.assertEq(other.liabilities(), 40e6);
    }

    function test_aTokenThatKeepsAFeeIsRefused() public {
        FeeToken token = new FeeToken();
        PaymentChannels escrow =
            new PaymentChannels(address(this), token, registry, anchors, verifier, treasury, GRACE, THAW);
        IStakeVault.Deadlines memory deadlines = IStakeVault.Deadlines(FILING, STEP, STEP, STEP, STEP);
        StakeVault other = new StakeVault(address(this), token, registry, THAW, MARGIN, deadlines);
        bytes32 id = escrow.open(payerOf(0), 0);
        token.mint(address(this), 100e6);
        token.approve(address(escrow), type(uint256).max);
        token.approve(address(other), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnexpectedTransferAmount.selector, 99e5, 1e7));
        escrow.deposit(id, 1e7);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.UnexpectedTransferAmount.selector, 99e5, 1e7));
        escrow.credit(id, 1e7);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.UnexpectedTransferAmount.selector, 99e5, 1e7));
        other.provision(providerIds[0], 1e7);
        vm.assertEq(escrow.liabilities(), 0);
        vm.assertEq(other.liabilities(), 0);
    }

    function test_aVoucherCannotBeClaimedTwiceFromWithinItsOwnSettlement() public {
        ReentrantToken token = new ReentrantToken();
        PaymentChannels escrow =
            new PaymentChannels(address(this), token, registry, anchors, verifier, treasury, GRACE, THAW);
        bytes32 id = escrow.open(payerOf(0), 0);
        token.mint(address(this), 100e6);
        token.approve(address(escrow), type(uint256).max);
        escrow.deposit(id, 50e6);
        escrow.setCeiling(id, 50e6, signed(PAYER_KEY, escrow.ceilingDigest(id, 50e6)));
        anchorRoot(0, 1, keccak256("root"), 1, 20e6);
        Voucher memory voucher = Voucher(id, providerIds[0], lanes[0], 1, 20e6, keccak256("root"), 0);
        bytes memory signature = signed(LANE_KEY, escrow.voucherDigest(voucher));
        escrow.claim(voucher, signature);
        pass(GRACE);
        token.arm(address(escrow), abi.encodeCall(IPaymentChannels.settle, (providerIds[0], lanes[0], epochList(1))));
        escrow.settle(providerIds[0], lanes[0], epochList(1));
        token.arm(address(escrow), abi.encodeCall(IPaymentChannels.claim, (voucher, signature)));
        escrow.deposit(id, 1e6);
        vm.assertEq(token.successes(), 0);
        vm.assertEq(token.balanceOf(payoutOf(0)) + token.balanceOf(treasury), 20e6, "paid out once");
        vm.assertGe(token.balanceOf(address(escrow)), escrow.liabilities(), "solvent");
    }
}
