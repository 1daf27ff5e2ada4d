/**
 * The Merkle tree of a closed epoch, rebuilt from stored receipts. An epoch never changes once it is whole, so the last
 * few trees are kept: a page that draws a proof would otherwise hash every receipt of the epoch each time.
 *
 * Rows are read a page at a time into one buffer. One tree is built at a time, whoever asks, so that memory stays bounded.
 */
import { hexToBytes, leafBytesOfHash, merkleTree, type Hex, type MerkleTree } from '@isochrone/protocol'
import type { EvidenceReadings } from '../ports/evidence-readings.ts'
import type { EpochRow } from '../ports/rows.ts'

export interface EpochTreeBounds {
  /**
   * A gateway closes an epoch at 100,000 numbers, each of two leaves at most; those that are signed while it closes are in
   * it too. Twice that, so that no epoch of a gateway of ours is above it.
   */
  leavesMax: number
  /** 96 bytes each, in the tree and in the order in which they were given: 58 MB. One tree is kept whatever its size. */
  leavesKept: number
  rowsAtOnce: number
}

const bounds: EpochTreeBounds = { leavesMax: 400_000, leavesKept: 600_000, rowsAtOnce: 5_000 }

export interface EpochTree {
  /** Null when the leaf is not in the epoch. */
  proofOf(leaf: Hex): Hex[] | null
}

/** `missing` is a sentence: why there is no tree. */
export type EpochTreeAnswer = { tree: EpochTree } | { tree: null; missing: string }

type Readings = Pick<EvidenceReadings, 'leafHashes' | 'leaseHashesOfEpoch'>
type Epoch = Pick<EpochRow, 'lane' | 'epoch' | 'root' | 'count'>

type AskForTree = (evidence: Readings, epoch: Epoch) => Promise<EpochTreeAnswer>

/** The tree under the root that the epoch's row names, built once for everybody who asks meanwhile. */
export const epochTree: AskForTree = makeEpochTree(bounds)

/** {@link epochTree} with bounds and a memory of its own. */
export function makeEpochTree({ leavesMax, leavesKept, rowsAtOnce }: EpochTreeBounds): AskForTree {
  const kept = new Map<string, { tree: EpochTree; leaves: number }>()
  const underWay = new Map<string, Promise<EpochTreeAnswer>>()
  let lastBuilt: Promise<unknown> = Promise.resolve()

  return async (evidence, epoch) => {
    const known = kept.get(epoch.root)
    if (known) {
      // The newest asked for stands last.
      kept.delete(epoch.root)
      kept.set(epoch.root, known)
      return { tree: known.tree }
    }
    const current = underWay.get(epoch.root)
    if (current) return current
    const answer = lastBuilt.then(() => build(evidence, epoch))
    lastBuilt = answer.catch(() => undefined)
    underWay.set(epoch.root, answer)
    try {
      return await answer
    } finally {
      underWay.delete(epoch.root)
    }
  }

  async function build(evidence: Readings, epoch: Epoch): Promise<EpochTreeAnswer> {
    const count = Number(epoch.count)
    if (count > leavesMax) {
      return absent(`The epoch has ${count} leaves, more than are built here. Build the proof from its epoch file.`)
    }
    const leaves = await leavesOf(evidence, epoch, { count, rowsAtOnce })
    if (leaves === null) {
      return absent('Not every receipt of the epoch is stored here, or more are. Build the proof from its epoch file.')
    }
    const tree = merkleTree(leaves)
    if (tree.root !== epoch.root) {
      return absent(
        'The receipts that are stored here do not give the root of the epoch. Compare them with its epoch file.',
      )
    }
    return { tree: keep(epoch.root, withIndex(tree, leaves), count) }
  }

  function keep(root: string, tree: EpochTree, leaves: number): EpochTree {
    kept.set(root, { tree, leaves })
    let held = 0
    for (const each of kept.values()) held += each.leaves
    for (const [oldest, each] of kept) {
      if (held <= leavesKept || oldest === root) break
      kept.delete(oldest)
      held -= each.leaves
    }
    return tree
  }
}

const absent = (missing: string): EpochTreeAnswer => ({ tree: null, missing })

/** Null when the rows are not as many leaves as the epoch has. */
async function leavesOf(
  evidence: Readings,
  { lane, epoch }: Epoch,
  { count, rowsAtOnce: limit }: { count: number; rowsAtOnce: number },
): Promise<Buffer | null> {
  const leaves = Buffer.alloc(count * 32)
  let filled = 0
  const add = (kind: Parameters<typeof leafBytesOfHash>[0], hash: string): void => {
    if (filled < count) leaves.set(leafBytesOfHash(kind, hexToBytes(hash)), filled * 32)
    filled++
  }
  for (let afterSeq = 0n; filled <= count;) {
    const rows = await evidence.leafHashes({ lane, epoch, afterSeq, limit })
    for (const { seq, deliveryHash, workHash } of rows) {
      add('DeliveryReceipt', deliveryHash)
      if (workHash !== null) add('WorkReceipt', workHash)
      afterSeq = seq
    }
    if (rows.length < limit) break
  }
  for (let afterSeq = 0n; filled <= count;) {
    const rows = await evidence.leaseHashesOfEpoch({ lane, epoch, afterSeq, limit })
    for (const { seq, hash } of rows) {
      add('LeaseReceipt', hash)
      afterSeq = seq
    }
    if (rows.length < limit) break
  }
  return filled === count && count > 0 ? leaves : null
}

function withIndex(tree: MerkleTree, leaves: Buffer): EpochTree {
  return {
    proofOf(leaf) {
      const place = placeOf(leaves, Buffer.from(hexToBytes(leaf)))
      return place === null ? null : tree.proofOf(place)
    },
  }
}

/** The bytes of a leaf may also stand across two others. */
function placeOf(leaves: Buffer, leaf: Buffer): number | null {
  for (let at = leaves.indexOf(leaf); at >= 0; at = leaves.indexOf(leaf, at + 1)) {
    if (at % 32 === 0) return at / 32
  }
  return null
}
