/** The tree of a large epoch gives proofs that hold; where there is none, a sentence says why. */
import { leafOfHash, merkleRoot, verifyMerkleProof, type Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { epochTree } from './epoch-tree.ts'

const lane = `0x${'1a'.repeat(32)}`
const hashOf = (kind: number, seq: number): Hex => `0x${(kind * 2 ** 32 + seq).toString(16).padStart(64, '0')}`

/** `deliveries` numbers with their work receipts, then `leases` numbers, read as the database gives them: by pages. */
function stored(deliveries: number, leases: number) {
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
        workHash: hashOf(1, seq),
      })),
    leaseHashesOfEpoch: async ({ afterSeq, limit }) =>
      seqs(afterSeq, limit, deliveries + 1, deliveries + leases).map((seq) => ({
        seq: BigInt(seq),
        hash: hashOf(3, seq),
      })),
  }
  return { readings, reads }
}

function leavesOf(deliveries: number, leases: number): Hex[] {
  const leaves: Hex[] = []
  for (let seq = 1; seq <= deliveries; seq++) {
    leaves.push(leafOfHash('DeliveryReceipt', hashOf(2, seq)), leafOfHash('WorkReceipt', hashOf(1, seq)))
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
  expect(readOnce).toBeLessThan(30)
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
