/**
 * A span of a lease's time on the lane: what it costs by its terms, the node's signature under it, then the lane's own with
 * its number. Spans of one lease never overlap, and none costs more than what is held for it.
 */
import { AppError, invariant } from '@isochrone/domain'
import {
  bytes32Of,
  bytes32ToAddress,
  decodeStruct,
  documentHashOf,
  leasePriceMicroUsd,
  recoverStructSigner,
  termsHashOf,
  type Hex,
  type LeaseCommand,
  type LeaseReading,
  type LeaseReceipt,
  type SigningDomain,
  type Terms,
} from '@isochrone/protocol'
import type { LaneState } from './lane-state.ts'
import type { LaneWriter } from './lane-writer.ts'

export interface SignLeaseDeps {
  lane: Hex
  state: LaneState
  writer: LaneWriter
  /** Of receipts: PaymentChannels. */
  domain: SigningDomain
}

/** A reading for the node to sign: `seq` is 0. */
export interface LeaseSpan {
  reading: LeaseReceipt
  terms: Terms
  /** Of the lease, as the worker knew it, and with this span billed. µUSD. */
  reservedMicroUsd: bigint
  billedMicroUsd: bigint
}

/**
 * The time since the last reading, until `nowMs` and as far as it is paid for; null where there is none. `fromMs`: where the
 * node's own last reading ends, where that is later. Throws `invalid_input` on terms that are not what their hash says.
 */
export function leaseSpan(
  { lane, state }: SignLeaseDeps,
  command: LeaseCommand,
  asked: LeaseReading,
  { nowMs, fromMs = 0 }: { nowMs: number; fromMs?: number },
): LeaseSpan | null {
  const terms = checkedTerms(command)
  const leaseId = bytes32Of(command.leaseId)
  const from = Math.max(asked.servingSinceMs, state.leases.get(leaseId) ?? 0, fromMs)
  const reservedMicroUsd = BigInt(asked.reservedMicroUsd)
  const held = reservedMicroUsd - BigInt(asked.billedMicroUsd)
  const to = Math.min(Math.floor(nowMs), asked.untilMs)
  if (to <= from) return null
  const unpriced: LeaseReceipt = {
    channelId: command.channelId as Hex,
    leaseId,
    nodeId: command.nodeId as Hex,
    lane,
    seq: 0,
    termsHash: command.termsHash as Hex,
    fromMs: from,
    toMs: to,
    gpuMs: (to - from) * command.gpus,
    price: 0n,
  }
  const price = leasePriceMicroUsd(unpriced, terms)
  if (price > held) {
    throw new AppError('insufficient_balance', {
      publicMessage: `The time since the last reading costs ${price} µUSD; ${held} µUSD are held for the lease.`,
    })
  }
  const billedMicroUsd = BigInt(asked.billedMicroUsd) + price
  return { reading: { ...unpriced, price }, terms, reservedMicroUsd, billedMicroUsd }
}

/** Journals the span with both signatures. Throws `invalid_input` where the node did not sign it. */
export function signLease(
  { lane, state, writer, domain }: SignLeaseDeps,
  command: LeaseCommand,
  { reading, terms }: LeaseSpan,
  nodeSignature: Hex,
): { receipt: LeaseReceipt; durable: Promise<void> } {
  const signer = recoverStructSigner(domain, 'LeaseReceipt', { value: reading, signature: nodeSignature })
  if (signer !== bytes32ToAddress(reading.nodeId)) {
    throw new AppError('invalid_input', { publicMessage: 'The reading is not signed by the node key.' })
  }
  invariant(reading.fromMs >= (state.leases.get(reading.leaseId) ?? 0), 'readings of one lease do not overlap')
  if (!state.knowsTerms(reading.termsHash)) {
    // The journal keeps the order: whoever has the receipt has its terms.
    const { termsHash, terms: json, termsDocument: document } = command
    invariant(termsHashOf(terms) === termsHash, 'terms were checked')
    writer.write({ type: 'terms', termsHash, terms: json, document }).catch(() => undefined)
  }
  const { leaseId, orgId } = command
  return writer.writeLease({
    reading,
    nodeSignature,
    entryOf: (lease) => ({ type: 'lease-metered', lane, leaseId, orgId, lease }),
  })
}

function checkedTerms({ terms: json, termsDocument, termsHash }: LeaseCommand): Terms {
  const terms = decodeStruct('Terms', json)
  if (termsHashOf(terms) === termsHash && documentHashOf(termsDocument) === terms.documentHash) return terms
  throw new AppError('invalid_input', { publicMessage: 'The terms of the lease are not what their hash says.' })
}
