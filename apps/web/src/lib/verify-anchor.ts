/** Asks the chain from this browser which root it holds for an epoch. */
import type { ReceiptView } from '@isochrone/services'
import { createPublicClient, http, parseAbi, type Hex } from 'viem'
import { invalid, unverifiable, valid, type BrowserCheck } from './browser-check.ts'
import { formatCount, shortHash } from './format.ts'
import { checkNames } from './receipt-check-names.ts'

export interface AnchorPlace {
  /** Reachable from a browser. */
  rpcUrl: string
  receiptAnchor: Hex
}

const abi = parseAbi([
  'struct Anchored { bytes32 root; uint64 anchoredAt; uint64 count; uint128 sum; }',
  'function anchorOf(bytes32 lane, uint64 epoch) view returns (Anchored)',
])
const TIMEOUT_MS = 8_000

export async function checkAnchor(
  { lane, epoch, inclusion }: Pick<ReceiptView, 'lane' | 'epoch' | 'inclusion'>,
  { rpcUrl, receiptAnchor }: AnchorPlace,
): Promise<BrowserCheck> {
  const name = checkNames.anchor
  if (!inclusion || epoch === null) return unverifiable(name, 'Its epoch is still open: nothing is anchored yet.')
  const client = createPublicClient({ transport: http(rpcUrl, { timeout: TIMEOUT_MS, retryCount: 0 }) })
  const anchored = await client
    .readContract({ address: receiptAnchor, abi, functionName: 'anchorOf', args: [lane as Hex, BigInt(epoch)] })
    .catch(() => null)
  const asked = new URL(rpcUrl, globalThis.location?.href).host
  if (!anchored)
    return unverifiable(name, `The chain could not be asked at ${asked} from here. Sign in, or use verify-epoch.`)
  if (BigInt(anchored.root) === 0n) return unverifiable(name, `Not anchored yet, says ${asked}.`)
  return anchored.root === inclusion.root
    ? valid(name, `Root ${shortHash(anchored.root)} over ${formatCount(anchored.count)} leaves, says ${asked}.`)
    : invalid(name, `${asked} says the root of epoch ${epoch} is ${shortHash(anchored.root)}.`)
}
