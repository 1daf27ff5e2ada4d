/** The names of a receipt's checks, apart from the checks: a page shows them before the code that checks is there. */
import type { ReceiptView } from '@isochrone/services'

export const checkNames = {
  delivery: 'Delivery receipt signed by the gateway',
  work: 'Work receipt signed by the node',
  terms: 'Terms have the hash that was signed',
  price: 'Price follows from the terms',
  inclusion: 'Included in the epoch’s Merkle root',
  workInclusion: 'Work receipt included too',
  anchor: 'The chain holds this root',
} as const

/** In the order in which they are made. */
export function receiptCheckNames(receipt: Pick<ReceiptView, 'work'>, asksChain: boolean): string[] {
  const { delivery, work, terms, price, inclusion, workInclusion, anchor } = checkNames
  return [
    delivery,
    work,
    terms,
    price,
    inclusion,
    ...(receipt.work ? [workInclusion] : []),
    ...(asksChain ? [anchor] : []),
  ]
}
