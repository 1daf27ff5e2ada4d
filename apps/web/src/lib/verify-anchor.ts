/** Asks the chain from this browser what it holds for an epoch, and whether it takes a receipt's proof. */
import type { InclusionView } from '@isochrone/services'
import { createPublicClient, http, parseAbi, type Hex } from 'viem'
import { invalid, unverifiable, valid, type BrowserCheck } from './browser-check.ts'
import { formatCount, shortHash } from './format.ts'
import { checkNames } from './receipt-check-names.ts'

export interface AnchorPlace {
  /** Reachable from a browser. */
  rpcUrl: string
  receiptAnchor: Hex
}

/** What the chain holds; null where it could not be asked. */
export interface Anchored {
  root: Hex
  count: bigint
  sum: bigint
}

interface Placed {
  lane: string
  epoch: number | null
  inclusion: InclusionView | null
}

const abi = parseAbi([
  'struct Anchored { bytes32 root; uint64 anchoredAt; uint64 count; uint128 sum; }',
  'function anchorOf(bytes32 lane, uint64 epoch) view returns (Anchored)',
  'function verify(bytes32 lane, uint64 epoch, bytes32 leaf, bytes32[] proof) view returns (bool)',
])
const TIMEOUT_MS = 8_000

export async function checkAnchor({ lane, epoch, inclusion }: Placed, place: AnchorPlace): Promise<BrowserCheck> {
  const name = checkNames.anchor
  if (!inclusion || epoch === null) return unverifiable(name, 'Its epoch is still open: nothing is anchored yet.')
  const anchored = await anchoredOf({ lane, epoch }, place)
  if (!anchored) return notAsked(name, place)
  const asked = hostOf(place)
  if (BigInt(anchored.root) === 0n) return unverifiable(name, `Not anchored yet, says ${asked}.`)
  return anchored.root === inclusion.root
    ? valid(name, `Root ${shortHash(anchored.root)} over ${formatCount(anchored.count)} leaves, says ${asked}.`)
    : invalid(name, `${asked} says the root of epoch ${epoch} is ${shortHash(anchored.root)}.`)
}

/** The contract's own word on a proof. @param leaf hashed here, from the signed fields. */
export async function checkTaken(
  name: string,
  { lane, epoch, inclusion }: Placed,
  leaf: Hex,
  place: AnchorPlace,
): Promise<BrowserCheck> {
  if (!inclusion || epoch === null) return unverifiable(name, 'Its epoch is still open: nothing is anchored yet.')
  if (!inclusion.proof) return unverifiable(name, 'No proof can be built here: use the epoch file.')
  const args = [lane as Hex, BigInt(epoch), leaf, inclusion.proof as Hex[]] as const
  const taken = await clientOf(place)
    .readContract({ address: place.receiptAnchor, abi, functionName: 'verify', args })
    .catch(() => null)
  if (taken === null) return notAsked(name, place)
  if (taken) return valid(name, `ReceiptAnchor finds leaf ${shortHash(leaf)} under its root, says ${hostOf(place)}.`)
  const anchored = await anchoredOf({ lane, epoch }, place)
  return anchored && BigInt(anchored.root) === 0n
    ? unverifiable(name, `Not anchored yet, says ${hostOf(place)}.`)
    : invalid(name, `ReceiptAnchor does not find leaf ${shortHash(leaf)} under its root, says ${hostOf(place)}.`)
}

/** A root of zero: never anchored. Null where the chain could not be asked. */
export async function anchoredOf(
  { lane, epoch }: { lane: string; epoch: number },
  place: AnchorPlace,
): Promise<Anchored | null> {
  return clientOf(place)
    .readContract({
      address: place.receiptAnchor,
      abi,
      functionName: 'anchorOf',
      args: [lane as Hex, BigInt(epoch)],
    })
    .catch(() => null)
}

export function notAsked(name: string, place: AnchorPlace): BrowserCheck {
  return unverifiable(name, `The chain could not be asked at ${hostOf(place)} from here. Sign in, or use verify-epoch.`)
}

export const hostOf = ({ rpcUrl }: AnchorPlace): string => new URL(rpcUrl, globalThis.location?.href).host

function clientOf({ rpcUrl }: AnchorPlace) {
  return createPublicClient({ transport: http(rpcUrl, { timeout: TIMEOUT_MS, retryCount: 0 }) })
}
