/**
 * What a changed routing policy would have done to the organisation's last requests: each recorded decision is made
 * again, by the engine's own code, on the inputs that were recorded, under the policy that the request would have had.
 *
 * A record holds the replicas that were looked at then. So a policy that allows more cannot win what was never looked at;
 * the answer says how many decisions that concerns. Nothing is saved, and nothing of prompts or answers is read.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { isAppError, prng } from '@isochrone/domain'
import {
  chooseFromSample,
  ENGINE_VERSION,
  parsePlacementRecord,
  parseRoutingPolicy,
  type CandidateRow,
  type PlacementRecord,
  type RoutingWish,
} from '@isochrone/scheduler'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { changedPolicy } from './changed-policy.ts'
import { withExcludedNodes } from './excluded-nodes.ts'
import type { DryRunReason, RoutingDryRun, RoutingJson } from './views/routing.ts'

const REQUESTS_MAX = 1_000
const SINCE_MS = 86_400_000
/** A record is some 15 KB: this many are in memory at once, and then others get a turn. */
const PAGE = 100

/** Throws `invalid_input` that names the field. */
export async function routingDryRun(
  { store, clock }: Pick<ControlPlaneDeps, 'store' | 'clock'>,
  { orgId, routing }: { orgId: string; routing: RoutingJson },
): Promise<RoutingDryRun> {
  const wished = parseRoutingPolicy(routing).policy
  const saved = parseRoutingPolicy((await store.accounts.settings(orgId))?.routing ?? {}).policy
  const nodes = wished.exclude || saved.exclude ? await store.providers.nodes() : []
  const [changed, now] = [withExcludedNodes(wished, nodes), withExcludedNodes(saved, nodes)]
  const since = new Date(clock.nowMs() - SINCE_MS)
  const tally = new Tally()
  let before: { at: Date; id: string } | null = null
  for (let taken = 0; taken < REQUESTS_MAX; taken += PAGE) {
    const rows = await store.readings.placements({ orgId, since, before, limit: PAGE })
    for (const { placement } of rows) tally.add(placement, now, changed)
    const last = rows.at(-1)
    if (!last || rows.length < PAGE) break
    before = { at: last.receivedAt, id: last.id }
    await yieldToOthers()
  }
  return tally.result(SINCE_MS)
}

class Tally {
  #requests = 0
  #unreadable = 0
  #unseen = 0
  #admitted = 0
  #moved = 0
  readonly #refused = new Map<DryRunReason, number>()
  #refusedBefore = 0
  #costBefore = 0
  #costAfter = 0
  readonly #ttftBefore: number[] = []
  readonly #ttftAfter: number[] = []

  add(placement: unknown, now: RoutingWish, changed: RoutingWish): void {
    const record = readable(placement)
    if (!record) {
      this.#unreadable++
      return
    }
    this.#requests++
    if (record.sampled.length < record.poolSize) this.#unseen++
    const was = rowOf(record, record.choice)
    if (!was) this.#refusedBefore++
    const policy = changedPolicy(record.request.policy, now, changed)
    if (!policy) {
      this.#refuse('contradiction', was)
      return
    }
    const { sampled, request, prngState, nowMs, tuning } = record
    const outcome = chooseFromSample(sampled, { ...request, policy }, prng(prngState), nowMs, tuning)
    const will = rowOf(outcome, outcome.choice)
    if (!will) {
      this.#refuse(outcome.reason ?? record.reason ?? 'no_replica', was)
      return
    }
    if (!was) {
      this.#admitted++
      return
    }
    if (will.nodeId !== was.nodeId) this.#moved++
    this.#costBefore += was.terms.tokens + was.terms.bytes
    this.#costAfter += will.terms.tokens + will.terms.bytes
    this.#ttftBefore.push(was.ttftMs)
    this.#ttftAfter.push(will.ttftMs)
  }

  /** What found no place then is not the change's doing. */
  #refuse(reason: DryRunReason, was: CandidateRow | null): void {
    if (was) this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
  }

  result(spanMs: number): RoutingDryRun {
    return {
      spanMs,
      requests: this.#requests,
      unreadable: this.#unreadable,
      unseen: this.#unseen,
      refusedBefore: this.#refusedBefore,
      refused: [...this.#refused]
        .map(([reason, count]) => ({ reason, count }))
        .toSorted((a, b) => b.count - a.count || a.reason.localeCompare(b.reason)),
      admitted: this.#admitted,
      compared: this.#ttftBefore.length,
      moved: this.#moved,
      costMicroUsd: { before: this.#costBefore, after: this.#costAfter },
      ttftMs: { before: middle(this.#ttftBefore), after: middle(this.#ttftAfter) },
    }
  }
}

/** Null for a request that ended before it was placed, and for a record of another engine. */
function readable(placement: unknown): PlacementRecord | null {
  try {
    const record = parsePlacementRecord(placement)
    return record.engineVersion === ENGINE_VERSION ? record : null
  } catch (error) {
    if (isAppError(error)) return null
    throw error
  }
}

function rowOf({ candidates }: Pick<PlacementRecord, 'candidates'>, choice: string | null): CandidateRow | null {
  return candidates.find(({ nodeId }) => nodeId === choice) ?? null
}

function middle(values: readonly number[]): number | null {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
