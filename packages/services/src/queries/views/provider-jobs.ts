/** What a provider is told of decisions: about its own nodes, in counts and margins, and nothing of anybody else. */
import type { RejectionReason } from '@isochrone/scheduler'

/**
 * Why a node that was compared did not get the request: the part of its score in which it was behind most. `draw`: too
 * close to tell apart. `exploration`: another was tried in order to learn.
 */
export type LossReason = 'price' | 'latency' | 'speed' | 'failure' | 'draw' | 'exploration'

export interface JobsLost {
  reason: LossReason
  count: number
  /** Of these, how many another node of the same provider got. */
  toOwn: number
  /** Middle margins to the chosen one, of these decisions: of the part that it lost on. Null where there is none. */
  byUsd: number | null
  byMs: number | null
}

export interface NodeJobs {
  /** `node_…` */
  id: string
  name: string
  simulated: boolean
  /** Decisions in which it was compared or left out. */
  named: number
  won: number
  lost: JobsLost[]
  /** Left out before it was compared, by reason. */
  masked: { reason: RejectionReason; count: number }[]
}

export interface NodeDeclines {
  /** `node_…` */
  id: string
  name: string
  /** Attempts that it was sent, and those of them that it declined. */
  attempts: number
  declined: number
  /** Prompt tokens, of the middle decline: what waited there, and what might. */
  promptsAhead: number
  aheadMax: number
}

export interface NodeSlo {
  /** `node_…` */
  id: string
  name: string
  attempts: number
  faults: number
  /** Counted attempts and those that exceeded the promise; a promise holds where at most 5 % do. */
  ttft: { samples: number; over: number }
  tpot: { samples: number; over: number }
  breaches: number
  creditMicroUsd: bigint
}

export interface ProviderJobs {
  /** How far back decisions go, ms, and how many of everybody's were looked through. */
  spanMs: number
  looked: number
  nodes: NodeJobs[]
  /** Of all attempts in that time; only nodes that declined any. */
  declines: NodeDeclines[]
  /** How far back counts go, ms. */
  sloSpanMs: number
  slo: NodeSlo[]
}
