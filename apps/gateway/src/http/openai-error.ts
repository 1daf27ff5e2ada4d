/**
 * Errors as gateways answer them, so that OpenAI's official client throws its typed errors.
 *
 * What a retry cannot mend says `x-should-retry: false`, because that client retries 409, 429 and 5xx by itself.
 */
import { toAppError, type AppError } from '@isochrone/domain'
import { openAiErrorOf, type OpenAiErrorBody } from '@isochrone/protocol/openai-error'

export interface OpenAiError {
  httpStatus: number
  headers: Record<string, string>
  body: OpenAiErrorBody
}

/** Any thrown value as an answer. Unknown values become 500 without their text. */
export function toOpenAiError(thrown: unknown, requestId?: string): OpenAiError {
  const error = toAppError(thrown)
  const headers: Record<string, string> = {}
  // Want of capacity without a time is one that waiting does not mend: nothing inside the policy is linked.
  const hopeless = error.code === 'capacity_unavailable' && error.retryAfterS === undefined
  if (!error.retryable || hopeless) headers['x-should-retry'] = 'false'
  Object.assign(headers, headersIn(error.details))
  if (error.retryAfterS !== undefined) headers['retry-after'] = String(error.retryAfterS)
  // RFC 9110, section 15.5.2. Browsers ask nobody for anything by it.
  if (error.code === 'unauthenticated') headers['www-authenticate'] = 'Bearer'
  const { gatewayUrl } = error.details
  if (typeof gatewayUrl === 'string') headers['x-isochrone-gateway'] = gatewayUrl
  return { ...openAiErrorOf(error, requestId), headers }
}

/** Headers that whoever refused wants said: the state of a rate limit. */
function headersIn({ headers }: AppError['details']): Record<string, string> {
  return typeof headers === 'object' && headers !== null ? (headers as Record<string, string>) : {}
}
