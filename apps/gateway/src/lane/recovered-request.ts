/** What is on record of a request that this gateway's own death cut off: its intent and the node's work receipt. */
import type { RequestOutcomeJson } from '@isochrone/protocol'
import type { Draft, OpenAttempt } from './lane-state.ts'

export function recoveredRequest(
  { intent }: OpenAttempt,
  { delivery, work }: Draft,
  nowMs: number,
): RequestOutcomeJson {
  return {
    requestId: intent.requestId,
    orgId: intent.orgId,
    keyId: intent.keyId,
    jobId: intent.jobId,
    channelId: intent.channelId,
    path: intent.path,
    model: intent.model,
    stream: intent.stream,
    status: 'failed',
    httpStatus: delivery.httpStatus,
    errorCode: 'internal',
    errorMessage: 'The gateway stopped while it was answering. What had reached the customer is billed.',
    receivedAtMs: intent.receivedAtMs ?? intent.startedAtMs,
    finishedAtMs: work?.value.finishedAtMs ?? nowMs,
    ttftMs: null,
    tpotMs: null,
    tokensIn: delivery.billedIn,
    tokensCached: delivery.billedCached,
    tokensOut: delivery.billedOut,
    priceMicroUsd: delivery.price.toString(),
    attempts: [
      {
        attempt: intent.attempt,
        nodeId: intent.nodeId,
        outcome: 'gateway_failed',
        ttftMs: null,
        durationMs: delivery.durationMs,
        message: null,
      },
    ],
    placement: null,
  }
}
