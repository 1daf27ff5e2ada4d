/**
 * The gateway side of a run, the same for every policy: it asks the policy where, sends, waits, notices loss, fails over
 * and continues. The policy hears of each dispatch exactly one end.
 *
 * Before the first token a failure moves on to another replica. After it, the prompt and what was delivered are
 * prefilled elsewhere, and the customer waits through the gap: TPOT includes it. A hedge that loses is cancelled before it
 * delivers anything, and so is not billed.
 */
import { boundAfter, invariant, prng } from '@isochrone/domain'
import type { PolicyInstance, SimFleet, SimOutcome, SimPolicy, SimProgress, SimRequest } from '../sim-types.ts'
import {
  outcomeCancelled,
  outcomeDeclined,
  outcomeFailed,
  outcomeFinished,
  outcomeMoved,
  outcomeRefused,
  outcomes,
  type Attempts,
} from './attempts.ts'
import type { EventQueue } from './event-queue.ts'
import { gatewayHedge, gatewayRetry, nodeArrive, nodeCancel } from './events.ts'
import { hash32 } from './hash-unit.ts'
import type { Nodes } from './nodes.ts'
import {
  stateFailed,
  stateFinished,
  statePending,
  stateRefused,
  stateUnfinished,
  type RequestLog,
} from './request-log.ts'
import type { SimSettings } from './settings.ts'
import { Telemetry } from './telemetry.ts'

export interface GatewaysInput {
  fleet: SimFleet
  requests: readonly SimRequest[]
  policy: SimPolicy
  settings: SimSettings
  seed: number
  attempts: Attempts
  log: RequestLog
  queue: EventQueue
  nodes: Nodes
}

const policyStream = 21
const nothingTried: readonly number[] = []

export class Gateways {
  readonly telemetry: Telemetry
  readonly instances: readonly PolicyInstance[]
  private readonly input: GatewaysInput
  private readonly replicas: number
  /** The incarnation that each link leads to; 0 = the gateway holds it for lost. */
  private readonly links: Int32Array
  private readonly tried = new Map<number, number[]>()
  /** What is left of requests that go on after their first token. */
  private readonly rest = new Map<number, SimRequest>()

  constructor(input: GatewaysInput) {
    const { fleet, policy, settings, seed, nodes } = input
    this.input = input
    this.telemetry = new Telemetry(input)
    this.replicas = fleet.replicas.length
    this.links = new Int32Array(fleet.gateways.length * this.replicas)
    this.instances = fleet.gateways.map((gateway) =>
      policy.create({
        gateway,
        replicas: fleet.replicas,
        rttMs: fleet.rttMs[gateway.index] as Float64Array,
        prefixBlockTokens: settings.prefixBlockTokens,
        rng: prng(hash32(seed, policyStream, gateway.index)),
        probe: (replica, answer) => this.telemetry.probe(gateway.index, replica, answer),
        wake: (request) => input.queue.add(this.telemetry.nowMs, gatewayRetry, request),
      }),
    )
    nodes.news = {
      promptCame: (replica, nowMs) => this.telemetry.sendReports(replica, nowMs, this.hearsOfPrompts),
      declined: (replica, gateway, nowMs) => this.telemetry.sendReport(replica, gateway, nowMs),
    }
    for (const gateway of fleet.gateways) {
      for (const replica of fleet.replicas) {
        const up = nodes.isUp(replica.index)
        if (up) this.links[gateway.index * this.replicas + replica.index] = nodes.incarnation[replica.index] as number
        this.instances[gateway.index]?.onLink?.(replica.index, up, 0)
      }
    }
  }

