/** Checks a performance record in the reader's own browser: who signed it, and whether its counts are under its root. */
import type { RecordDetail } from '@isochrone/services'
import { concat, keccak256, type Hex } from 'viem'
import { invalid, unverifiable, valid, type BrowserCheck } from '../page/browser-check.ts'
import { addressOf, shortHash } from '../words/format.ts'
import { COUNTS, LANE, NODE } from './record-check-names.ts'
import { leafOf, signerOf, structHashOf, type SigningDomain } from './signed-structs.ts'

/** @param domain its verifying contract is the SlaLedger. */
export async function verifyRecord(record: RecordDetail, domain: SigningDomain): Promise<BrowserCheck[]> {
  return [
    await signedBy(LANE, record, record.laneSignature, record.lane, domain),
    record.nodeSignature === null
      ? unverifiable(NODE, record.nodeReason ?? 'The node gave no answer: the challenge window is twice as long.')
      : await signedBy(NODE, record, record.nodeSignature, record.nodeId, domain),
    countsCheck(record),
  ]
}

async function signedBy(
  name: string,
  { record }: RecordDetail,
  signature: string,
  who: string,
  domain: SigningDomain,
): Promise<BrowserCheck> {
  const signer = await signerOf('PerformanceRecord', record, signature, domain)
  const key = addressOf(who)
  return signer === key
    ? valid(name, `Signature recovers to ${shortHash(key)}, chain ${domain.chainId}.`)
    : invalid(name, `Signature recovers to ${shortHash(signer ?? 'nobody')}, not to ${shortHash(key)}.`)
}

function countsCheck({ counts, record }: RecordDetail): BrowserCheck {
  const root = String(record.countsRoot)
  if (counts.length === 0) {
    return BigInt(root) === 0n
      ? valid(COUNTS, 'No sample counted in this epoch, and the root is zero.')
      : unverifiable(COUNTS, 'The counts are not at hand: see the epoch file.')
  }
  const reached = rootOver(counts.map(({ fields }) => leafOf('SlaCounts', structHashOf('SlaCounts', fields))))
  return reached === root
    ? valid(
        COUNTS,
        `${counts.length === 1 ? 'The counts below hash' : `The ${counts.length} counts below hash`} to root ${shortHash(root)}.`,
      )
    : invalid(COUNTS, `The counts below hash to ${shortHash(reached)}, not to ${shortHash(root)}.`)
}

/** The whole tree over sorted leaves, as the protocol builds it: a complete binary tree, pairs sorted. */
export function rootOver(leaves: readonly Hex[]): Hex {
  const sorted = leaves.toSorted()
  const tree: Hex[] = []
  sorted.forEach((leaf, i) => {
    tree[2 * sorted.length - 2 - i] = leaf
  })
  for (let i = sorted.length - 2; i >= 0; i--) {
    const pair = [tree[2 * i + 1] as Hex, tree[2 * i + 2] as Hex].toSorted()
    tree[i] = keccak256(concat(pair))
  }
  return tree[0] as Hex
}
