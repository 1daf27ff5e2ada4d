/**
 * A policy with our gateway's bounds on the prompts that wait around it: what of our lead on long prompts is placement, and
 * what is nodes that decline and tell.
 *
 * Each attempt says how many prompt tokens may wait before it, so that its first token comes inside our head-room of the SLO
 * by the declared curve: such policies predict nothing. Where a declined request goes, the policy itself says. What it does
 * with news between heartbeats is its own affair; who counts only what it sent takes no notice.
 */
import { defaultTuning } from '@isochrone/scheduler'
import type { PolicyInstance, PolicyWorld, SimPolicy, SimRequest } from '../sim-types.ts'
import { declaredTtftMs } from './parts/declared-capacity.ts'

/** `NAME-with-bounds`; the rule's sentence says what was added. */
export function withBounds(policy: SimPolicy): SimPolicy {
  return {
    name: `${policy.name}-with-bounds`,
    source: policy.source,
    rule: `${policy.rule} With isochrone's bounds on the prompts that wait, by the declared curve, and news of long prompts.`,
    create: (world) => createInstance(world, policy.create(world)),
  }
}

function createInstance(world: PolicyWorld, policy: PolicyInstance): PolicyInstance {
  /** undefined: any number, because the SLO is lost even with nothing before the request. */
  function bound(index: number, request: SimRequest, nowMs: number): number | undefined {
    const replica = world.replicas[index]
    if (replica === undefined) return undefined
    const leftMs = defaultTuning.headroomTtft * request.ttftSloMs - (nowMs - request.arriveMs)
    const aloneMs = (world.rttMs[index] as number) + declaredTtftMs(replica, request.tokensIn, 0)
    const tokens = Math.floor((leftMs - aloneMs) / replica.declared.prefillMsPerToken)
    return tokens >= 0 && Number.isSafeInteger(tokens) ? tokens : undefined
  }

  return {
    ...policy,
    hearsOfPrompts: true,
    choose(request, nowMs, tried) {
      const choice = policy.choose(request, nowMs, tried)
      if (choice.kind !== 'replica') return choice
      return { ...choice, prefillAheadMax: bound(choice.replica, request, nowMs) }
    },
  }
}