  /** Asks the policy for a place for a request that has none. */
  place(index: number, nowMs: number): void {
    const { log, queue } = this.input
    if (log.state[index] !== statePending || log.live[index] !== 0) return
    const request = this.requestOf(index)
    const policy = this.instances[request.gateway] as PolicyInstance
    const choice = policy.choose(request, nowMs, this.tried.get(index) ?? nothingTried)
    if (choice.kind === 'replica') {
      // A stream that goes on elsewhere has had its first token.
      const bound =
        log.firstMs[index] === 0 ? boundAfter(log.declines[index] as number, choice.prefillAheadMax) : undefined
      this.dispatch(request, choice.replica, policy, nowMs, bound)
    } else if (choice.kind === 'wait') {
      log.waits[index]!++
      if (choice.afterMs !== Infinity) queue.add(nowMs + Math.max(1, choice.afterMs), gatewayRetry, index)
    } else log.finish(index, log.firstMs[index] === 0 ? stateRefused : stateFailed, nowMs)
  }

  firstToken(attempt: number, nowMs: number): void {
    const { attempts, log } = this.input
    if (attempts.ended[attempt] === 1) return
    const index = attempts.request[attempt] as number
    attempts.firstMs[attempt] = nowMs
    const other = (log.live[index] === attempt + 1 ? log.second[index] : log.live[index]) as number
    log.live[index] = attempt + 1
    log.second[index] = 0
    if (other > 0) {
      this.giveUp(other - 1, nowMs)
      this.end(other - 1, outcomeCancelled, nowMs)
    }
    if (log.firstMs[index] === 0) log.firstMs[index] = nowMs
    const request = this.requestOf(index)
    const ttftMs = nowMs - (attempts.dispatchMs[attempt] as number)
    this.instances[request.gateway]?.onFirstToken?.(attempts.replica[attempt] as number, request, ttftMs, nowMs)
  }

  /** The node's own end of an attempt has arrived. */
  ended(attempt: number, nowMs: number): void {
    const { attempts } = this.input
    if (attempts.ended[attempt] === 0) this.end(attempt, attempts.outcome[attempt] as number, nowMs)
  }

  /** No first token in time: give it up here, and tell the node. */
  attemptTimedOut(attempt: number, nowMs: number): void {
    this.giveUp(attempt, nowMs)
    this.end(attempt, outcomeFailed, nowMs)
  }

  /** The customer has gone. */
  requestTimedOut(index: number, nowMs: number): void {
    const { attempts, log, nodes } = this.input
    const live = [log.live[index] as number, log.second[index] as number]
    log.finish(index, stateUnfinished, nowMs)
    for (const plusOne of live) {
      if (plusOne === 0) continue
      const delivered = attempts.delivered[plusOne - 1] as number
      attempts.delivered[plusOne - 1] = Math.max(delivered, nodes.produced(plusOne - 1, nowMs))
      this.giveUp(plusOne - 1, nowMs)
      this.end(plusOne - 1, outcomeFailed, nowMs)
    }
  }

  linkLost(link: number, incarnation: number, nowMs: number): void {
    if (this.links[link] !== incarnation) return
    this.links[link] = 0
    const gateway = Math.floor(link / this.replicas)
    const replica = link % this.replicas
    this.instances[gateway]?.onLink?.(replica, false, nowMs)
    for (const attempt of this.input.attempts.liveOn(gateway, replica)) this.end(attempt, outcomeFailed, nowMs)
  }

  /** A link that comes up while the gateway still trusts the former one is how it learns that the node had gone. */
  linkUp(link: number, incarnation: number, nowMs: number): void {
    const former = this.links[link] as number
    if (former >= incarnation) return
    const gateway = Math.floor(link / this.replicas)
    const replica = link % this.replicas
    if (former > 0) this.linkLost(link, former, nowMs)
    if (!this.input.nodes.isUp(replica) || this.input.nodes.incarnation[replica] !== incarnation) return
    this.links[link] = incarnation
    this.instances[gateway]?.onLink?.(replica, true, nowMs)
  }

  /** A node's heartbeat. */
  heartbeat(replica: number, nowMs: number): void {
    this.telemetry.sendReports(replica, nowMs, this.listens)
  }

  /** A heartbeat has arrived. */
  report(id: number, nowMs: number): void {
    const { gateway, replica, incarnation, report } = this.telemetry.open(id)
    if (this.links[gateway * this.replicas + replica] !== incarnation) return
    this.instances[gateway]?.onReport?.(replica, report, nowMs)
  }

