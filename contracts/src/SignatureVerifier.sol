// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISignatureVerifier} from "./interfaces/ISignatureVerifier.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title  SignatureVerifier
/// @notice See {ISignatureVerifier}. Holds nothing and has no role anywhere: anyone can make it call anything.
contract SignatureVerifier is ISignatureVerifier {
    /// @dev ERC-6492: what a signature of a contract that is not deployed yet ends with.
    bytes32 private constant MAGIC_SUFFIX = 0x6492649264926492649264926492649264926492649264926492649264926492;

    /// @dev Three words before the tails: factory, offset of its calldata, offset of the inner signature.
    uint256 private constant HEAD_BYTES = 96;

    /// @inheritdoc ISignatureVerifier
    function isValid(address signer, bytes32 digest, bytes calldata signature) external returns (bool) {
        uint256 length = signature.length;
        if (length < 32 || bytes32(signature[length - 32:]) != MAGIC_SUFFIX) {
            return _isValidNow(signer, digest, signature);
        }
        bytes calldata wrapped = signature[:length - 32];
        (bool isThere, bytes calldata factoryCall) = _tailAt(wrapped, 32);
        (bool isThereToo, bytes calldata inner) = _tailAt(wrapped, 64);
        if (!isThere || !isThereToo) return false;

        // A factory that fails, or that is no contract, leaves the signer without code: the answer is no, not an error.
        if (signer.code.length == 0) _callFactory(wrapped, factoryCall);
        return signer.code.length > 0 && _isValidNow(signer, digest, inner);
    }

    /// @dev The key first: an account whose key delegated to code (EIP-7702) still signs by its key. Without code nobody
    /// is asked: the identity precompile answers a call with the call, whose first word is the magic value if the digest
    /// begins with 28 zero bytes.
    function _isValidNow(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length > 0 && SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    function _callFactory(bytes calldata wrapped, bytes calldata data) private {
        address factory = address(uint160(uint256(bytes32(wrapped[:32]))));
        (bool isDone,) = factory.call(data);
        isDone; // Whether the signer is there now says it.
    }

    /// @dev `abi.decode` reverts for offsets that lead outside; what a signature holds must never be an error.
    function _tailAt(bytes calldata wrapped, uint256 head) private pure returns (bool isThere, bytes calldata tail) {
        tail = wrapped[:0];
        if (wrapped.length < HEAD_BYTES) return (false, tail);
        uint256 offset = uint256(bytes32(wrapped[head:head + 32]));
        if (offset > wrapped.length - 32) return (false, tail);
        uint256 length = uint256(bytes32(wrapped[offset:offset + 32]));
        if (length > wrapped.length - 32 - offset) return (false, tail);
        return (true, wrapped[offset + 32:offset + 32 + length]);
    }
}
