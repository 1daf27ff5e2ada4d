/** What a request came to once its attempts are over: the answer's usage, and the journal entry that makes it durable. Pure. */
import type { AppError } from '@isochrone/domain'
import type { Attempts } from './attempts/attempt-all.ts'
import { noNodeLeft } from './attempts/attempt-failure.ts'
import type { FollowedAnswer } from './answer/followed-answer.ts'
import { outcomeEntry } from './outcome-entry.ts'
import type { RequestContext } from './request-context.ts'
import type { AttemptRecord } from './attempts/attempt-record.ts'
import type { AnswerOf, Served, Usage } from './serving.ts'

type Entry = ReturnType<typeof outcomeEntry>

/** `failure` null: the answer is whole. `served` null: no node could be made to answer. */
export type Settled =
  | { entry: Entry; served: Served; failure: AppError | null }
  | { entry: Entry; served: null; failure: AppError }

export function settle(
  ctx: RequestContext,
  answer: Pick<FollowedAnswer, 'begun' | 'streams'>,
  { records, leg, continuations, placement, failure }: Attempts,
  answerOf: AnswerOf | undefined,
): Settled {
  const last = leg.at(-1) ?? records.at(-1)
  // Whoever stopped it has its answer: nobody else is asked.
  const told = last?.result.invalidRequest === true || records.at(-1)?.result.outcome === 'client_aborted'
  if (!last || (failure && !told && !(answer.streams && answer.begun))) {
    const error = failure ?? noNodeLeft()
    return {
      entry: outcomeEntry({ ctx, records, served: null, error, placement, answer: undefined }),
      served: null,
      failure: error,
    }
  }
  const first = leg[0] ?? last
  const served: Served = {
    target: last.result.target,
    completed: usageOf(records),
    placement,
    brokenBy: failure,
    ttftMs: first.result.seen.attemptTtftMs,
    durationMs: endOf(last) - startOf(first),
    firstTokenAtMs: startOf(first) + (first.result.seen.attemptTtftMs ?? 0),
    continuations,
  }
  // A request that no node would take is answered too: with its error.
  const body = failure === null || last.result.invalidRequest ? answerOf?.(served) : undefined
  return { entry: outcomeEntry({ ctx, records, served, error: failure, placement, answer: body }), served, failure }
}

const startOf = ({ result }: AttemptRecord): number => result.seen.intent.startedAtMs
const endOf = ({ result }: AttemptRecord): number => result.seen.intent.startedAtMs + result.seen.durationMs

function usageOf(records: readonly AttemptRecord[]): Usage {
  const usage: Usage = { tokensIn: 0, tokensCached: 0, tokensOut: 0, priceMicroUsd: 0n }
  for (const { completed } of records) {
    usage.tokensIn += completed.tokensIn
    usage.tokensCached += completed.tokensCached
    usage.tokensOut += completed.tokensOut
    usage.priceMicroUsd += completed.priceMicroUsd
  }
  return usage
}
