/**
 * What keeps an endpoint of a chain from answering, in one sentence: it is away, refuses, is no chain's, or talks nonsense.
 *
 * A name is given to it by the caller: a URL may hold a key, so that a process's log has its origin alone.
 */
import { AppError, isAppError } from '@isochrone/domain'
import type { PublicClient } from 'viem'

/** `chain_unavailable` with the sentence; an AppError comes back as it is. @param like how it should have answered. */
export function endpointError(name: string, cause: unknown, like = 'as a chain would'): AppError {
  if (isAppError(cause)) return cause
  const publicMessage = `The chain endpoint ${name} does not answer${howOf(cause, like)}`
  return new AppError('chain_unavailable', { publicMessage, cause })
}

/** The endpoint that a client asks, without its path. */
export function endpointOf(publicClient: PublicClient): string {
  const { url } = publicClient.transport as { url?: unknown }
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : 'that was given'
}

function howOf(cause: unknown, like: string): string {
  const status = statusOf(cause)
  if (status !== undefined) return ` as one: HTTP ${status}.`
  if (isNotJson(cause)) return ' as one: it gives no JSON.'
  const text = cause instanceof Error && 'shortMessage' in cause ? String(cause.shortMessage) : String(cause)
  if (/fetch failed|HTTP request failed|took too long|timed? ?out/i.test(text)) return '.'
  return ` ${like}: ${text.split('\n')[0]}`
}

/** Of the answer itself; undefined where there was none. */
function statusOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error)) return undefined
  if ('status' in cause && typeof cause.status === 'number') return cause.status
  return statusOf(cause.cause)
}

function isNotJson(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  if (cause.name === 'HttpRequestError' && cause.cause instanceof SyntaxError) return true
  return isNotJson(cause.cause)
}
