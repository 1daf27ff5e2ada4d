/** The time that a client gives a request, from its acceptance: it holds for waiting, for every attempt and for the engine. */
import { AppError } from '@isochrone/domain'

export const TIMEOUT_HEADER = 'x-isochrone-timeout-ms'
const TIMEOUT_MS_MAX = 3_600_000

/** Ms since the epoch; null where the client names no time. Throws `invalid_input` on what is no time. */
export function deadlineOf(header: string | string[] | undefined, receivedAtMs: number): number | null {
  if (header === undefined) return null
  const timeoutMs = typeof header === 'string' && /^\d{1,7}$/.test(header.trim()) ? Number(header) : 0
  if (timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX) return receivedAtMs + timeoutMs
  throw new AppError('invalid_input', {
    publicMessage: `${TIMEOUT_HEADER} must be a whole number of milliseconds from 1 to ${TIMEOUT_MS_MAX}.`,
    field: TIMEOUT_HEADER,
  })
}

/** Ms that are left, at least 0; null where the request has no deadline. */
export function leftMsOf({ deadlineAtMs = null }: { deadlineAtMs?: number | null }, nowMs: number): number | null {
  return deadlineAtMs === null ? null : Math.max(0, deadlineAtMs - nowMs)
}
