/** One fleet size: warms up, then times decisions one by one, then in batches. */
import type { Prng } from '@isochrone/domain'
import {
  createReplicaPool,
  decide,
  type AttemptWork,
  type Decision,
  type PlacementRequest,
  type ReplicaPool,
  type Tuning,
} from '@isochrone/scheduler'
import { makeFleet, makeOffer, report, type BenchReplica } from './fleet.ts'
import { makeRequests } from './requests.ts'

export interface BenchResult {
  replicas: number
  cells: number
  decisions: number
  p50Us: number
  p90Us: number
  p99Us: number
  p999Us: number
  meanUs: number
  decisionsPerSecond: number
  /** The same by the process's own CPU time: what a core does that nobody else uses. */
  decisionsPerCpuSecond: number
  /** Median cost of the timer, taken off each decision. */
  timerNs: number
  /** Median cost of a decision's record, which explains and replays it: gateways and the worker make one for each, apart. */
  recordP50Us: number
  /** Mean of one update: opened, first token, closed, report or changed offer. */
  updateNs: number
  placedShare: number
  meanSampled: number
  /** What was chosen: expected price, predicted time to the first token and per token, score. Means over the placed. */
  meanPriceMicroUsd: number
  meanTtftMs: number
  meanTpotMs: number
  meanScoreMicroUsd: number
}

const WARM_UP = 60_000
const BATCH = 64
const NOW_MS = 1_700_000_000_000
const REQUESTS = 20_000
/** Attempts in flight through this gateway. */
const IN_FLIGHT = 4_096
const OFFER_CHANGE_EVERY = 2_000
/** One record in so many decisions is timed, so that the rest find the memory as decisions leave it. */
const RECORD_EVERY = 64

export function measure(replicas: number, decisions: number, rng: Prng, tuning: Partial<Tuning> = {}): BenchResult {
  const world = createWorld(replicas, rng, tuning)
  const requests = makeRequests(REQUESTS, rng)
  const requestAt = (i: number): PlacementRequest => requests[i % REQUESTS] as PlacementRequest
  const step = (i: number): void => world.apply(decide(world.pool, requestAt(i), rng, world.nowMs()), requestAt(i))
  for (let i = 0; i < WARM_UP; i++) step(i)

  const timerNs = timerCost()
  const timed = new Float64Array(decisions)
  const records = new Float64Array(Math.ceil(decisions / RECORD_EVERY))
  let placed = 0
  let sampled = 0
  const sums = { price: 0, ttft: 0, tpot: 0, score: 0 }
  for (let i = 0; i < decisions; i++) {
    const request = requestAt(i)
    const nowMs = world.nowMs()
    const start = performance.now()
    const decision = decide(world.pool, request, rng, nowMs)
    timed[i] = Math.max(0, (performance.now() - start) * 1e6 - timerNs)
    if (decision.kind === 'placed') {
      const { scratch } = world.pool
      placed++
      sums.price += decision.priceMicroUsd
      sums.ttft += decision.ttftMs
      sums.tpot += decision.tpotMs
      sums.score += scratch.score[scratch.chosen] as number
    }
    sampled += world.pool.scratch.n
    if (i % RECORD_EVERY === 0) {
      const recordStart = performance.now()
      decision.record()
      records[i / RECORD_EVERY] = Math.max(0, (performance.now() - recordStart) * 1e6 - timerNs)
    }
    world.apply(decision, request)
  }
  const { decidingNs, cpuNs, updateNs } = inBatches(world, decisions, requestAt, rng)
  timed.sort()
  records.sort()
  const quantileUs = (of: Float64Array, share: number): number =>
    Math.round(of[Math.floor(share * (of.length - 1))] as number) / 1_000
  const at = (share: number): number => quantileUs(timed, share)
  const mean = (sum: number): number => Math.round((sum / Math.max(1, placed)) * 1_000) / 1_000
  return {
    replicas,
    cells: [...world.pool.index.cells()].length,
    decisions,
    p50Us: at(0.5),
    p90Us: at(0.9),
    p99Us: at(0.99),
    p999Us: at(0.999),
    meanUs: Math.round(timed.reduce((sum, ns) => sum + ns, 0) / decisions) / 1_000,
    decisionsPerSecond: Math.round(1e9 / decidingNs),
    decisionsPerCpuSecond: Math.round(1e9 / cpuNs),
    timerNs: Math.round(timerNs),
    recordP50Us: quantileUs(records, 0.5),
    updateNs: Math.round(updateNs),
    placedShare: placed / decisions,
    meanSampled: Math.round((sampled / decisions) * 10) / 10,
    meanPriceMicroUsd: mean(sums.price),
    meanTtftMs: mean(sums.ttft),
    meanTpotMs: mean(sums.tpot),
    meanScoreMicroUsd: mean(sums.score),
  }
}

