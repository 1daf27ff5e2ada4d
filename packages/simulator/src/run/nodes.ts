/**
 * The provider side of a run: engines behind their links, their deaths and slow times, and what they say of themselves.
 *
 * A node that is down answers nothing and sends nothing; whatever reaches it is lost without a word. A node that comes
 * back is another incarnation: what was sent to the former one is lost too.
 */
import {
  declinesPrompt,
  isPromptNews,
  PromptQueue,
  StreamPace,
  type PacedStream,
  type QueuedPrompt,
} from '@isochrone/domain'
import { ReplicaEngine, type EngineEvents, type StreamStart } from '../engine/replica-engine.ts'
import type { SimFleet, SimReport, SimRequest } from '../sim-types.ts'
import { outcomeDeclined, outcomeFailed, outcomeFinished, outcomeRefused, type Attempts } from './attempts.ts'
import type { EventQueue } from './event-queue.ts'
import {
  gatewayEnd,
  gatewayFirst,
  gatewayLinkLost,
  gatewayLinkUp,
  nodeDown,
  nodeSlow,
  nodeUp,
  nodeUsual,
} from './events.ts'
import { hashUnit } from './hash-unit.ts'
import type { FaultPlan } from './plan-faults.ts'
import type { ReplicaTimers } from './replica-timers.ts'
import type { SimSettings } from './settings.ts'

export interface NodesInput {
  fleet: SimFleet
  requests: readonly SimRequest[]
  settings: SimSettings
  faults: FaultPlan
  seed: number
  attempts: Attempts
  queue: EventQueue
  timers: ReplicaTimers
}

/** Hears what nodes say of themselves out of turn; it is said to those that listen half a round trip later. */
export interface NodeNews {
  /** A long prompt has come. */
  promptCame(replica: number, nowMs: number): void
  /** The replica declines an attempt of that gateway. */
  declined(replica: number, gateway: number, nowMs: number): void
}

const errorStream = 11

export class Nodes {
  readonly engines: readonly ReplicaEngine[]
  readonly incarnation: Int32Array
  news: NodeNews | null = null
  private readonly input: NodesInput
  private readonly downs: Int32Array
  private readonly slowness: Float64Array
  private readonly errorRates: Float64Array
  /** What each agent counts of the prompts that it took, by gateway; and those that have no first token, by attempt. */
  private readonly prompts: PromptQueue<number>[]
  private readonly queued = new Map<number, QueuedPrompt>()
  /** How fast each is, by what its agent sees of its streams; these, by attempt; and steps of its engine that are counted. */
  private readonly paces: StreamPace[]
  private readonly paced = new Map<number, PacedStream>()
  private readonly steps: Float64Array
  /** Reused for every start: the engine keeps none of it. */
  private readonly scratch: StreamStart = {
    tag: 0,
    gateway: 0,
    tokensIn: 0,
    tokensOut: 0,
    prefixHashes: [],
    fails: false,
  }

  constructor(input: NodesInput) {
    const { fleet, settings, faults, queue } = input
    this.input = input
    const events = this.engineEvents()
    this.engines = fleet.replicas.map(
      (replica) =>
        new ReplicaEngine(
          {
            curve: replica.declared,
            speed: replica.speed,
            concurrencyMax: replica.concurrencyMax,
            queueMax: settings.queueMax,
            kvTokens: replica.kvTokens,
            prefillChunkTokens: settings.prefillChunkTokens,
            prefixBlockTokens: settings.prefixBlockTokens,
            gateways: fleet.gateways.length,
          },
          events,
        ),
    )
    const count = fleet.replicas.length
    this.prompts = fleet.replicas.map(() => new PromptQueue())
    this.paces = fleet.replicas.map(() => new StreamPace())
    this.steps = new Float64Array(count)
    this.incarnation = new Int32Array(count).fill(1)
    this.downs = new Int32Array(count)
    this.slowness = new Float64Array(count).fill(1)
    this.errorRates = Float64Array.from(fleet.replicas, ({ errorRate }) => (faults.errors ? errorRate : 0))
    for (const { replica, fromMs, toMs } of faults.outages) {
      if (fromMs <= 0) this.downs[replica]!++
      else queue.add(fromMs, nodeDown, replica)
      queue.add(toMs, nodeUp, replica)
    }
    for (const [window, { replica, fromMs, toMs }] of faults.slowWindows.entries()) {
      queue.add(fromMs, nodeSlow, replica, window)
      queue.add(toMs, nodeUsual, replica, window)
    }
  }

