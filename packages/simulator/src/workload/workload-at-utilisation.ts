/**
 * A trace's own arrivals and lengths, scaled to a utilisation of a fleet.
 *
 * Scaling is by superposition: copies of the trace, each begun at another seeded place of it (and run on from its start
 * where it ends), so that each copy keeps its bursts and its order and no time is compressed. The last copy is thinned
 * by the seed until the asked utilisation is met to within one request. A copy is a tenant, and comes in at one gateway:
 * copies are dealt to gateways so that each has its share of demand as nearly as whole copies allow.
 */
import { AppError, prng, type Prng } from '@isochrone/domain'
import type { TraceRequest } from '../data/read-trace.ts'
import { shuffled } from '../draw.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimReplica, SimRequest } from '../sim-types.ts'
import { subSeed } from '../sub-seed.ts'
import { prefixChain } from './prefix-chain.ts'
import { ttftSloMs } from './slo.ts'
import { addWork, noWork, utilisationOfWork } from './utilisation.ts'

export interface WorkloadInput {
  trace: readonly TraceRequest[]
  fleet: readonly SimReplica[]
  market: Market
  /** Above 0; more than 1 is a backlog that grows. */
  util: number
  seed: number
  /** Arrivals lie in [0, horizonMs). */
  horizonMs: number
}

/** Enough for any fleet here; a trace too thin for the fleet is refused instead of copied without end. */
const copiesMax = 20_000
const noPrefix: readonly number[] = []
/** Copies are different users: none has a prefix of another's. */
const copyStride = 2 ** 32

interface Arrival {
  atMs: number
  tenant: number
  request: TraceRequest
}

/**
 * Requests in order of arrival.
 *
 * @throws AppError invalid_input when the utilisation is not a positive number or the trace is too thin to reach it
 */
export function workloadAtUtilisation(input: WorkloadInput): SimRequest[] {
  const { trace, fleet, market, util, horizonMs } = input
  if (!(util > 0 && util <= 100)) refuse('util', `expected a utilisation above 0, got ${util}`)
  if (trace.length === 0) refuse('trace', 'the trace holds no requests')
  refuseThinTrace(input)
  const rng = prng(subSeed(input.seed, 'workload'))
  const sums = noWork()
  const reached = () => utilisationOfWork(sums, fleet, horizonMs, market.slo.tpotMs) >= util
  const arrivals: Arrival[] = []
  let tenant = 0
  for (; !reached(); tenant++) {
    if (tenant >= 2 * copiesMax) refuse('trace', `the trace is too thin: ${tenant} copies do not reach ${util}`)
    const copy = shiftedCopy(rng, trace, horizonMs)
    const before = { ...sums }
    for (const { request } of copy) addWork(sums, request)
    let kept = copy
    if (reached()) {
      Object.assign(sums, before)
      kept = shuffled(rng, copy).filter(({ request }) => {
        if (reached()) return false
        addWork(sums, request)
        return true
      })
    }
    for (const { atMs, request } of kept) arrivals.push({ atMs, tenant, request })
  }
  arrivals.sort((a, b) => a.atMs - b.atMs || a.tenant - b.tenant)
  const gatewayOf = dealGateways(rng, tenant, market.demandShareByGateway)
  const chain = prefixChain()
  const hashes = new Map(trace.map((request) => [request, chain.hashesOf(request.blockIds)]))
  return arrivals.map(({ atMs, tenant: copy, request }, index) => ({
    index,
    arriveMs: atMs,
    tenant: copy,
    gateway: gatewayOf[copy] as number,
    tokensIn: request.tokensIn,
    tokensOut: request.tokensOut,
    prefixHashes: request.blockIds.length
      ? (hashes.get(request) ?? []).map((hash) => hash + copy * copyStride)
      : noPrefix,
    ttftSloMs: ttftSloMs(market, request.tokensIn),
    tpotSloMs: market.slo.tpotMs,
  }))
}

/** What a copy brings on average says how many are needed: better refused than copied for minutes. */
function refuseThinTrace({ trace, fleet, market, util }: WorkloadInput): void {
  const sums = noWork()
  for (const request of trace) addWork(sums, request)
  const copies = util / utilisationOfWork(sums, fleet, periodOf(trace), market.slo.tpotMs)
  if (copies > copiesMax) {
    refuse('trace', `the trace is too thin for this fleet: it would take ${Math.ceil(copies)} copies of it`)
  }
}

/** How long the trace lasts: the mean gap stands between its last request and the first of its next round. */
function periodOf(trace: readonly TraceRequest[]): number {
  const lastMs = trace.at(-1)?.atMs ?? 0
  return lastMs + Math.max(1, lastMs / trace.length)
}

/** The trace from a random place on, for `horizonMs`; it begins again where it ends. */
function shiftedCopy(rng: Prng, trace: readonly TraceRequest[], horizonMs: number) {
  const periodMs = periodOf(trace)
  const fromMs = rng.unit() * periodMs
  const copy: { atMs: number; request: TraceRequest }[] = []
  for (let round = 0; round * periodMs < fromMs + horizonMs; round++) {
    for (const request of trace) {
      const atMs = round * periodMs + request.atMs - fromMs
      if (atMs >= horizonMs) break
      if (atMs >= 0) copy.push({ atMs, request })
    }
  }
  return copy
}

/** The gateway of each copy: every next one goes to the gateway that is furthest below its share. */
function dealGateways(rng: Prng, copies: number, shares: readonly number[]): number[] {
  const dealt = shares.map(() => 0)
  const gateways = Array.from({ length: copies }, (_, n) => {
    const behind = shares.map((share, i) => share * (n + 1) - (dealt[i] as number))
    const gateway = behind.indexOf(Math.max(...behind))
    dealt[gateway] = (dealt[gateway] as number) + 1
    return gateway
  })
  return shuffled(rng, gateways)
}

function refuse(field: string, publicMessage: string): never {
  throw new AppError('invalid_input', { publicMessage, field })
}
