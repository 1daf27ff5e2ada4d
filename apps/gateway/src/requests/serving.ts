/** What serving a request needs, and what comes of it. */
import type { Target } from './target.ts'
import type { AppError, Clock } from '@isochrone/domain'
import type { HedgeBudget, PlacementRequest } from '@isochrone/scheduler'
import type { Logger } from '@isochrone/runtime'
import type { Budget } from '../budget/budget-types.ts'
import type { KeyBudgets } from '../budget/key-budgets.ts'
import type { CompletedAttempt, Lane } from '../ports.ts'
import type { FollowedAnswer } from './answer/followed-answer.ts'
import type { Hedging } from './limits/hedging.ts'
import type { Measurements } from './placement/node-measurements.ts'
import type { RequestContext } from './request-context.ts'
import type { Stopping } from './stopping.ts'
import type { Recounter } from '../recount/create-recounter.ts'
import type { WaitingRoom } from './placement/waiting-room.ts'
import type { Placed, Placer } from './placement/placer.ts'
import type { AttemptLimits } from './limits/attempt-limits.ts'

export interface Continuation {
  from: Target
  to: Target
  afterTokens: number
}

export interface ServeDeps {
  lane: Lane
  budget: Budget
  keyBudgets: KeyBudgets
  placer: Placer
  room: WaitingRoom
  measurements: Measurements
  limits: AttemptLimits
  logger: Logger
  /** How long an interactive request waits for a place, ms. Default 10 s: a burst is served late before never. */
  patienceMs?: number
  /** How long an answer that broke off waits for a node to go on with it, and how often its customer hears so, ms. Default 30 s, 5 s. */
  goingOn?: { patienceMs: number; keepAliveMs: number }
  /** First attempt number that was never used for this request: a job that is dispatched again must not reuse one. */
  nextAttempt(ctx: RequestContext): number
  clock: Clock
  stopping: Stopping
  /** Nodes that may decline one request because of the prompts that wait there. Default 2. */
  declinesMax?: number
  hedging: Hedging
  /** Earns with each request; what is spent of it is spent by the looks at streams. */
  moves?: Pick<HedgeBudget, 'earn'>
  /** Counts answers again with the model's own tokenizer, where the operator has it. */
  recounter?: Recounter | null
  /** What metrics count. */
  events?: FlowEvents
}

export interface FlowEvents {
  /** An answer that broke off is sent on elsewhere. */
  continued(): void
  /** A silent attempt has got a rival. */
  hedged(): void
  /** A node went without an attempt because of the prompts that wait there. */
  declined(): void
  /** A stream goes on at a faster node. */
  moved(): void
}

/** What an answer came to, over the attempts that made it. */
export type Usage = Pick<CompletedAttempt, 'tokensIn' | 'tokensCached' | 'tokensOut' | 'priceMicroUsd'>

/** The answer as its customer sees it, and whether it went wrong after its first token. */
export interface Served {
  /** The node that served it; of a continued answer the last one. */
  target: Target
  completed: Usage
  placement: unknown
  /** Null when the answer is whole. Else the stream must end with this error. */
  brokenBy: AppError | null
  /** Dispatch → first token of the attempt that began the answer, null where none came. */
  ttftMs: number | null
  /** Dispatch of the attempt that began the answer → end of the one that ended it. */
  durationMs: number
  /** When the first token came, ms since the epoch. */
  firstTokenAtMs: number
  continuations: readonly Continuation[]
}

/** One request that has its place and its money. */
export interface Serving {
  ctx: RequestContext
  asked: PlacementRequest
  answer: FollowedAnswer
  placed: Placed
  reservedMicroUsd: bigint
}

/** What the answer of a queued job is, given its usage; journalled with the outcome. */
export type AnswerOf = (served: Served) => unknown
