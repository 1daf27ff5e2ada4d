/**
 * What one gateway knows of its fleet: links, heartbeats, and its own attempts.
 *
 * Two measures of load. `ownStreams`: this gateway's requests there, exact at any moment; what routers count that look for
 * the least loaded. `streams`: what the replica last reported, less this gateway's share of that report, plus what this
 * gateway has there now; what limits are checked against. Looking for the minimum of the second makes all gateways rush to
 * the same replica until the next heartbeat, so policies that do so count their own, as their documents say. Nothing here
 * is ever negative.
 */
import type { PolicyInstance, PolicyWorld, SimReport } from '../../sim-types.ts'

type Hooks = Required<Pick<PolicyInstance, 'onDispatch' | 'onFirstToken' | 'onEnd' | 'onReport' | 'onLink'>>

export interface FleetView {
  /** Replicas whose link is up and on which this request has not failed, by index. A fresh array. */
  readonly candidates: (tried: readonly number[]) => number[]
  readonly isUp: (replica: number) => boolean
  /** Streams running and waiting there, as far as this gateway can know. */
  readonly streams: (replica: number) => number
  /** Streams of this gateway there. */
  readonly ownStreams: (replica: number) => number
  /** Prompt tokens of this gateway that wait for prefill there: dispatched, no first token yet. */
  readonly ownPrefillTokens: (replica: number) => number
  /** Prompt tokens of this gateway's streams there, waiting or running. */
  readonly ownPromptTokens: (replica: number) => number
  readonly report: (replica: number) => SimReport | null
  hooks: Hooks
}

export function createFleetView(world: PolicyWorld): FleetView {
  const count = world.replicas.length
  const down = new Uint8Array(count)
  const ownStreams = new Float64Array(count)
  const ownPrefill = new Float64Array(count)
  const ownPromptTokens = new Float64Array(count)
  const othersStreams = new Float64Array(count)
  const reports: (SimReport | null)[] = Array.from({ length: count }, () => null)
  const take = (counter: Float64Array, replica: number, amount: number): void => {
    counter[replica] = Math.max(0, (counter[replica] ?? 0) - amount)
  }

  return {
    candidates(tried) {
      const left: number[] = []
      for (let replica = 0; replica < count; replica++)
        if (down[replica] === 0 && !tried.includes(replica)) left.push(replica)
      return left
    },
    isUp: (replica) => down[replica] === 0,
    streams: (replica) => (othersStreams[replica] ?? 0) + (ownStreams[replica] ?? 0),
    ownStreams: (replica) => ownStreams[replica] ?? 0,
    ownPrefillTokens: (replica) => ownPrefill[replica] ?? 0,
    ownPromptTokens: (replica) => ownPromptTokens[replica] ?? 0,
    report: (replica) => reports[replica] ?? null,
    hooks: {
      onDispatch(replica, request) {
        ownStreams[replica] = (ownStreams[replica] ?? 0) + 1
        ownPrefill[replica] = (ownPrefill[replica] ?? 0) + request.tokensIn
        ownPromptTokens[replica] = (ownPromptTokens[replica] ?? 0) + request.tokensIn
      },
      onFirstToken: (replica, request) => take(ownPrefill, replica, request.tokensIn),
      onEnd(replica, request, outcome) {
        take(ownStreams, replica, 1)
        take(ownPromptTokens, replica, request.tokensIn)
        if (outcome.ttftMs === null) take(ownPrefill, replica, request.tokensIn)
      },
      onReport(replica, report) {
        reports[replica] = report
        othersStreams[replica] = Math.max(0, report.activeStreams + report.queuedStreams - report.ownStreams)
      },
      onLink(replica, up) {
        down[replica] = up ? 0 : 1
        // Whatever the last heartbeat said is gone: a node that comes back comes back empty.
        reports[replica] = null
        othersStreams[replica] = 0
      },
    },
  }
}

/** A policy whose view (and further observers, in that order) sees each event before the policy itself does. */
export function observed(policy: PolicyInstance, observers: readonly Partial<Hooks>[]): PolicyInstance {
  const all: readonly Partial<Hooks>[] = [...observers, policy]
  return {
    choose: (request, nowMs, tried) => policy.choose(request, nowMs, tried),
    onDispatch: (replica, request, nowMs) => {
      for (const each of all) each.onDispatch?.(replica, request, nowMs)
    },
    onFirstToken: (replica, request, ttftMs, nowMs) => {
      for (const each of all) each.onFirstToken?.(replica, request, ttftMs, nowMs)
    },
    onEnd: (replica, request, outcome, nowMs) => {
      for (const each of all) each.onEnd?.(replica, request, outcome, nowMs)
    },
    onReport: (replica, report, nowMs) => {
      for (const each of all) each.onReport?.(replica, report, nowMs)
    },
    onLink: (replica, up, nowMs) => {
      for (const each of all) each.onLink?.(replica, up, nowMs)
    },
  }
}
