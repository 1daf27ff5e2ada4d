/** What went wrong with a request's attempts, as its customer may read it. */
import { AppError } from '@isochrone/domain'
import { fieldOfRefusal } from '../read/known-fields.ts'
import { objectOf, parseJson, type InferenceRequest } from '../read/parse-request.ts'
import { TIMEOUT_HEADER } from '../deadline.ts'
import { durationText } from '../limits/request-limits.ts'
import type { AttemptResult } from './attempt-record.ts'
import type { AttemptLimits } from '../limits/attempt-limits.ts'

/** Of what ended through the customer's own doing. */
const BILLED = 'The prompt and the tokens delivered so far are billed.'
/** What was delivered is known to the gateway alone that delivered it. */
const CANNOT_GO_ON = 'No other gateway can go on with it: send it again, with what you have of the answer if you like.'

/** Why the attempt did not succeed, as the customer may read it; null when it did. */
export function failureOf(
  { outcome, invalidRequest, message, begun, stoppedBy, limits, sealed }: AttemptResult,
  request: InferenceRequest,
): AppError | null {
  if (outcome === 'completed') return null
  const details = { outcome, message }
  if (stoppedBy === 'deadline') return deadlinePassed(begun)
  if (stoppedBy === 'limit' || stoppedBy === 'held_up' || stoppedBy === 'size') return beyondLimit(stoppedBy, limits)
  if (stoppedBy === 'try') {
    const publicMessage = `The node did not end within the ${durationText(limits.totalMsMax)} of one try.`
    return new AppError('provider_timeout', { publicMessage, details })
  }
  if (outcome === 'gateway_failed') {
    const why = 'This gateway was told to stop, and the request ran for longer than it could wait.'
    const publicMessage = begun ? `${why} ${CANNOT_GO_ON} ${BILLED}` : `${why} Send it again.`
    return new AppError('internal', { publicMessage, details })
  }
  if (outcome === 'client_aborted') {
    return new AppError('invalid_input', { publicMessage: 'The client closed the request.', details })
  }
  if (invalidRequest) {
    const why = message ?? 'The engine refused the request.'
    const field = fieldOfRefusal(why, objectOf(parseJson(request.body)))
    const publicMessage = begun ? `${why.replace(/\.$/, '')}. ${BILLED}` : why
    const words = { ...details, ...(sealed?.code && { reason: sealed.code }), sealed: sealed?.sealed }
    return new AppError('invalid_input', { publicMessage, ...(field !== null && { field }), details: words })
  }
  const part = begun ? ' The tokens delivered so far are billed.' : ''
  if (outcome === 'provider_timeout') {
    return new AppError('provider_timeout', { publicMessage: `The node did not answer in time.${part}`, details })
  }
  if (outcome === 'moved') {
    const publicMessage = `The node had become too slow, and no other could go on.${part}`
    return new AppError('capacity_unavailable', { publicMessage, retryAfterS: 1, details })
  }
  if (outcome === 'rejected') {
    return new AppError('capacity_unavailable', {
      publicMessage: 'The nodes that serve this model could not take the request. Try again shortly.',
      retryAfterS: 1,
      details,
    })
  }
  return new AppError('provider_failed', {
    publicMessage: `The node failed while it served this request.${part}`,
    details,
  })
}

export function noNodeLeft(): AppError {
  return new AppError('capacity_unavailable', {
    publicMessage: 'No node serves this model at this moment. Try again shortly.',
    retryAfterS: 1,
  })
}

/** The client's own limit: nobody else answers for it. */
export function deadlinePassed(begun: boolean): AppError {
  const part = begun ? ' The tokens delivered so far are billed.' : ''
  return new AppError('deadline_exceeded', {
    publicMessage: `The request did not end within the time that x-isochrone-timeout-ms gives it.${part}`,
    field: TIMEOUT_HEADER,
    details: { outcome: 'client_aborted' },
  })
}

/** A limit of this gateway on what a customer may ask for: no node answers for it, and what was done is billed. */
function beyondLimit(by: 'limit' | 'held_up' | 'size', { totalMsMax, heldUpMsMax = 0 }: AttemptLimits): AppError {
  const details = { outcome: 'client_aborted' }
  if (by === 'size') {
    const publicMessage = `The whole answer, which repeats its prompt, is too large to be put together here: stream it. ${BILLED}`
    return new AppError('payload_too_large', { publicMessage, details })
  }
  const why =
    by === 'limit'
      ? `The answer did not end within ${durationText(totalMsMax)}, the longest that one may take.`
      : `The answer waited for its reader for ${durationText(heldUpMsMax)} in all, the longest that one may.`
  return new AppError('deadline_exceeded', { publicMessage: `${why} ${BILLED}`, details })
}

/** As the journal and the customer's own log have it, were anybody left to read it. */
export function clientGone(): AppError {
  const publicMessage = 'The client closed the request.'
  return new AppError('invalid_input', { publicMessage, details: { outcome: 'client_aborted' } })
}
