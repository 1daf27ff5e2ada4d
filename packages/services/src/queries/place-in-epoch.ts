/** A receipt's place under the root of its closed epoch, proved from the receipt itself. */
import { decodeStruct, leafOfHash, structHash, verifyMerkleProof, type Hex, type StructName } from '@isochrone/protocol'
import type { EvidenceReadings } from '../ports/evidence-readings.ts'
import type { EpochRow } from '../ports/rows.ts'
import { epochTree } from './epoch-tree.ts'
import type { InclusionView } from './views/requests.ts'

export type ProvenStruct = Extract<StructName, 'DeliveryReceipt' | 'WorkReceipt' | 'LeaseReceipt'>

export interface Place {
  inclusion: InclusionView
  /** Why there is no tree to look in; null where there was one. */
  missing: string | null
}

/** From the receipt itself, so that a changed row cannot borrow another's place in the tree. */
export async function placeInEpoch(
  evidence: Pick<EvidenceReadings, 'leafHashes' | 'leaseHashesOfEpoch'>,
  kind: ProvenStruct,
  json: unknown,
  epoch: EpochRow,
): Promise<Place> {
  const place = { root: epoch.root, leaves: Number(epoch.count) }
  const leaf = leafOf(kind, json)
  if (leaf === null) {
    return { inclusion: { ...place, leaf: '', proof: null }, missing: 'The receipt is malformed: it has no leaf.' }
  }
  const built = await epochTree(evidence, epoch)
  const inclusion = { ...place, leaf, proof: built.tree && built.tree.proofOf(leaf) }
  return { inclusion, missing: built.tree === null ? built.missing : null }
}

/** Whether the proof leads to the root. */
export function isIncluded({ root, leaf, proof }: InclusionView): boolean {
  return proof !== null && verifyMerkleProof(root as Hex, leaf as Hex, proof as Hex[])
}

function leafOf(kind: ProvenStruct, json: unknown): Hex | null {
  try {
    return leafOfHash(kind, structHash(kind, decodeStruct(kind, json)))
  } catch {
    return null
  }
}
