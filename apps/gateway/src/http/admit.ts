/** From a caller and what it asks to a request that may be placed: lease, model, features, money and policy. */
import { AppError } from '@isochrone/domain'
import { bytes32Of, type Hex } from '@isochrone/protocol'
import { traceparentOf } from '@isochrone/runtime'
import type { FastifyRequest } from 'fastify'
import { deadlineOf, TIMEOUT_HEADER } from '../requests/deadline.ts'
import type { InferenceRequest } from '../requests/read/parse-request.ts'
import type { RequestContext } from '../requests/request-context.ts'
import { requireFeatures } from '../requests/read/require-features.ts'
import { routingOf } from '../requests/read/routing-of.ts'
import { sealedToOf } from '../requests/placement/sealed-nodes.ts'
import { SESSION_HEADER, sessionOf } from '../requests/read/session-of.ts'
import type { Caller } from './authenticate.ts'
import { leasedOf } from '../leases/leased-of.ts'
import type { GatewayDeps } from './gateway-deps.ts'

/** Throws 404 for a model that nobody has offered, and `insufficient_balance` where no channel could pay. */
export function admit(
  deps: GatewayDeps,
  request: FastifyRequest,
  { key, organisation }: Caller,
  asked: InferenceRequest,
): RequestContext {
  const leased = leasedOf(deps.control, organisation.orgId, asked, request.requestId)
  const inference = leased?.request ?? asked
  requireKnownModel(deps, inference.model)
  requireFeatures(deps.sessions.all(), inference)
  const sealedTo = sealedToOf(deps, inference)
  const context = {
    requestId: request.requestId,
    requestIdHash: bytes32Of(request.requestId),
    receivedAtMs: request.receivedAtMs,
    organisation,
    channelId: requireChannel(organisation),
    keyId: key.keyId,
    jobId: null,
    request: inference,
    policy: routingOf(organisation, inference, deps.control),
    session: sessionOf(inference.session, request.headers[SESSION_HEADER]),
    deadlineAtMs: deadlineOf(request.headers[TIMEOUT_HEADER], request.receivedAtMs),
    pinned: leased?.pinned ?? null,
    ...(leased && { lease: leased.lease }),
    trace: request.trace,
    ...(request.headers.traceparent !== undefined && { traceparent: traceparentOf(request.headers.traceparent) }),
    ...(sealedTo && { onlyNodeIds: sealedTo.map(({ session }) => session.nodeId) }),
  }
  request.trace?.admitted()
  return context
}

/** The channel that pays. Throws `insufficient_balance` where there is none. */
export function requireChannel({ channelId }: Caller['organisation']): Hex {
  if (channelId !== null) return channelId as Hex
  throw new AppError('insufficient_balance', {
    publicMessage: 'Your organisation has no funds yet. Add funds, then send the request again.',
  })
}

/** Before any node was ever seen, nobody can say that a model does not exist: placement answers 503 then. */
export function requireKnownModel(deps: GatewayDeps, model: string): void {
  if (deps.knownModels.has(model) || !deps.knownModels.any) return
  throw new AppError('not_found', {
    publicMessage: `The model '${model.slice(0, 200)}' does not exist here. GET /v1/models lists those that do.`,
    field: 'model',
    details: { reason: 'model_not_found' },
  })
}