  /** An attempt has been silent for as long as its policy allows. */
  hedge(attempt: number, nowMs: number): void {
    const { attempts, log, requests, settings } = this.input
    const index = attempts.request[attempt] as number
    if (attempts.ended[attempt] === 1 || (attempts.firstMs[attempt] as number) > 0) return
    if (log.second[index] !== 0 || this.taken(index) >= settings.attemptsMax) return
    const request = requests[index] as SimRequest
    const policy = this.instances[request.gateway] as PolicyInstance
    const tried = [...(this.tried.get(index) ?? nothingTried), attempts.replica[attempt] as number]
    const replica = policy.hedge?.(request, nowMs, tried) ?? -1
    if (replica < 0) return
    log.hedges[index]!++
    log.second[index] = log.live[index] as number
    this.dispatch(request, replica, policy, nowMs)
  }

  /** Whether any policy instance watches its streams. */
  get watches(): boolean {
    return this.instances.some((instance) => instance.onProgress !== undefined)
  }

  /** Time to look at the streams that decode on a replica. */
  watch(replica: number, nowMs: number): void {
    for (const { index } of this.input.fleet.gateways) this.progress(index, replica, nowMs)
  }

  /** Shows the policy its streams on a replica, and moves those that it wants elsewhere. */
  private progress(gateway: number, replica: number, nowMs: number): void {
    const policy = this.instances[gateway]
    if (!policy?.onProgress) return
    const { attempts, log, nodes, settings } = this.input
    const streams: SimProgress[] = []
    const shown: number[] = []
    for (const attempt of attempts.liveOn(gateway, replica)) {
      const firstMs = attempts.firstMs[attempt] as number
      if (firstMs === 0) continue
      const index = attempts.request[attempt] as number
      const request = this.requestOf(index)
      shown.push(attempt)
      streams.push({ request, delivered: nodes.produced(attempt, nowMs), firstMs })
    }
    for (const index of policy.onProgress(replica, streams, nowMs)) {
      const attempt = shown[streams.findIndex(({ request }) => request.index === index)]
      if (attempt === undefined || (log.attempts[index] as number) >= settings.attemptsMax) continue
      const delivered = nodes.produced(attempt, nowMs)
      if (delivered === 0) continue
      attempts.delivered[attempt] = delivered
      log.moves[index]!++
      this.giveUp(attempt, nowMs)
      this.end(attempt, outcomeMoved, nowMs)
    }
  }

  private dispatch(
    request: SimRequest,
    replica: number,
    policy: PolicyInstance,
    nowMs: number,
    prefillAheadMax = Number.NaN,
  ): void {
    const { attempts, log, queue } = this.input
    const incarnation = this.links[request.gateway * this.replicas + replica] as number
    const attempt = attempts.open(request.index, request.gateway, replica, incarnation, nowMs)
    attempts.tokensIn[attempt] = request.tokensIn
    attempts.tokensOut[attempt] = request.tokensOut
    attempts.prefillAheadMax[attempt] = prefillAheadMax
    attempts.promptTokens[attempt] = policy.promptTokens?.(replica, request) ?? Number.NaN
    log.live[request.index] = attempt + 1
    log.attempts[request.index]!++
    policy.onDispatch?.(replica, request, nowMs)
    if (incarnation === 0) this.end(attempt, outcomeFailed, nowMs)
    else queue.add(nowMs + this.input.nodes.rttMs(request.gateway, replica) / 2, nodeArrive, attempt)
    if (incarnation === 0 || !policy.hedgeAfterMs || log.firstMs[request.index] !== 0) return
    if (this.taken(request.index) > 1) return
    const afterMs = policy.hedgeAfterMs(replica, request, nowMs)
    if (Number.isFinite(afterMs)) queue.add(nowMs + Math.max(1, afterMs), gatewayHedge, attempt)
  }

  /** Attempts that nodes took, or failed: a decline is none. */
  private taken(index: number): number {
    const { attempts, declines } = this.input.log
    return (attempts[index] as number) - (declines[index] as number)
  }

