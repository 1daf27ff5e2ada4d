/** What placement is asked for one request: its size as far as it can be known, and the policy that holds for it. */
import { promptTokensMin, type PlacementRequest } from '@isochrone/scheduler'
import type { Measurements } from './node-measurements.ts'
import { tokensInMaxOf } from '../limits/reserve-price.ts'
import { PREFIX_BLOCK_BYTES, prefixHashesFor } from '../read/prompt-head.ts'
import type { RequestContext } from '../request-context.ts'

export type Placeable = Pick<
  RequestContext,
  'requestId' | 'request' | 'organisation' | 'policy' | 'session' | 'onlyNodeIds'
>

/** Made once for a request; later decisions on it change only what they exclude and how long it has waited. */
export function placementRequestOf(ctx: Placeable, measurements: Measurements): PlacementRequest {
  const { requestId, request, organisation, policy, session = null, onlyNodeIds } = ctx
  const { model, body, tokensOutMax, tokensOutNeeded, promptHead, sealed } = request
  const tokensIn = measurements.tokensInOf(organisation.orgId, model, sealed?.promptBytes ?? body.length)
  return {
    requestId,
    modelHash: null,
    tokensIn,
    tokensInMax: tokensInMaxOf(request),
    // Nothing is known for certain of what is sealed.
    tokensInMin: sealed ? 1 : promptTokensMin(Buffer.from(body.buffer, body.byteOffset, body.byteLength)),
    tokensOutMax,
    ...(tokensOutNeeded !== undefined && { tokensOutNeeded }),
    tokensOutExpected: measurements.tokensOutOf(organisation.orgId, model, tokensIn, tokensOutMax),
    gapNoise: measurements.gapNoiseOf(organisation.orgId, model, tokensIn, tokensOutMax),
    bytesIn: body.length,
    prefixHashes: prefixHashesFor(promptHead, organisation.orgId, session),
    prefixBlockTokens: Math.max(1, measurements.tokensInOf(organisation.orgId, model, PREFIX_BLOCK_BYTES)),
    policy,
    excludeNodeIds: [],
    ...(onlyNodeIds && { onlyNodeIds }),
  }
}

/** With less time left for the first token than was asked for: what has been waited is gone. */
export function afterWaiting(request: PlacementRequest, waitedMs: number): PlacementRequest {
  const { policy } = request
  if (policy.admission !== 'slack' || waitedMs < 1) return request
  const ttftSloMs = Math.max(1, policy.ttftSloMs - waitedMs)
  const sloWaitedMs = (request.sloWaitedMs ?? 0) + policy.ttftSloMs - ttftSloMs
  return { ...request, policy: { ...policy, ttftSloMs }, sloWaitedMs }
}
