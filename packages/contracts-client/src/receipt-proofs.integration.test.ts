/**
 * Trees and proofs of TypeScript against the anchors' own check: a receipt that is in an epoch can be proven on the chain
 * from the epoch's file, however many stand beside it, and nothing else can.
 */
import { bytesToHex, keccak256, leafOfHash, merkleRoot, merkleTree, signStruct, type Hex } from '@isochrone/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPublicClient, http, type PublicClient } from 'viem'

import { receiptAnchorAbi } from './abi/receipt-anchor.ts'
import { anchorEpoch } from './actions/anchor-epoch.ts'
import { chainOfTests } from './testing/chain-of-tests.fixture.ts'
import { startTestChain, type TestChain } from './testing/start-test-chain.ts'
import { deployTestMarket, lane, laneKey, type TestMarket } from './testing/test-market.ts'

let chain: TestChain
let market: TestMarket
/** Many questions in one request. */
let reader: PublicClient
let epoch = 0

beforeAll(async () => {
  chain = await startTestChain(chainOfTests())
  market = await deployTestMarket(chain)
  await market.admitLane()
  reader = createPublicClient({ transport: http(chain.rpcUrl, { batch: { batchSize: 500 } }) })
})
afterAll(() => chain.stop())

const SIZES = Array.from({ length: 64 }, (_, index) => index + 1)

test('every leaf of every tree of 1 to 64 leaves is proven, and no other', { timeout: 240_000 }, async () => {
  for (const size of SIZES) {
    const { leaves, proofOf } = await anchored(size)
    await Promise.all(leaves.map(async (leaf, index) => expect(await isUnder(leaf, proofOf(index))).toBe(true)))
    const stranger = leavesOf(1, `beside ${size}`)[0] as Hex
    expect(await isUnder(stranger, proofOf(0))).toBe(false)
  }
})

/** About each power of two the shape of the tree changes. */
test.each([255, 256, 257, 1_023, 1_025, 4_097, 16_385])(
  'leaves of a tree of %i',
  { timeout: 240_000 },
  async (size) => {
    const { leaves, proofOf } = await anchored(size)
    const chosen = [0, 1, size >> 1, size - 2, size - 1]
    for (const index of chosen) {
      const [leaf, proof] = [leaves[index] as Hex, proofOf(index)]
      expect(await isUnder(leaf, proof)).toBe(true)
      expect(await isUnder(leaves[(index + 1) % size] as Hex, proof)).toBe(false)
      expect(await isUnder(leaf, proof.slice(0, -1))).toBe(false)
      expect(await isUnder(leaf, [...proof, leaf])).toBe(false)
      for (const place of [0, proof.length - 1]) {
        expect(await isUnder(leaf, proof.with(place, flipped(proof[place] as Hex)))).toBe(false)
      }
    }
  },
)

/** The next epoch of the lane, with this many receipts; `proofOf` as it is read from the epoch's file. */
async function anchored(size: number): Promise<{ leaves: Hex[]; proofOf: (index: number) => Hex[] }> {
  epoch += 1
  const leaves = leavesOf(size, `epoch ${epoch}`)
  const tree = merkleTree(leaves)
  const { root } = tree
  expect(merkleRoot(leaves)).toBe(root)
  const value = { lane, epoch, root, count: size, sum: 0n, dataHash: root, fromSeq: epoch, toSeq: epoch }
  const { chainId, addresses } = market.deployment
  const domain = { chainId, verifyingContract: addresses.anchor }
  await anchorEpoch(market.operator, signStruct(domain, 'EpochAnchor', value, laneKey))
  return { leaves, proofOf: (index) => tree.proofOf(index) }
}

function leavesOf(size: number, name: string): Hex[] {
  return Array.from({ length: size }, (_, index) =>
    leafOfHash('DeliveryReceipt', bytesToHex(keccak256(Buffer.from(`${name} ${index}`)))),
  )
}

function flipped(hex: Hex): Hex {
  return `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}` as Hex
}

/** In the epoch that was anchored last. */
function isUnder(leaf: Hex, proof: readonly Hex[]): Promise<boolean> {
  return reader.readContract({
    address: market.deployment.addresses.anchor,
    abi: receiptAnchorAbi,
    functionName: 'verify',
    args: [lane, BigInt(epoch), leaf, proof],
  })
}
