/**
 * The Merkle tree of a closed epoch, rebuilt from stored receipts. An epoch never changes once it is whole, so the last
 * few trees are kept: a page that draws a proof would otherwise hash every receipt of the epoch each time.
 */
import { leafOfHash, merkleTree, type Hex, type MerkleTree } from '@isochrone/protocol'
import type { EvidenceReadings } from '../ports/evidence-readings.ts'
import type { EpochRow } from '../ports/rows.ts'

/** Above this many leaves a proof is built from the published epoch file instead of here. */
const LEAVES_MAX = 50_000
/** 50,000 leaves take 3.2 MB in the tree and about as much again in its index. */
const TREES_MAX = 4

export interface EpochTree {
  /** Null when the leaf is not in the epoch. */
  proofOf(leaf: Hex): Hex[] | null
}

const trees = new Map<string, EpochTree>()

/** Null while receipts of the epoch are still being stored, and when it is too large or does not give its root. */
export async function epochTree(evidence: EvidenceReadings, epoch: EpochRow): Promise<EpochTree | null> {
  const known = trees.get(epoch.root)
  if (known) return known
  if (epoch.count > BigInt(LEAVES_MAX)) return null
  const rows = await evidence.leafHashes(epoch.lane, epoch.epoch, LEAVES_MAX)
  const leaves: Hex[] = []
  for (const { deliveryHash, workHash } of rows) {
    leaves.push(leafOfHash('DeliveryReceipt', deliveryHash as Hex))
    if (workHash !== null) leaves.push(leafOfHash('WorkReceipt', workHash as Hex))
  }
  for (const hash of await evidence.leaseHashesOfEpoch(epoch.lane, epoch.epoch, LEAVES_MAX)) {
    leaves.push(leafOfHash('LeaseReceipt', hash as Hex))
  }
  if (BigInt(leaves.length) !== epoch.count) return null
  const tree = merkleTree(leaves)
  if (tree.root !== epoch.root) return null
  return keep(epoch.root, withIndex(tree, leaves))
}

function withIndex(tree: MerkleTree, leaves: readonly Hex[]): EpochTree {
  const places = new Map(leaves.map((leaf, index) => [leaf, index]))
  return {
    proofOf(leaf) {
      const place = places.get(leaf)
      return place === undefined ? null : tree.proofOf(place)
    },
  }
}

function keep(root: string, tree: EpochTree): EpochTree {
  const oldest = trees.size < TREES_MAX ? undefined : trees.keys().next().value
  if (oldest !== undefined) trees.delete(oldest)
  trees.set(root, tree)
  return tree
}
