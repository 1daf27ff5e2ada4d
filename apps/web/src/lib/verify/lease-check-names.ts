/** What is checked of a lease's receipts, in order; apart from the checks, which load with viem. */
export const leaseCheckNames = {
  lane: 'Signed by the gateway',
  node: 'Signed by the node',
  spans: 'No time billed twice',
  sum: 'Sum of the receipts',
} as const

/** Receipts that a lease's page has at most. */
export const RECEIPTS_SHOWN = 100