  private giveUp(attempt: number, nowMs: number): void {
    const { attempts, queue } = this.input
    const oneWayMs =
      this.input.nodes.rttMs(attempts.gateway[attempt] as number, attempts.replica[attempt] as number) / 2
    queue.add(nowMs + oneWayMs, nodeCancel, attempt)
  }

  private end(attempt: number, outcome: number, nowMs: number): void {
    const { attempts, log } = this.input
    const index = attempts.request[attempt] as number
    const request = this.requestOf(index)
    const firstMs = attempts.firstMs[attempt] as number
    attempts.close(attempt, nowMs)
    attempts.outcome[attempt] = outcome
    if (outcome === outcomeFinished) attempts.delivered[attempt] = request.tokensOut
    else if (firstMs === 0) attempts.delivered[attempt] = 0
    const beside = (log.live[index] === attempt + 1 ? log.second[index] : log.live[index]) as number
    log.live[index] = beside
    log.second[index] = 0
    const policy = this.instances[request.gateway] as PolicyInstance
    if (policy.onEnd) policy.onEnd(attempts.replica[attempt] as number, request, this.outcomeOf(attempt), nowMs)
    if (log.state[index] !== statePending) return
    if (outcome === outcomeFinished) {
      log.finish(index, stateFinished, nowMs)
      this.tried.delete(index)
      this.rest.delete(index)
    } else if (beside > 0) this.remember(attempt)
    else this.moveOn(attempt, request, nowMs)
  }

  private remember(attempt: number): void {
    const { attempts } = this.input
    const index = attempts.request[attempt] as number
    const tried = this.tried.get(index)
    const replica = attempts.replica[attempt] as number
    if (tried) tried.push(replica)
    else this.tried.set(index, [replica])
  }

  private moveOn(attempt: number, request: SimRequest, nowMs: number): void {
    const { attempts, log, settings } = this.input
    const { index } = request
    this.remember(attempt)
    const declined = attempts.outcome[attempt] === outcomeDeclined
    if (declined) log.declines[index]!++
    const delivered = attempts.delivered[attempt] as number
    if (delivered > 0) {
      log.delivered[index]! += delivered
      const tokensIn = request.tokensIn + delivered
      this.rest.set(index, { ...request, tokensIn, tokensOut: Math.max(1, request.tokensOut - delivered) })
    }
    if (this.taken(index) >= settings.attemptsMax) {
      const refused = attempts.outcome[attempt] === outcomeRefused && log.firstMs[index] === 0
      log.finish(index, refused ? stateRefused : stateFailed, nowMs)
      return
    }
    if (declined) return this.place(index, nowMs)
    if (log.firstMs[index] === 0) log.failovers[index]!++
    else log.continuations[index]!++
    this.place(index, nowMs)
  }

  private outcomeOf(attempt: number): SimOutcome {
    const { attempts } = this.input
    const kind = outcomes[attempts.outcome[attempt] as number]
    const dispatchMs = attempts.dispatchMs[attempt] as number
    const firstMs = attempts.firstMs[attempt] as number
    const endMs = attempts.endMs[attempt] as number
    const tokensOut = attempts.delivered[attempt] as number
    return {
      kind: kind === 'none' || kind === undefined ? 'failed' : kind,
      ttftMs: firstMs > 0 ? firstMs - dispatchMs : null,
      durationMs: endMs - dispatchMs,
      tpotMs: (kind === 'finished' || kind === 'moved') && tokensOut > 1 ? (endMs - firstMs) / (tokensOut - 1) : null,
      tokensCached: attempts.cached[attempt] as number,
      tokensOut,
      concurrency: attempts.concurrency[attempt] as number,
      contextTokens: attempts.context[attempt] as number,
    }
  }

  /** A request as it stands: what is left of it once tokens were delivered. */
  private requestOf(index: number): SimRequest {
    const request = this.rest.get(index) ?? this.input.requests[index]
    invariant(request, `request ${index} is part of the workload`)
    return request
  }

  private readonly hearsOfPrompts = (gateway: number): boolean => this.instances[gateway]?.hearsOfPrompts === true

  private readonly listens = (gateway: number): boolean => this.instances[gateway]?.onReport !== undefined
}
