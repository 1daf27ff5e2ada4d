/** The tree of a large epoch gives proofs that hold; where there is none, a sentence says why. */
import { leafOfHash, merkleRoot, verifyMerkleProof, type Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { epochTree, makeEpochTree } from './epoch-tree.ts'

const lane = `0x${'1a'.repeat(32)}`
const hashOf = (kind: number, seq: number): Hex => `0x${(kind * 2 ** 32 + seq).toString(16).padStart(64, '0')}`

/** A node that never answered signed no work. */
type Silent = (seq: number) => boolean
const none: Silent = () => false

/** `deliveries` numbers with their work receipts, then `leases` numbers, read as the database gives them: by pages. */
function stored(deliveries: number, leases: number, silent = none) {
  const reads: number[] = []
  const seqs = (afterSeq: bigint, limit: number, from: number, to: number) => {
    const first = Math.max(from, Number(afterSeq) + 1)
    reads.push(limit)
    return Array.from({ length: Math.max(0, Math.min(limit, to - first + 1)) }, (_, index) => first + index)
  }
  const readings: Parameters<typeof epochTree>[0] = {
    leafHashes: async ({ afterSeq, limit }) =>
      seqs(afterSeq, limit, 1, deliveries).map((seq) => ({
        seq: BigInt(seq),
        deliveryHash: hashOf(2, seq),
        workHash: silent(seq) ? null : hashOf(1, seq),
      })),
    leaseHashesOfEpoch: async ({ afterSeq, limit }) =>
      seqs(afterSeq, limit, deliveries + 1, deliveries + leases).map((seq) => ({
        seq: BigInt(seq),
        hash: hashOf(3, seq),
      })),
  }
  return { readings, reads }
}

function leavesOf(deliveries: number, leases: number, silent = none): Hex[] {
  const leaves: Hex[] = []
  for (let seq = 1; seq <= deliveries; seq++) {
    leaves.push(leafOfHash('DeliveryReceipt', hashOf(2, seq)))
    if (!silent(seq)) leaves.push(leafOfHash('WorkReceipt', hashOf(1, seq)))
  }
  for (let seq = deliveries + 1; seq <= deliveries + leases; seq++)
    leaves.push(leafOfHash('LeaseReceipt', hashOf(3, seq)))
  return leaves
}

test('an epoch of 60,500 leaves is built once for all who ask, and every kind of leaf has a proof under its root', async () => {
  const [deliveries, leases] = [30_000, 500]
  const leaves = leavesOf(deliveries, leases)
  const epoch = { lane, epoch: 7n, root: merkleRoot(leaves), count: BigInt(leaves.length) }
  const { readings, reads } = stored(deliveries, leases)
  const answers = await Promise.all([1, 2, 3].map(() => epochTree(readings, epoch)))
  const readOnce = reads.length
  expect(Math.max(...reads)).toBeLessThanOrEqual(5_000)
  // Six pages of deliveries and the empty one after them, one page of leases.
  expect(readOnce).toBe(8)
  answers.push(await epochTree(readings, epoch))
  expect(reads.length).toBe(readOnce)
  for (const { tree } of answers) {
    for (const place of [0, 1, 43_210, leaves.length - 1]) {
      const leaf = leaves[place] as Hex
      const proof = tree?.proofOf(leaf) ?? []
      expect(proof.length).toBeGreaterThan(15)
      expect(verifyMerkleProof(epoch.root, leaf, proof)).toBe(true)
    }
    expect(tree?.proofOf(leafOfHash('DeliveryReceipt', hashOf(2, deliveries + 1)))).toBeNull()
  }
})

test('where rows are missing, too many or others, or the epoch is above every bound, the sentence says which', async () => {
  const leaves = leavesOf(30, 2)
  const epoch = { lane, epoch: 8n, root: merkleRoot(leaves), count: BigInt(leaves.length) }
  const missing = async (readings: Parameters<typeof epochTree>[0], asked = epoch) => {
    const answer = await epochTree(readings, asked)
    return answer.tree === null ? answer.missing : 'there is one'
  }
  expect(await missing(stored(29, 2).readings)).toContain('Not every receipt')
  expect(await missing(stored(30, 1).readings)).toContain('Not every receipt')
  expect(await missing(stored(31, 2).readings)).toContain('Not every receipt')
  expect(await missing(stored(30, 2).readings, { ...epoch, root: hashOf(9, 9) })).toContain('do not give the root')
  expect(await missing(stored(0, 0).readings, { ...epoch, count: 400_001n })).toContain('has 400001 leaves')
  const failing = { ...stored(30, 2).readings, leafHashes: () => Promise.reject(new Error('the database is away')) }
  await expect(epochTree(failing, epoch)).rejects.toThrow('the database is away')
  expect(await missing(stored(30, 2).readings)).toBe('there is one')
})

const bounds = { leavesMax: 400, leavesKept: 600, rowsAtOnce: 2 }
type Ask = ReturnType<typeof makeEpochTree>

function epochOf(deliveries: number, leases: number, silent = none) {
  const leaves = leavesOf(deliveries, leases, silent)
  return { leaves, epoch: { lane, epoch: 9n, root: merkleRoot(leaves), count: BigInt(leaves.length) } }
}
const saidBy = async (ask: Ask, readings: Parameters<Ask>[0], epoch: Parameters<Ask>[1]) => {
  const answer = await ask(readings, epoch)
  return answer.tree === null ? answer.missing : 'there is one'
}

test('receipts without work and leases over several pages each have a proof', async () => {
  const silent: Silent = (seq) => seq % 2 === 0
  const { leaves, epoch } = epochOf(5, 5, silent)
  const { tree } = await makeEpochTree(bounds)(stored(5, 5, silent).readings, epoch)
  for (const leaf of leaves) expect(verifyMerkleProof(epoch.root, leaf, tree?.proofOf(leaf) ?? [])).toBe(true)
  expect(tree?.proofOf(leafOfHash('WorkReceipt', hashOf(1, 2)))).toBeNull()
})

test('bytes across two leaves are no leaf', async () => {
  const { leaves, epoch } = epochOf(2, 0)
  const { tree } = await makeEpochTree(bounds)(stored(2, 0).readings, epoch)
  const [first, second] = leaves as [Hex, Hex]
  expect(tree?.proofOf(`0x${first.slice(34)}${second.slice(2, 34)}`)).toBeNull()
  expect(tree?.proofOf(second)).not.toBeNull()
})

test('rows beyond the epoch are noticed even where a page ends with its last leaf', async () => {
  const ask = makeEpochTree(bounds)
  const deliveries = epochOf(2, 0)
  expect(await saidBy(ask, stored(3, 0).readings, deliveries.epoch)).toContain('or more are')
  const leases = epochOf(0, 2)
  expect(await saidBy(ask, stored(0, 3).readings, leases.epoch)).toContain('or more are')
})

test('the largest epoch that is built has as many leaves as the bound, and an empty one has no tree', async () => {
  const { epoch } = epochOf(2, 0)
  const { readings } = stored(2, 0)
  expect(await saidBy(makeEpochTree({ ...bounds, leavesMax: 4 }), readings, epoch)).toBe('there is one')
  expect(await saidBy(makeEpochTree({ ...bounds, leavesMax: 3 }), readings, epoch)).toContain('has 4 leaves, more than')
  expect(await saidBy(makeEpochTree(bounds), stored(0, 0).readings, { ...epoch, count: 0n })).toContain('Not every')
})

/** Memory is bounded, and what pages ask for again is at hand: the tree that was longest not asked for goes. */
test('trees are kept up to the bound, and no more of them go than must', async () => {
  const ask = makeEpochTree({ ...bounds, leavesKept: 12 })
  /** Whether the receipts of the epoch with so many leaves had to be read. */
  const isRead = async (leaves: number) => {
    const { readings, reads } = stored(0, leaves)
    expect(await saidBy(ask, readings, epochOf(0, leaves).epoch)).toBe('there is one')
    return reads.length > 0
  }
  for (const first of [5, 4, 3]) expect(await isRead(first)).toBe(true)
  // All twelve are kept. The oldest is asked for again, so that the one of four is the next to go.
  expect(await isRead(5)).toBe(false)
  expect(await isRead(2)).toBe(true)
  for (const again of [3, 5, 2]) expect(await isRead(again)).toBe(false)
  expect(await isRead(4)).toBe(true)
  // One above the bound by itself is kept in place of all others, until the next.
  for (const [leaves, expected] of [
    [13, true],
    [13, false],
    [2, true],
    [13, true],
  ] as const) {
    expect(await isRead(leaves)).toBe(expected)
  }
})
