/**
 * Mooncake's conversation trace as it was: its own times and lengths, its blocks as prefixes that can be cached.
 *
 * Turns of one conversation (equal second prefix: the first block is the service's own prompt) are one tenant and come
 * in at one gateway, drawn by the demand shares.
 */
import { prng } from '@isochrone/domain'
import type { TraceRequest } from '../data/read-trace.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimRequest } from '../sim-types.ts'
import { subSeed } from '../sub-seed.ts'
import { gatewayAt } from './gateway-at.ts'
import { prefixChain } from './prefix-chain.ts'
import { ttftSloMs } from './slo.ts'

export interface MooncakeWorkloadInput {
  trace: readonly TraceRequest[]
  market: Market
  seed: number
  /** Part of the trace, ms of its own time. Default all of it. */
  fromMs?: number
  horizonMs?: number
}

/** Requests in order of arrival, the first part of the trace at time 0. */
export function mooncakeWorkload(input: MooncakeWorkloadInput): SimRequest[] {
  const { trace, market, fromMs = 0, horizonMs = Infinity } = input
  const rng = prng(subSeed(input.seed, 'mooncake'))
  const chain = prefixChain()
  const conversations = new Map<number, { tenant: number; gateway: number }>()
  const part = trace.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + horizonMs)
  return part.map(({ atMs, tokensIn, tokensOut, blockIds }, index) => {
    const prefixHashes = chain.hashesOf(blockIds)
    const name = prefixHashes[1] ?? prefixHashes[0] ?? -1 - index
    let conversation = conversations.get(name)
    if (!conversation) {
      conversation = { tenant: conversations.size, gateway: gatewayAt(rng.unit(), market.demandShareByGateway) }
      conversations.set(name, conversation)
    }
    return {
      index,
      arriveMs: atMs - fromMs,
      ...conversation,
      tokensIn,
      tokensOut,
      prefixHashes,
      ttftSloMs: ttftSloMs(market, tokensIn),
      tpotSloMs: market.slo.tpotMs,
    }
  })
}
