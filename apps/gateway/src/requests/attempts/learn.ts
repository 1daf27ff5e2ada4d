/** What an attempt teaches this gateway beside the pool: what pages show, and what the next request of the model is taken for. */
import type { Measurements } from '../placement/node-measurements.ts'
import type { RequestContext } from '../request-context.ts'
import type { AttemptRecord } from './attempt-record.ts'

/** `wentOn`: it made the rest of an answer, which says nothing of how long answers are. */
export function learn(
  measurements: Measurements,
  { organisation: { orgId }, request }: RequestContext,
  { result, completed }: AttemptRecord,
  wentOn: boolean,
): void {
  const { outcome, invalidRequest, seen } = result
  if (outcome === 'client_aborted' || invalidRequest) return
  const { intent, attemptTtftMs, durationMs } = seen
  const { tokensOut } = completed
  measurements.observe(intent.nodeId, { ttftMs: attemptTtftMs, durationMs, tokensOut })
  // The bytes of a sealed prompt say little of its tokens.
  if (outcome !== 'completed' || wentOn || request.sealed) return
  const tokensIn = completed.tokensIn + completed.tokensCached
  measurements.learn(orgId, intent.model, { bytesIn: intent.bytesIn, tokensIn, tokensOut })
}
