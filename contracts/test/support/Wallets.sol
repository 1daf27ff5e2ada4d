// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @dev A contract wallet (ERC-1271) whose signer can be changed, or taken away: what it signed before counts no more.
contract Wallet is IERC1271 {
    address public signer;

    constructor(address signer_) {
        signer = signer_;
    }

    function revoke() external {
        signer = address(0);
    }

    function rotate(address signer_) external {
        signer = signer_;
    }

    /// @dev As any wallet does what its signer says.
    function call(address target, bytes calldata data) external returns (bytes memory) {
        (bool isDone, bytes memory returned) = target.call(data);
        require(isDone, "the call failed");
        return returned;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(hash, signature);
        bool isValid = failure == ECDSA.RecoverError.NoError && signer != address(0) && recovered == signer;
        return isValid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @dev Deploys wallets at addresses that are known before.
contract WalletFactory {
    error Refused();

    function deploy(address signer, bytes32 salt) external returns (Wallet) {
        return new Wallet{salt: salt}(signer);
    }

    function refuse() external pure {
        revert Refused();
    }

    function addressOf(address signer, bytes32 salt) external view returns (address) {
        bytes32 codeHash = keccak256(abi.encodePacked(type(Wallet).creationCode, abi.encode(signer)));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), salt, codeHash)))));
    }
}

/// @dev ERC-6492: how the signature of a wallet that is not deployed yet is wrapped.
library Erc6492 {
    bytes32 internal constant SUFFIX = 0x6492649264926492649264926492649264926492649264926492649264926492;

    function wrap(address factory, bytes memory factoryCall, bytes memory inner) internal pure returns (bytes memory) {
        return abi.encodePacked(abi.encode(factory, factoryCall, inner), SUFFIX);
    }
}
