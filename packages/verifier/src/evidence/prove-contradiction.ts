/** Takes a contradiction that was found in epoch files to the contract that judges it. */
import {
  proveTwoDeliveries,
  proveTwoOutputs,
  proveWrongLeasePrice,
  proveWrongPrice,
  type ChainWriter,
  type ContradictionOutcome,
} from '@isochrone/contracts-client'
import { structHash } from '@isochrone/protocol'
import type { Contradiction } from './find-contradictions.ts'

/** Anyone may, and is paid a share. Safe to repeat: one that was proven before is an outcome without a receipt. */
export function proveContradiction(writer: ChainWriter, found: Contradiction): Promise<ContradictionOutcome> {
  switch (found.kind) {
    case 'wrong price':
      return proveWrongPrice(writer, found.receipt, found.terms)
    case 'wrong lease price':
      return proveWrongLeasePrice(writer, found.receipt, found.terms)
    case 'two deliveries':
      return proveTwoDeliveries(writer, found.receipts)
    case 'two outputs':
      return proveTwoOutputs(writer, found.receipts)
  }
}

/** The same for every pair that proves the same. */
export function nameOfContradiction(found: Contradiction): string {
  switch (found.kind) {
    case 'wrong price':
      return `${found.kind} ${structHash('DeliveryReceipt', found.receipt.value)}`
    case 'wrong lease price':
      return `${found.kind} ${structHash('LeaseReceipt', found.receipt.value)}`
    case 'two deliveries': {
      const { lane, seq } = found.receipts[0].value
      return `${found.kind} ${lane}:${seq}`
    }
    case 'two outputs': {
      const { nodeId, requestId, attempt } = found.receipts[0].value
      return `${found.kind} ${nodeId}:${requestId}:${attempt}`
    }
  }
}
