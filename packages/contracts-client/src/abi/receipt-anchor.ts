/** Written by contracts/tools/export-abis.ts from ReceiptAnchor.sol; run that instead of editing this. */
export const receiptAnchorAbi = [
  {
    type: 'constructor',
    inputs: [{ name: 'registry_', type: 'address', internalType: 'contract IProviderRegistry' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    name: 'anchor',
    inputs: [
      {
        name: 'epochAnchor',
        type: 'tuple',
        internalType: 'struct IReceiptAnchor.EpochAnchor',
        components: [
          { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
          { name: 'epoch', type: 'uint64', internalType: 'uint64' },
          { name: 'root', type: 'bytes32', internalType: 'bytes32' },
          { name: 'count', type: 'uint64', internalType: 'uint64' },
          { name: 'sum', type: 'uint128', internalType: 'uint128' },
          { name: 'dataHash', type: 'bytes32', internalType: 'bytes32' },
        ],
      },
      { name: 'signature', type: 'bytes', internalType: 'bytes' },
    ],
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    name: 'anchorDigest',
    inputs: [
      {
        name: 'epochAnchor',
        type: 'tuple',
        internalType: 'struct IReceiptAnchor.EpochAnchor',
        components: [
          { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
          { name: 'epoch', type: 'uint64', internalType: 'uint64' },
          { name: 'root', type: 'bytes32', internalType: 'bytes32' },
          { name: 'count', type: 'uint64', internalType: 'uint64' },
          { name: 'sum', type: 'uint128', internalType: 'uint128' },
          { name: 'dataHash', type: 'bytes32', internalType: 'bytes32' },
        ],
      },
    ],
    outputs: [{ name: '', type: 'bytes32', internalType: 'bytes32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'anchorOf',
    inputs: [
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
    ],
    outputs: [
      {
        name: '',
        type: 'tuple',
        internalType: 'struct IReceiptAnchor.Anchored',
        components: [
          { name: 'root', type: 'bytes32', internalType: 'bytes32' },
          { name: 'anchoredAt', type: 'uint64', internalType: 'uint64' },
          { name: 'count', type: 'uint64', internalType: 'uint64' },
          { name: 'sum', type: 'uint128', internalType: 'uint128' },
          { name: 'dataHash', type: 'bytes32', internalType: 'bytes32' },
        ],
      },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'claimBasis',
    inputs: [
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
    ],
    outputs: [
      { name: 'root', type: 'bytes32', internalType: 'bytes32' },
      { name: 'anchoredAt', type: 'uint64', internalType: 'uint64' },
      { name: 'laneSum', type: 'uint128', internalType: 'uint128' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'eip712Domain',
    inputs: [],
    outputs: [
      { name: 'fields', type: 'bytes1', internalType: 'bytes1' },
      { name: 'name', type: 'string', internalType: 'string' },
      { name: 'version', type: 'string', internalType: 'string' },
      { name: 'chainId', type: 'uint256', internalType: 'uint256' },
      { name: 'verifyingContract', type: 'address', internalType: 'address' },
      { name: 'salt', type: 'bytes32', internalType: 'bytes32' },
      { name: 'extensions', type: 'uint256[]', internalType: 'uint256[]' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'registry',
    inputs: [],
    outputs: [{ name: '', type: 'address', internalType: 'contract IProviderRegistry' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'totalsOf',
    inputs: [{ name: 'lane', type: 'bytes32', internalType: 'bytes32' }],
    outputs: [
      {
        name: '',
        type: 'tuple',
        internalType: 'struct IReceiptAnchor.LaneTotals',
        components: [
          { name: 'lastEpoch', type: 'uint64', internalType: 'uint64' },
          { name: 'epochs', type: 'uint64', internalType: 'uint64' },
          { name: 'sum', type: 'uint128', internalType: 'uint128' },
        ],
      },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'verify',
    inputs: [
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
      { name: 'leaf', type: 'bytes32', internalType: 'bytes32' },
      { name: 'proof', type: 'bytes32[]', internalType: 'bytes32[]' },
    ],
    outputs: [{ name: '', type: 'bool', internalType: 'bool' }],
    stateMutability: 'view',
  },
  { type: 'event', name: 'EIP712DomainChanged', inputs: [], anonymous: false },
  {
    type: 'event',
    name: 'EpochAnchored',
    inputs: [
      { name: 'lane', type: 'bytes32', indexed: true, internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', indexed: true, internalType: 'uint64' },
      { name: 'root', type: 'bytes32', indexed: false, internalType: 'bytes32' },
      { name: 'count', type: 'uint64', indexed: false, internalType: 'uint64' },
      { name: 'sum', type: 'uint128', indexed: false, internalType: 'uint128' },
      { name: 'dataHash', type: 'bytes32', indexed: false, internalType: 'bytes32' },
      { name: 'laneSum', type: 'uint128', indexed: false, internalType: 'uint128' },
    ],
    anonymous: false,
  },
  {
    type: 'error',
    name: 'EmptyEpoch',
    inputs: [
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
    ],
  },
  {
    type: 'error',
    name: 'EpochAlreadyAnchored',
    inputs: [
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
      { name: 'root', type: 'bytes32', internalType: 'bytes32' },
    ],
  },
  {
    type: 'error',
    name: 'EpochNotIncreasing',
    inputs: [
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
      { name: 'lastEpoch', type: 'uint64', internalType: 'uint64' },
    ],
  },
  {
    type: 'error',
    name: 'InvalidAnchorSignature',
    inputs: [{ name: 'lane', type: 'bytes32', internalType: 'bytes32' }],
  },
  { type: 'error', name: 'InvalidShortString', inputs: [] },
  { type: 'error', name: 'LaneNotActive', inputs: [{ name: 'lane', type: 'bytes32', internalType: 'bytes32' }] },
  { type: 'error', name: 'StringTooLong', inputs: [{ name: 'str', type: 'string', internalType: 'string' }] },
] as const
