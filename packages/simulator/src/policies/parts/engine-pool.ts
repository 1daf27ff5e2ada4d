/**
 * The production engine's pool as one simulated gateway keeps it: replicas by the numbers that the simulator gives them,
 * offers as providers declare them, links, reports and ends handed on. Nothing that a gateway cannot know goes in.
 */
import {
  createReplicaPool,
  type AttemptWork,
  type ReplicaOffer,
  type ReplicaPool,
  type Tuning,
} from '@isochrone/scheduler'
import type { PolicyInstance, PolicyWorld, SimReplica } from '../../sim-types.ts'

export interface EnginePool {
  readonly pool: ReplicaPool
  /** -1 while its link is down. */
  slotOf(replica: number): number
  replicaAt(slot: number): number
  nodeIdsOf(replicas: readonly number[]): readonly string[]
  /** The end of an attempt that was opened with that work. */
  closed(replica: number, work: SentWork | undefined, outcome: Outcome, nowMs: number): void
  readonly hooks: Required<Pick<PolicyInstance, 'onReport' | 'onLink'>>
}

type Outcome = Parameters<NonNullable<PolicyInstance['onEnd']>>[2]

/** What was sent, and how many prompt tokens were known to wait there before it. */
export interface SentWork extends AttemptWork {
  tokensAhead?: number
}

const NO_NODES: readonly string[] = []

export interface EnginePoolOptions {
  /** Overrides of the engine's own; none = its defaults. */
  tuning?: Partial<Tuning>
  /** Whether offers declare the curve of their hardware. Default true. */
  declared?: boolean
}

export function createEnginePool(
  { replicas, rttMs }: PolicyWorld,
  { tuning = {}, declared = true }: EnginePoolOptions = {},
): EnginePool {
  const pool = createReplicaPool({ tuning })
  const slots = new Int32Array(replicas.length).fill(-1)
  const replicaOf: number[] = []
  const nodeAt = (replica: number): SimReplica => replicas[replica] as SimReplica
  const slotOf = (replica: number): number => slots[replica] as number
  return {
    pool,
    slotOf,
    replicaAt: (slot) => replicaOf[slot] as number,
    nodeIdsOf: (asked) => (asked.length === 0 ? NO_NODES : asked.map((replica) => nodeAt(replica).nodeId)),
    closed(replica, work, outcome, nowMs) {
      const slot = slotOf(replica)
      if (!work || slot < 0) return
      // A stream that was moved away ran like any other until then.
      const moved = outcome.kind === 'moved' ? 'finished' : outcome.kind
      // That others' prompts wait there is no fault, and its report has said it.
      const kind = moved === 'declined' ? 'cancelled' : moved
      const { tokensIn, tokensAhead } = work
      const { tokensCached, tokensOut, concurrency, contextTokens, tpotMs } = outcome
      const engineTtftMs = outcome.ttftMs === null ? null : Math.max(0, outcome.ttftMs - (rttMs[replica] as number))
      pool.closed(
        slot,
        work,
        { kind, tokensIn, tokensCached, tokensOut, concurrency, contextTokens, tokensAhead, engineTtftMs, tpotMs },
        nowMs,
      )
    },
    hooks: {
      onReport(replica, report) {
        const slot = slotOf(replica)
        if (slot >= 0) pool.report(slot, { ...report, draining: false })
      },
      onLink(replica, up) {
        if (up) {
          const slot = pool.upsert(offerOf(nodeAt(replica), declared))
          pool.setRtt(slot, rttMs[replica] as number)
          slots[replica] = slot
          replicaOf[slot] = replica
        } else if (slots[replica] !== -1) {
          pool.remove(nodeAt(replica).nodeId)
          slots[replica] = -1
        }
      },
    },
  }
}

/** What a provider declares. `speed` and `errorRate` are the simulator's secret. */
function offerOf(replica: SimReplica, declared: boolean): ReplicaOffer {
  const { nodeId, providerId, failureDomain, region, country, tier, gpuClass, prices, concurrencyMax } = replica
  return {
    nodeId,
    providerId,
    modelHash: 'sim',
    failureDomain,
    region,
    country,
    tier,
    gpuClass,
    trust: 'claimed',
    dataPolicy: 'any',
    contextTokensMax: 131_072,
    prices,
    concurrencyMax,
    ...(declared && { prior: replica.declared }),
  }
}
