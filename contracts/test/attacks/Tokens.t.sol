// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PaymentChannels} from "../../src/PaymentChannels.sol";
import {StakeVault} from "../../src/StakeVault.sol";
import {IPaymentChannels} from "../../src/interfaces/IPaymentChannels.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {World} from "../support/World.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

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
}
