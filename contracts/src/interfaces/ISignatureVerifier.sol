// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title  ISignatureVerifier
/// @notice Whether an account signed a digest: a key (ECDSA, low s), a contract (ERC-1271), or a contract that is not
///         deployed yet (ERC-6492).
/// @dev    A contract of its own, which holds nothing and has no role anywhere, because ERC-6492 makes it call an
///         address of the signature's choosing. Never fold it into a contract that owns a token or a role.
interface ISignatureVerifier {
    /// @dev Not a view: an ERC-6492 signature may deploy the signer. Never reverts for what a signature holds.
    /// @notice True when `signer` signed `digest`; false for any other signature. Anyone may ask.
    function isValid(address signer, bytes32 digest, bytes calldata signature) external returns (bool);
}
