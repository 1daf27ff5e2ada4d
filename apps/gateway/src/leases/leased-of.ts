/**
 * The private endpoint of a lease: a request whose `model` is the lease's id, by a key of the organisation that rents.
 *
 * For everybody else such a model does not exist, and the answer is the same as for any other name that nobody offers.
 */
import { AppError } from '@isochrone/domain'
import { bytes32Of } from '@isochrone/protocol'
import type { ControlView } from '../control/control-state.ts'
import type { InferenceRequest } from '../requests/read/parse-request.ts'
import type { RequestContext } from '../requests/request-context.ts'

const LEASE = /^lease_[0-9a-f]{32}$/
/** The gateway's own limit is no longer. */
const TIMEOUT_MS = 3_600_000

export interface Leased {
  /** Under the model's own name. */
  request: InferenceRequest
  lease: NonNullable<RequestContext['lease']>
  pinned: NonNullable<RequestContext['pinned']>
}

/** Null for a model of the market. Throws `not_found` for a lease that is over or another's, `capacity_unavailable` while it moves. */
export function leasedOf(
  control: Pick<ControlView, 'lease'>,
  orgId: string,
  request: InferenceRequest,
  requestId: string,
): Leased | null {
  const { model: leaseId } = request
  if (!LEASE.test(leaseId)) return null
  const lease = control.lease(leaseId)
  if (!lease || lease.orgId !== orgId) {
    throw new AppError('not_found', {
      publicMessage: `The model '${leaseId}' does not exist here. GET /v1/models lists those that do.`,
      field: 'model',
      details: { reason: 'model_not_found' },
    })
  }
  if (request.sealed) {
    throw new AppError('invalid_input', {
      publicMessage: 'A request to a lease cannot be sealed.',
      field: 'sealed',
      details: { reason: 'unsupported_field' },
    })
  }
  if (lease.nodeId === null) {
    throw new AppError('capacity_unavailable', {
      publicMessage: 'The lease has no node at this moment: it is being started, or moved. Try again shortly.',
      retryAfterS: 2,
    })
  }
  return {
    request: { ...request, model: lease.model },
    lease: { leaseId, leaseIdHash: bytes32Of(leaseId) },
    pinned: { nodeId: lease.nodeId, placement: { lease: leaseId, requestId }, timeoutMs: TIMEOUT_MS },
  }
}
