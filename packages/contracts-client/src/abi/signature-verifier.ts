/** Written by contracts/tools/export-abis.ts from SignatureVerifier.sol; run that instead of editing this. */
export const signatureVerifierAbi = [
  {
    type: 'function',
    name: 'isValid',
    inputs: [
      { name: 'signer', type: 'address', internalType: 'address' },
      { name: 'digest', type: 'bytes32', internalType: 'bytes32' },
      { name: 'signature', type: 'bytes', internalType: 'bytes' },
    ],
    outputs: [{ name: '', type: 'bool', internalType: 'bool' }],
    stateMutability: 'nonpayable',
  },
] as const
