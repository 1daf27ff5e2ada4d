/** What is checked of an epoch's anchor, in order; apart from the checks, which load with viem. */
export const epochCheckNames = {
  signature: 'Signed by the gateway lane',
  shown: 'What is shown is what was signed',
  chain: 'The chain holds the same',
} as const
