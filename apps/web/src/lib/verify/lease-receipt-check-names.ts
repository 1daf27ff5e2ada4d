/** What is checked of a lease receipt, in order; apart from the checks, which load with viem. */
import { checkNames } from './receipt-check-names.ts'

export const leaseReceiptCheckNames = {
  lane: 'Signed by the gateway',
  node: 'Signed by the node',
  terms: checkNames.terms,
  price: checkNames.price,
  inclusion: checkNames.inclusion,
  anchor: checkNames.anchor,
  taken: 'The contract takes the proof',
} as const