  isUp(replica: number): boolean {
    return this.downs[replica] === 0
  }

  arrive(attempt: number, nowMs: number): void {
    const { attempts, requests, queue, seed } = this.input
    const replica = attempts.replica[attempt] as number
    if (attempts.ended[attempt] === 1 || !this.reaches(attempt, replica)) return
    const request = attempts.request[attempt] as number
    const start = this.scratch
    start.tag = attempt
    start.gateway = attempts.gateway[attempt] as number
    start.tokensIn = attempts.tokensIn[attempt] as number
    start.tokensOut = attempts.tokensOut[attempt] as number
    start.prefixHashes = (requests[request] as SimRequest).prefixHashes
    const errorRate = this.errorRates[replica] as number
    start.fails = errorRate > 0 && hashUnit(seed, errorStream, request, replica) < errorRate
    const engine = this.engines[replica] as ReplicaEngine
    const aheadMax = attempts.prefillAheadMax[attempt] as number
    const prompts = this.prompts[replica] as PromptQueue<number>
    if (declinesPrompt(prompts.tokens(nowMs), Number.isNaN(aheadMax) ? undefined : aheadMax)) {
      attempts.outcome[attempt] = outcomeDeclined
      this.news?.declined(replica, start.gateway, nowMs)
      queue.add(nowMs + this.oneWayMs(attempt), gatewayEnd, attempt)
      return
    }
    const slot = engine.start(start, nowMs)
    if (slot < 0) {
      attempts.outcome[attempt] = outcomeRefused
      queue.add(nowMs + this.oneWayMs(attempt), gatewayEnd, attempt)
      return
    }
    attempts.slot[attempt] = slot + 1
    this.input.timers.set(replica, engine.nextMs)
    const expected = attempts.promptTokens[attempt] as number
    const promptTokens = Number.isNaN(expected) ? engine.uncachedTokens(slot) : expected
    this.queued.set(attempt, prompts.begin(start.gateway, promptTokens, nowMs))
    this.paced.set(attempt, this.paceOf(replica, nowMs).begin(nowMs))
    if (isPromptNews(promptTokens)) this.news?.promptCame(replica, nowMs)
  }

  cancel(attempt: number, nowMs: number): void {
    const { attempts, timers } = this.input
    const replica = attempts.replica[attempt] as number
    const slot = (attempts.slot[attempt] as number) - 1
    if (slot < 0 || !this.reaches(attempt, replica)) return
    const engine = this.engines[replica] as ReplicaEngine
    engine.cancel(slot, attempt, nowMs)
    this.over(attempt, nowMs)
    timers.set(replica, engine.nextMs)
  }

  runEngine(replica: number, nowMs: number): void {
    const engine = this.engines[replica] as ReplicaEngine
    engine.run(nowMs)
    this.input.timers.set(replica, engine.nextMs)
  }

  down(replica: number, nowMs: number): void {
    if (this.downs[replica]!++ > 0) return
    const { attempts, queue, settings, timers, fleet } = this.input
    const engine = this.engines[replica] as ReplicaEngine
    engine.crash(nowMs, (attempt, produced) => {
      attempts.delivered[attempt] = produced
      this.queued.delete(attempt)
      this.paced.delete(attempt)
    })
    this.prompts[replica] = new PromptQueue()
    this.paces[replica] = new StreamPace()
    timers.set(replica, engine.nextMs)
    for (const gateway of fleet.gateways) {
      const link = gateway.index * fleet.replicas.length + replica
      queue.add(nowMs + settings.linkLossNoticedMs, gatewayLinkLost, link, this.incarnation[replica])
    }
  }

  /** The agent dials every gateway: one round trip later the link is up. */
  up(replica: number, nowMs: number): void {
    if (--this.downs[replica]! > 0) return
    const { queue, fleet } = this.input
    const incarnation = ++this.incarnation[replica]!
    for (const gateway of fleet.gateways) {
      const link = gateway.index * fleet.replicas.length + replica
      queue.add(nowMs + this.rttMs(gateway.index, replica), gatewayLinkUp, link, incarnation)
    }
  }

