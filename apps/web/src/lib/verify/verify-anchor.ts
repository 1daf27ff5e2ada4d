/**
 * Asks the chain from this browser what it holds for an epoch, and whether it takes a receipt's proof.
 *
 * First whether it is that chain, with a contract at that address: an answer from anywhere else says nothing, and the
 * reader is told which of the two is wrong.
 */
import type { InclusionView } from '@isochrone/services'
import { createPublicClient, http, parseAbi, type Hex, type PublicClient } from 'viem'
import { invalid, unverifiable, valid, type BrowserCheck } from '../page/browser-check.ts'
import { formatCount, shortHash } from '../words/format.ts'
import { checkNames } from './receipt-check-names.ts'

export interface AnchorPlace {
  /** Reachable from a browser. */
  rpcUrl: string
  /** Which chain it must be. */
  chainId: number
  receiptAnchor: Hex
}

/** What the chain holds. */
export interface Anchored {
  root: Hex
  count: bigint
  sum: bigint
}

/** What the contract says, or a sentence on why it said nothing. */
export type Answer<T> = { value: T; problem?: undefined } | { problem: string }

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
  const answer = await anchoredOf({ lane, epoch }, place)
  if (answer.problem !== undefined) return unverifiable(name, answer.problem)
  const { root, count } = answer.value
  const asked = hostOf(place)
  if (BigInt(root) === 0n) return unverifiable(name, `Not anchored yet, says ${asked}.`)
  return root === inclusion.root
    ? valid(name, `Root ${shortHash(root)} over ${formatCount(count)} leaves, says ${asked}.`)
    : invalid(name, `${asked} says the root of epoch ${epoch} is ${shortHash(root)}.`)
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
  const taken = await ask(place, (client) =>
    client.readContract({ address: place.receiptAnchor, abi, functionName: 'verify', args }),
  )
  if (taken.problem !== undefined) return unverifiable(name, taken.problem)
  if (taken.value)
    return valid(name, `ReceiptAnchor finds leaf ${shortHash(leaf)} under its root, says ${hostOf(place)}.`)
  // It takes no proof of an epoch that was never anchored.
  const anchored = await anchoredOf({ lane, epoch }, place)
  if (anchored.problem !== undefined) return unverifiable(name, anchored.problem)
  return BigInt(anchored.value.root) === 0n
    ? unverifiable(name, `Not anchored yet, says ${hostOf(place)}.`)
    : invalid(name, `ReceiptAnchor does not find leaf ${shortHash(leaf)} under its root, says ${hostOf(place)}.`)
}

/** A root of zero: never anchored. */
export async function anchoredOf(
  { lane, epoch }: { lane: string; epoch: number },
  place: AnchorPlace,
): Promise<Answer<Anchored>> {
  const args = [lane as Hex, BigInt(epoch)] as const
  return ask(place, (client) =>
    client.readContract({ address: place.receiptAnchor, abi, functionName: 'anchorOf', args }),
  )
}

export const hostOf = ({ rpcUrl }: AnchorPlace): string => new URL(rpcUrl, globalThis.location?.href).host

async function ask<T>(place: AnchorPlace, question: (client: PublicClient) => Promise<T>): Promise<Answer<T>> {
  const { rpcUrl, chainId, receiptAnchor: address } = place
  const client = createPublicClient({ transport: http(rpcUrl, { timeout: TIMEOUT_MS, retryCount: 0 }) })
  // Side by side: a reader waits once.
  const [id, code, answer] = await Promise.allSettled([
    client.getChainId(),
    client.getCode({ address }),
    question(client),
  ])
  const asked = hostOf(place)
  if (id.status === 'rejected' || code.status === 'rejected') {
    return { problem: `The chain could not be asked at ${asked} from here. Sign in, or use verify-epoch.` }
  }
  if (id.value !== chainId)
    return { problem: `${asked} is an endpoint of chain ${id.value}, and this is on chain ${chainId}.` }
  if ((code.value ?? '0x') === '0x') {
    return { problem: `${asked} has no contract at ${address}, where ReceiptAnchor of chain ${chainId} should be.` }
  }
  if (answer.status === 'fulfilled') return { value: answer.value }
  return { problem: `What is at ${address} does not answer as ReceiptAnchor would, says ${asked}.` }
}
