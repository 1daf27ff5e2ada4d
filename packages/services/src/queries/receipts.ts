/** Receipts as pages show them: checked, with the Merkle proof of their place in the anchored epoch. */
import {
  decodeStruct,
  fault,
  bytesToHex,
  hexToBytes,
  keccak256,
  merkleProof,
  receiptLeaf,
  verifyMerkleProof,
  type Hex,
} from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ReadingsStore } from '../ports/control-plane-store.ts'
import type { EpochRow, ReceiptRow } from '../ports/rows.ts'
import { checkReceipt } from './check-receipt.ts'
import { epochOf, stageOf, type EpochsByKey } from './settlement.ts'
import type { Check } from './views/common.ts'
import type { InclusionView, NodeRef, ReceiptView } from './views/requests.ts'

/** Above this many receipts a proof is built from the published epoch file instead of here. */
const PROOF_LEAVES_MAX = 50_000
const DELIVERY_TAG = 2

const faultNames = ['none', 'provider', 'client', 'gateway', 'capacity'] as const satisfies (keyof typeof fault)[]

export async function receiptViews(
  { store, chain }: Pick<ControlPlaneDeps, 'store' | 'chain'>,
  receipts: readonly ReceiptRow[],
  epochs: EpochsByKey,
  nodes: ReadonlyMap<string, NodeRef>,
): Promise<ReceiptView[]> {
  const domain = { chainId: chain.chainId, verifyingContract: chain.channels }
  const terms = await store.providers.terms([...new Set(receipts.map(termsHashIn))])
  const views: ReceiptView[] = []
  for (const row of receipts) {
    const epoch = epochOf(epochs, row)
    const inclusion = epoch && (await inclusionOf(store.readings, row, epoch))
    const checks = checkReceipt(domain, row, terms.get(termsHashIn(row)) ?? null)
    views.push({
      lane: row.lane,
      seq: Number(row.seq),
      attempt: row.attempt,
      node: nodes.get(row.nodeId) ?? null,
      nodeId: row.nodeId,
      deliveryHash: row.deliveryHash,
      workHash: row.workHash,
      priceMicroUsd: row.priceMicroUsd,
      fault: faultNames[row.fault] ?? 'none',
      delivery: fieldsOf(row.delivery) ?? {},
      deliverySignature: row.deliverySignature,
      work: fieldsOf(row.work),
      workSignature: row.workSignature,
      checks: [...checks, inclusionCheck(inclusion)],
      settlement: stageOf(epochs, row),
      epoch: row.epoch === null ? null : Number(row.epoch),
      anchoredTx: epoch?.anchoredTx ?? null,
      claimedTx: epoch?.claimedTx ?? null,
      settledTx: epoch?.settledTx ?? null,
      inclusion,
    })
  }
  return views
}

async function inclusionOf(readings: ReadingsStore, row: ReceiptRow, epoch: EpochRow): Promise<InclusionView> {
  const leaf = leafOf(row)
  const root = epoch.root as Hex
  if (!leaf || epoch.count > BigInt(PROOF_LEAVES_MAX)) return { leaf: leaf ?? row.deliveryHash, root, proof: null }
  const hashes = await readings.deliveryHashes(row.lane, epoch.epoch, PROOF_LEAVES_MAX)
  const leaves = hashes.map((hash) => leafOfHash(hash as Hex))
  // While receipts of the epoch are still being stored, the tree is not whole.
  if (BigInt(leaves.length) !== epoch.count || !leaves.includes(leaf)) return { leaf, root, proof: null }
  return { leaf, root, proof: merkleProof(leaves, leaf) }
}

function inclusionCheck(inclusion: InclusionView | null): Check {
  const name = 'inclusion'
  if (!inclusion) return { name, verdict: 'unverifiable', detail: 'Its epoch is still open: nothing is anchored yet.' }
  if (!inclusion.proof) {
    return { name, verdict: 'unverifiable', detail: 'The epoch is not all here: build the proof from its epoch file.' }
  }
  return verifyMerkleProof(inclusion.root as Hex, inclusion.leaf as Hex, inclusion.proof as Hex[])
    ? { name, verdict: 'valid', detail: 'The receipt is in the Merkle root of its epoch.' }
    : { name, verdict: 'invalid', detail: 'The receipt is not in the Merkle root of its epoch.' }
}

/** From the receipt itself, so that a changed row cannot borrow another's place in the tree. */
function leafOf(row: ReceiptRow): Hex | null {
  try {
    return receiptLeaf('DeliveryReceipt', decodeStruct('DeliveryReceipt', row.delivery))
  } catch {
    return null
  }
}

/** The leaf of a delivery receipt by its struct hash: see `receiptLeaf`. */
function leafOfHash(hash: Hex): Hex {
  const buffer = new Uint8Array(64)
  buffer[31] = DELIVERY_TAG
  buffer.set(hexToBytes(hash), 32)
  return bytesToHex(keccak256(keccak256(buffer)))
}

function termsHashIn(row: ReceiptRow): string {
  const hash = fieldsOf(row.delivery)?.termsHash
  return typeof hash === 'string' ? hash : ''
}

function fieldsOf(json: unknown): Record<string, string | number> | null {
  return typeof json === 'object' && json !== null ? (json as Record<string, string | number>) : null
}