function inBatches(
  world: World,
  decisions: number,
  requestAt: (i: number) => PlacementRequest,
  rng: Prng,
): { decidingNs: number; cpuNs: number; updateNs: number } {
  const made: Decision[] = []
  const updatesBefore = world.updates()
  let deciding = 0
  let updating = 0
  let cpuUs = 0
  let count = 0
  for (let from = 0; count < decisions; from += BATCH) {
    made.length = 0
    const nowMs = world.nowMs()
    const cpu = process.cpuUsage()
    const start = performance.now()
    for (let i = from; i < from + BATCH; i++) made.push(decide(world.pool, requestAt(i), rng, nowMs))
    const decided = performance.now()
    const used = process.cpuUsage(cpu)
    cpuUs += used.user + used.system
    const applying = performance.now()
    for (let i = 0; i < BATCH; i++) world.apply(made[i] as Decision, requestAt(from + i))
    deciding += decided - start
    updating += performance.now() - applying
    count += BATCH
  }
  return {
    decidingNs: (deciding * 1e6) / count,
    cpuNs: (cpuUs * 1e3) / count,
    updateNs: (updating * 1e6) / (world.updates() - updatesBefore),
  }
}

interface World {
  pool: ReplicaPool
  nowMs(): number
  updates(): number
  /** What follows a decision: its dispatch, an end, a first token, a heartbeat and, now and then, another offer. */
  apply(decision: Decision, request: PlacementRequest): void
}

function createWorld(replicas: number, rng: Prng, tuning: Partial<Tuning>): World {
  const pool = createReplicaPool({ tuning })
  let nowMs = NOW_MS
  const fleet = makeFleet(pool, replicas, rng, nowMs)
  const bySlot: (BenchReplica | undefined)[] = []
  for (const replica of fleet) bySlot[replica.slot] = replica
  const own = new Int32Array(replicas + 1)
  const flight: { slot: number; node: BenchReplica; work: AttemptWork }[] = []
  let oldest = 0
  let count = 0
  let nodes = replicas

  function dispatch(decision: Decision, request: PlacementRequest): void {
    if (decision.kind !== 'placed') return
    const work = { tokensIn: request.tokensIn, tokensCached: 0, tokensOut: request.tokensOutExpected }
    const { slot } = decision
    pool.opened(slot, work)
    if (request.prefixHashes.length > 0) pool.prefix.note(slot, request.prefixHashes)
    own[slot] = (own[slot] as number) + 1
    const entry = { slot, node: bySlot[slot] as BenchReplica, work }
    count++
    if (flight.length < IN_FLIGHT) return void flight.push(entry)
    finish(flight[oldest] as (typeof flight)[number])
    flight[oldest] = entry
    oldest = (oldest + 1) % IN_FLIGHT
    const begun = flight[(oldest + (IN_FLIGHT >> 1)) % IN_FLIGHT] as (typeof flight)[number]
    if (bySlot[begun.slot] === begun.node) pool.firstToken(begun.slot, begun.work)
    count++
  }

  function finish({ slot, node, work }: (typeof flight)[number]): void {
    if (bySlot[slot] !== node) return
    const streams = node.others + (own[slot] as number)
    own[slot] = Math.max(0, (own[slot] as number) - 1)
    const fate = rng.unit()
    pool.closed(
      slot,
      work,
      {
        kind: fate < 0.985 ? 'finished' : fate < 0.99 ? 'failed' : fate < 0.995 ? 'refused' : 'cancelled',
        ...work,
        concurrency: streams,
        contextTokens: 1_500,
        engineTtftMs: 30 + work.tokensIn * 0.04,
        tpotMs: (10 + streams * 0.35) * (0.9 + rng.unit() * 0.4),
      },
      nowMs,
    )
    count++
  }

  function heartbeat(): void {
    const replica = fleet[rng.below(fleet.length)] as BenchReplica
    if (replica.silent) return
    replica.others = Math.max(0, replica.others + rng.below(5) - 2)
    report(pool, replica, own[replica.slot] as number, nowMs, rng)
    count++
  }

  /** A price changes, or a node leaves and another comes. */
  function changeOffer(): void {
    const i = rng.below(fleet.length)
    const replica = fleet[i] as BenchReplica
    const price = Math.round(replica.offer.prices.outPerMtok * (0.8 + rng.unit() * 0.4))
    if (rng.unit() < 0.5) {
      replica.offer = { ...replica.offer, prices: { ...replica.offer.prices, outPerMtok: price } }
      pool.upsert(replica.offer)
    } else {
      pool.remove(replica.offer.nodeId)
      const offer = makeOffer(++nodes, nodes, rng)
      const joined = { ...replica, offer, slot: pool.upsert(offer) }
      fleet[i] = joined
      bySlot[joined.slot] = joined
      own[joined.slot] = 0
      report(pool, joined, 0, nowMs, rng)
    }
    count++
  }

  let steps = 0
  return {
    pool,
    nowMs: () => nowMs,
    updates: () => count,
    apply(decision, request) {
      // Each replica reports about once a second of the bench's own time.
      nowMs += 1_000 / replicas
      dispatch(decision, request)
      heartbeat()
      if (++steps % OFFER_CHANGE_EVERY === 0) changeOffer()
    },
  }
}

function timerCost(): number {
  const costs = new Float64Array(20_001)
  for (let i = 0; i < costs.length; i++) {
    const start = performance.now()
    costs[i] = (performance.now() - start) * 1e6
  }
  return costs.toSorted()[10_000] as number
}