  slow(replica: number, factor: number, nowMs: number): void {
    const engine = this.engines[replica] as ReplicaEngine
    this.slowness[replica] = factor
    engine.setSpeed((this.input.fleet.replicas[replica]?.speed ?? 1) * factor, nowMs)
    this.input.timers.set(replica, engine.nextMs)
  }

  /** Tokens of an attempt that are out; what a gateway that gives it up now has received. */
  produced(attempt: number, nowMs: number): number {
    const { attempts } = this.input
    const engine = this.engines[attempts.replica[attempt] as number] as ReplicaEngine
    const slot = (attempts.slot[attempt] as number) - 1
    return slot < 0 ? 0 : engine.produced(slot, attempt, nowMs)
  }

  /** What the node tells one gateway; the engine's counters are brought to `nowMs` by its own events alone. */
  report(replica: number, gateway: number, nowMs: number): SimReport {
    const engine = this.engines[replica] as ReplicaEngine
    const prompts = this.prompts[replica] as PromptQueue<number>
    engine.advance(nowMs)
    return {
      atMs: nowMs,
      activeStreams: engine.runningStreams,
      queuedStreams: engine.waitingStreams,
      prefillTokens: prompts.tokens(nowMs),
      enginePrefillTokens: engine.prefillTokens,
      contextTokens: engine.meanContextTokens,
      pace: this.paceOf(replica, nowMs).now(nowMs) ?? undefined,
      kvTokensUsed: engine.kvTokensUsed,
      ownStreams: engine.ownStreams(gateway),
      ownPrefillTokens: prompts.tokensOf(gateway, nowMs),
    }
  }

  /** Round trip of a link, ms. */
  rttMs(gateway: number, replica: number): number {
    return (this.input.fleet.rttMs[gateway] as Float64Array)[replica] as number
  }

  /** With the tokens that have come since it was asked for last. */
  private paceOf(replica: number, nowMs: number): StreamPace {
    const engine = this.engines[replica] as ReplicaEngine
    const pace = this.paces[replica] as StreamPace
    engine.advance(nowMs)
    pace.count((engine.steps - (this.steps[replica] as number)) * pace.streams)
    this.steps[replica] = engine.steps
    return pace
  }

  private over(attempt: number, nowMs: number): void {
    this.paceOf(this.input.attempts.replica[attempt] as number, nowMs)
    this.paced.get(attempt)?.over(nowMs)
    this.paced.delete(attempt)
    this.queued.get(attempt)?.over(nowMs)
    this.queued.delete(attempt)
  }

  private reaches(attempt: number, replica: number): boolean {
    return this.downs[replica] === 0 && this.input.attempts.incarnation[attempt] === this.incarnation[replica]
  }

  private oneWayMs(attempt: number): number {
    const { attempts } = this.input
    return this.rttMs(attempts.gateway[attempt] as number, attempts.replica[attempt] as number) / 2
  }

  private engineEvents(): EngineEvents {
    const { attempts, queue } = this.input
    return {
      prefillStarted: (attempt, cached) => {
        attempts.cached[attempt] = cached
      },
      firstToken: (attempt, nowMs) => {
        this.paceOf(attempts.replica[attempt] as number, nowMs)
        this.paced.get(attempt)?.tokens(1, nowMs)
        this.queued.get(attempt)?.firstToken(nowMs)
        this.queued.delete(attempt)
        queue.add(nowMs + this.oneWayMs(attempt), gatewayFirst, attempt)
      },
      failed: (attempt, nowMs) => {
        this.over(attempt, nowMs)
        attempts.outcome[attempt] = outcomeFailed
        queue.add(nowMs + this.oneWayMs(attempt), gatewayEnd, attempt)
      },
      finished: (attempt, nowMs, concurrency, contextTokens) => {
        this.over(attempt, nowMs)
        attempts.outcome[attempt] = outcomeFinished
        attempts.concurrency[attempt] = concurrency
        attempts.context[attempt] = contextTokens
        queue.add(nowMs + this.oneWayMs(attempt), gatewayEnd, attempt)
      },
    }
  }
}
