/** Written by contracts/tools/export-abis.ts from RecordPanels.sol; run that instead of editing this. */
export const recordPanelsAbi = [
  {
    type: 'constructor',
    inputs: [
      { name: 'disputes_', type: 'address', internalType: 'contract IDisputeManager' },
      { name: 'ledger_', type: 'address', internalType: 'contract ISlaLedger' },
      { name: 'registry_', type: 'address', internalType: 'contract IProviderRegistry' },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    name: 'caseOf',
    inputs: [
      { name: 'nodeId', type: 'bytes32', internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
    ],
    outputs: [
      {
        name: '',
        type: 'tuple',
        internalType: 'struct IRecordPanels.Case',
        components: [
          { name: 'members', type: 'address[3]', internalType: 'address[3]' },
          { name: 'drawBlock', type: 'uint64', internalType: 'uint64' },
          { name: 'upholding', type: 'uint8', internalType: 'uint8' },
          { name: 'dismissing', type: 'uint8', internalType: 'uint8' },
        ],
      },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'disputes',
    inputs: [],
    outputs: [{ name: '', type: 'address', internalType: 'contract IDisputeManager' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'draw',
    inputs: [
      { name: 'nodeId', type: 'bytes32', internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
    ],
    outputs: [{ name: 'drawn', type: 'bool', internalType: 'bool' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    name: 'hasVoted',
    inputs: [
      { name: 'nodeId', type: 'bytes32', internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
      { name: 'arbiter', type: 'address', internalType: 'address' },
    ],
    outputs: [{ name: '', type: 'bool', internalType: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    name: 'ledger',
    inputs: [],
    outputs: [{ name: '', type: 'address', internalType: 'contract ISlaLedger' }],
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
    name: 'rule',
    inputs: [
      { name: 'nodeId', type: 'bytes32', internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
      { name: 'upheld', type: 'bool', internalType: 'bool' },
      { name: 'reasonHash', type: 'bytes32', internalType: 'bytes32' },
    ],
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'event',
    name: 'RecordPanelArmed',
    inputs: [
      { name: 'nodeId', type: 'bytes32', indexed: true, internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', indexed: true, internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', indexed: true, internalType: 'uint64' },
      { name: 'drawBlock', type: 'uint64', indexed: false, internalType: 'uint64' },
    ],
    anonymous: false,
  },
  {
    type: 'event',
    name: 'RecordPanelDrawn',
    inputs: [
      { name: 'nodeId', type: 'bytes32', indexed: true, internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', indexed: true, internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', indexed: true, internalType: 'uint64' },
      { name: 'panel', type: 'address[3]', indexed: false, internalType: 'address[3]' },
      { name: 'rulingEndsAt', type: 'uint64', indexed: false, internalType: 'uint64' },
    ],
    anonymous: false,
  },
  {
    type: 'event',
    name: 'RecordVoteCast',
    inputs: [
      { name: 'nodeId', type: 'bytes32', indexed: true, internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', indexed: true, internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', indexed: true, internalType: 'uint64' },
      { name: 'arbiter', type: 'address', indexed: false, internalType: 'address' },
      { name: 'upheld', type: 'bool', indexed: false, internalType: 'bool' },
      { name: 'reasonHash', type: 'bytes32', indexed: false, internalType: 'bytes32' },
    ],
    anonymous: false,
  },
  { type: 'error', name: 'DrawTooEarly', inputs: [{ name: 'drawBlock', type: 'uint64', internalType: 'uint64' }] },
  { type: 'error', name: 'NotOnRecordPanel', inputs: [{ name: 'caller', type: 'address', internalType: 'address' }] },
  {
    type: 'error',
    name: 'RecordNotChallenged',
    inputs: [
      { name: 'nodeId', type: 'bytes32', internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
    ],
  },
  {
    type: 'error',
    name: 'RecordPanelStands',
    inputs: [
      { name: 'nodeId', type: 'bytes32', internalType: 'bytes32' },
      { name: 'lane', type: 'bytes32', internalType: 'bytes32' },
      { name: 'epoch', type: 'uint64', internalType: 'uint64' },
    ],
  },
  { type: 'error', name: 'RecordVoteStands', inputs: [{ name: 'arbiter', type: 'address', internalType: 'address' }] },
  {
    type: 'error',
    name: 'RosterTooSmall',
    inputs: [
      { name: 'size', type: 'uint256', internalType: 'uint256' },
      { name: 'min', type: 'uint256', internalType: 'uint256' },
    ],
  },
  { type: 'error', name: 'RulingOver', inputs: [{ name: 'rulingEndsAt', type: 'uint64', internalType: 'uint64' }] },
] as const
