/**
 * Whether a work receipt is the one that was ordered: the node's own signature, and every field that the intent fixed.
 *
 * A receipt that fails is treated as if it had not come, with the reason kept for the log and for the node.
 */
import {
  bytes32ToAddress,
  bytesToHex,
  decodeStruct,
  fault,
  isHashSignedBy,
  structHashBytes,
  type Hex,
  type Signed,
  type SignedWork,
  type SigningDomain,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { AttemptSeen, Intent } from '../ports.ts'

/** Form only. Throws `invalid_input` naming the field when it is no work receipt at all. */
export function decodeSignedWork({ work, signature }: SignedWork): Signed<WorkReceipt> {
  return { value: decodeStruct('WorkReceipt', work), signature: signature as Hex }
}

/** Of receipts that are looked at more than once: signed, billed and confirmed by the same hash. */
const hashes = new WeakMap<WorkReceipt, Uint8Array>()

function hashBytesOf(work: WorkReceipt): Uint8Array {
  let hash = hashes.get(work)
  if (!hash) hashes.set(work, (hash = structHashBytes('WorkReceipt', work)))
  return hash
}

/** The struct hash of a work receipt, computed once for each. */
export const workHashOf = (work: WorkReceipt): Hex => bytesToHex(hashBytesOf(work))

/** Why the node did not sign this, or null when it did. */
export function notSignedBy(nodeId: Hex, work: Signed<WorkReceipt>, domain: SigningDomain): string | null {
  if (work.value.nodeId !== nodeId) return 'the receipt names another node'
  const isSigned = isHashSignedBy(domain, hashBytesOf(work.value), work.signature, bytes32ToAddress(nodeId))
  return isSigned ? null : 'the receipt is not signed by the node key'
}

/** Why this is not what was ordered, or null. `requestHash` null: not known any more, which is so after a restart. */
export function workMismatch(work: WorkReceipt, intent: Intent, requestHash: Hex | null): string | null {
  if (work.requestId !== intent.requestIdHash || work.attempt !== intent.attempt) return 'another request or attempt'
  if (work.nodeId !== intent.nodeId) return 'another node than the one it was sent to'
  if (work.channelId !== intent.channelId) return 'another channel'
  if (work.termsHash !== intent.termsHash) return 'other terms'
  if (work.modelHash !== intent.modelHash) return 'another model'
  if (requestHash !== null && work.requestHash !== requestHash) return 'another request body'
  if (work.tokensOut > intent.tokensOutMax) return 'more output tokens than were ordered'
  return null
}

/** A whole answer must be the one that the node signs: else its signature proves something that nobody received. */
export function outputMismatch(work: WorkReceipt, seen: AttemptSeen): string | null {
  if (seen.fault !== fault.none || work.outputHash === seen.outputHash) return null
  return 'another output than the one that was handed on'
}
