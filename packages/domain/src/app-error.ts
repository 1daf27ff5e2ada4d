/**
 * Errors that people meet: a code, who owns it, whether a retry may help, and a sentence for a stranger.
 *
 * One table, mapped at each edge. What is not an `AppError` becomes `internal`, never "bad request", and its message
 * never reaches a customer. Only `owner: provider` may ever count against a provider.
 */
export type ErrorOwner = 'client' | 'capacity' | 'provider' | 'chain' | 'platform'

export interface ErrorRow {
  owner: ErrorOwner
  httpStatus: number
  retryable: boolean
}

export const errorTable = {
  invalid_input: { owner: 'client', httpStatus: 400, retryable: false },
  unauthenticated: { owner: 'client', httpStatus: 401, retryable: false },
  insufficient_balance: { owner: 'client', httpStatus: 402, retryable: false },
  forbidden: { owner: 'client', httpStatus: 403, retryable: false },
  not_found: { owner: 'client', httpStatus: 404, retryable: false },
  /** Asked of a place that may not serve this caller; the details name one that may. */
  misdirected: { owner: 'client', httpStatus: 421, retryable: false },
  state_conflict: { owner: 'client', httpStatus: 409, retryable: false },
  rate_limited: { owner: 'client', httpStatus: 429, retryable: true },
  payload_too_large: { owner: 'client', httpStatus: 413, retryable: false },
  unsupported_media_type: { owner: 'client', httpStatus: 415, retryable: false },
  capacity_unavailable: { owner: 'capacity', httpStatus: 503, retryable: true },
  provider_failed: { owner: 'provider', httpStatus: 502, retryable: true },
  provider_timeout: { owner: 'provider', httpStatus: 504, retryable: true },
  /** The time that the client itself gave the request is over. */
  deadline_exceeded: { owner: 'client', httpStatus: 504, retryable: false },
  chain_unavailable: { owner: 'chain', httpStatus: 503, retryable: true },
  /** What was asked waited too long for its turn, and wrote nothing. */
  busy: { owner: 'platform', httpStatus: 503, retryable: true },
  internal: { owner: 'platform', httpStatus: 500, retryable: true },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

export interface AppErrorOptions {
  /** A sentence for the person who reads it: what failed and what to do. */
  publicMessage: string
  /** The input field at fault, for `invalid_input`. */
  field?: string
  /** Seconds after which a retry makes sense. */
  retryAfterS?: number
  /** For logs and support; no secrets, no prompts. */
  details?: Readonly<Record<string, unknown>>
  cause?: unknown
}

export class AppError extends Error {
  readonly code: ErrorCode
  readonly owner: ErrorOwner
  readonly httpStatus: number
  readonly retryable: boolean
  readonly publicMessage: string
  readonly field: string | undefined
  readonly retryAfterS: number | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, options: AppErrorOptions) {
    super(`${code}: ${options.publicMessage}`, { cause: options.cause })
    const row = errorTable[code]
    this.name = 'AppError'
    this.code = code
    this.owner = row.owner
    this.httpStatus = row.httpStatus
    this.retryable = row.retryable
    this.publicMessage = options.publicMessage
    this.field = options.field
    this.retryAfterS = options.retryAfterS
    this.details = options.details ?? {}
  }
}

/** Works across copies of this module (a bundler may make two). */
export function isAppError(value: unknown): value is AppError {
  return value instanceof Error && value.name === 'AppError' && 'code' in value && String(value.code) in errorTable
}

/** Any thrown value as an `AppError`: unknown ones are `internal`, their text kept as the cause only. */
export function toAppError(value: unknown): AppError {
  if (isAppError(value)) return value
  return new AppError('internal', {
    publicMessage: 'Something failed on our side. Try again; if it persists, quote the request id.',
    cause: value,
  })
}
