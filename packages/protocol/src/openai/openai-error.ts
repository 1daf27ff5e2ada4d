/**
 * The body of an error in OpenAI's shape, with the owner of the trouble: what gateways answer, and what a queued request
 * ends with where none did.
 */
import { errorTable, toAppError, type AppError, type ErrorCode } from '@isochrone/domain'
import { sealedRefusals } from '../sealed/envelope.ts'

export interface OpenAiErrorBody {
  error: {
    message: string
    type: string
    param: string | null
    code: SentCode
    owner: string
    /** Of a refusal for want of capacity: the smallest changes of the routing policy that would admit the request. */
    suggestions?: readonly unknown[]
    /** Of a refusal for residency: the gateways that may serve the caller. */
    gateways?: readonly unknown[]
    /** What the engine said to a sealed request, as a part of its answer. */
    sealed?: unknown
    request_id?: string
  }
}

/** What no request is told, and why not: thrown while one is served, it is a fault of ours. */
export const neverSent = { chain_unavailable: 'no request asks the chain' } as const satisfies Partial<
  Record<ErrorCode, string>
>
type NeverHere = keyof typeof neverSent

/** `type` and `code` as OpenAI uses them, where it has a word for it. */
const words = {
  invalid_input: { type: 'invalid_request_error', code: 'invalid_request' },
  unauthenticated: { type: 'invalid_request_error', code: 'invalid_api_key' },
  insufficient_balance: { type: 'insufficient_quota', code: 'insufficient_quota', httpStatus: 429 },
  forbidden: { type: 'invalid_request_error', code: 'permission_denied' },
  not_found: { type: 'invalid_request_error', code: 'not_found' },
  misdirected: { type: 'invalid_request_error', code: 'wrong_gateway' },
  state_conflict: { type: 'invalid_request_error', code: 'state_conflict' },
  rate_limited: { type: 'requests', code: 'rate_limit_exceeded' },
  payload_too_large: { type: 'invalid_request_error', code: 'payload_too_large' },
  unsupported_media_type: { type: 'invalid_request_error', code: 'unsupported_media_type' },
  capacity_unavailable: { type: 'server_error', code: 'capacity_unavailable' },
  provider_failed: { type: 'server_error', code: 'provider_failed' },
  provider_timeout: { type: 'server_error', code: 'provider_timeout' },
  deadline_exceeded: { type: 'timeout', code: 'deadline_exceeded' },
  busy: { type: 'server_error', code: 'busy' },
  internal: { type: 'server_error', code: 'internal_error' },
} as const satisfies Record<Exclude<ErrorCode, NeverHere>, { type: string; code: string; httpStatus?: number }>
type OurCode = keyof typeof words

/** Errors with a code of their own, at OpenAI or here; thrown with it as `details.reason`. */
const specificCodes = [
  'unsupported_field',
  'model_not_found',
  'context_length_exceeded',
  'price_cap_below_every_price',
  'job_deadline_exceeded',
  ...sealedRefusals,
] as const
type SpecificCode = (typeof specificCodes)[number]

/** All that an error may have as its code. Each has a case in `conformance`. */
export type SentCode = (typeof words)[OurCode]['code'] | SpecificCode
export const sentCodes: readonly SentCode[] = [...Object.values(words).map(({ code }) => code), ...specificCodes]

/** HTTP status and body. Unknown values become 500 without their text. */
export function openAiErrorOf(thrown: unknown, requestId?: string): { httpStatus: number; body: OpenAiErrorBody } {
  const error = ofRequest(toAppError(thrown))
  const word: { type: string; code: SentCode; httpStatus?: number } = words[error.code]
  return {
    httpStatus: word.httpStatus ?? error.httpStatus,
    body: {
      error: {
        message: error.publicMessage,
        type: typeOf(error, word),
        param: error.field ?? null,
        code: specificCode(error) ?? word.code,
        owner: error.owner,
        ...(Array.isArray(error.details.suggestions) && { suggestions: error.details.suggestions }),
        ...(error.details.sealed !== undefined && { sealed: error.details.sealed }),
        ...(Array.isArray(error.details.gateways) && { gateways: error.details.gateways }),
        ...(requestId !== undefined && { request_id: requestId }),
      },
    },
  }
}

/** Whether a retry may mend what a body says has this code; false for a code that is not of ours. */
export function mayRetry(code: unknown): boolean {
  const known = Object.entries(words).find(([, word]) => word.code === code)
  return known !== undefined && errorTable[known[0] as OurCode].retryable
}

/** What nothing that runs requests throws would be a fault of ours. */
function ofRequest(error: AppError): AppError & { code: OurCode } {
  const { code } = error
  return has(error, code) ? error : ofRequest(toAppError(new Error(code, { cause: error })))
}

const has = (error: AppError, code: ErrorCode): error is AppError & { code: OurCode } =>
  !(code in neverSent) && error.code === code

/** What was exceeded of a limit: OpenAI says `tokens` where it was those of a minute, thrown as `details.limited`, else `requests`. */
const typeOf = ({ code, details }: AppError, { type }: { type: string }): string =>
  code === 'rate_limited' && details.limited === 'tokens' ? 'tokens' : type

/** Some errors have a code of their own: `model_not_found`, `context_length_exceeded`. */
function specificCode({ details, code }: AppError): SpecificCode | undefined {
  if (code !== 'not_found' && code !== 'invalid_input' && code !== 'deadline_exceeded') return undefined
  return specificCodes.find((each) => each === details.reason)
}
