// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SignatureVerifier} from "../../src/SignatureVerifier.sol";
import {ForgeTest} from "../support/ForgeTest.sol";
import {Erc6492, Wallet, WalletFactory} from "../support/Wallets.sol";

/// @dev Every answer is yes or no: nothing that a signature holds is an error.
contract SignatureVerifierTest is ForgeTest {
    uint256 private constant KEY = 0xA11CE;
    bytes32 private constant DIGEST = keccak256("digest");

    SignatureVerifier private verifier = new SignatureVerifier();
    WalletFactory private factory = new WalletFactory();
    address private signer = vm.addr(KEY);

    function test_aKeySigns() public {
        vm.assertTrue(verifier.isValid(signer, DIGEST, signed(KEY, DIGEST)), "its own");
        vm.assertTrue(!verifier.isValid(signer, keccak256("other"), signed(KEY, DIGEST)), "another digest");
        vm.assertTrue(!verifier.isValid(address(0), DIGEST, new bytes(65)), "the zero signature of nobody");
        vm.assertTrue(!verifier.isValid(signer, DIGEST, ""), "nothing");
    }

    function test_aHighSIsRefused() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, DIGEST);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory high = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        vm.assertTrue(!verifier.isValid(signer, DIGEST, high), "malleable");
    }

    function test_aKeyThatDelegatedToCodeStillSigns() public {
        vm.etch(signer, hex"ef01000000000000000000000000000000000000000001");
        vm.assertTrue(verifier.isValid(signer, DIGEST, signed(KEY, DIGEST)), "by its key");
    }

    function test_aWrappedSignatureOfADeployedWalletCallsNobody() public {
        Wallet wallet = new Wallet(signer);
        bytes memory wrapped = Erc6492.wrap(address(0xDEAD), "", signed(KEY, DIGEST));
        vm.assertTrue(verifier.isValid(address(wallet), DIGEST, wrapped), "inner signature");
    }

    function test_aFactoryThatFailsOrDeploysAnotherMeansNo() public {
        bytes memory inner = signed(KEY, DIGEST);
        address wallet = factory.addressOf(signer, "salt");
        bytes memory refusing = Erc6492.wrap(address(factory), abi.encodeCall(WalletFactory.refuse, ()), inner);
        vm.assertTrue(!verifier.isValid(wallet, DIGEST, refusing), "reverts");
        bytes memory other =
            Erc6492.wrap(address(factory), abi.encodeCall(WalletFactory.deploy, (signer, "other")), inner);
        vm.assertTrue(!verifier.isValid(wallet, DIGEST, other), "another wallet");
        vm.assertTrue(!verifier.isValid(wallet, DIGEST, Erc6492.wrap(address(0xDEAD), "", inner)), "no factory");
    }

    function test_malformedWrappingsMeanNo() public {
        bytes memory suffix = abi.encodePacked(Erc6492.SUFFIX);
        no(suffix);
        no(abi.encodePacked(new bytes(95), suffix));
        no(abi.encodePacked(abi.encode(address(factory), type(uint256).max, uint256(96)), suffix));
        no(abi.encodePacked(abi.encode(address(factory), uint256(64), type(uint256).max), suffix));
        no(abi.encodePacked(abi.encode(address(factory), uint256(96), uint256(96), type(uint256).max), suffix));
    }

    function test_aPrecompileThatEchoesTheCallSignsNothing() public {
        for (uint160 precompile = 1; precompile <= 0x11; precompile++) {
            vm.assertTrue(!verifier.isValid(address(precompile), bytes32(uint256(0x9ad)), hex"0592"), "no wallet there");
        }
    }

    function testFuzz_neverReverts(address account, bytes32 digest, bytes calldata body) public {
        vm.assertTrue(!verifier.isValid(account, digest, abi.encodePacked(body, Erc6492.SUFFIX)), "wrapped noise");
        vm.assertTrue(!verifier.isValid(account, digest, body), "noise");
    }

    function no(bytes memory signature) private {
        vm.assertTrue(!verifier.isValid(signer, DIGEST, signature), "malformed");
    }
}
