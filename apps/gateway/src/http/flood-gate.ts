/**
 * The first look at a request, before anything is made for it: whoever was refused for its rate a moment ago, and may not
 * come yet, is refused again by a look into a map. Its key is not hashed, its body not read, nothing is thrown.
 *
 * So a caller that goes on beyond its limit costs next to nothing, and others do not notice it. Whoever keeps on is
 * answered late, up to `HELD_MS`: a client that asks again at each answer is slowed down, and loses nothing by it, for the
 * answer says to come in a second or more. What holds a rate is `RequestLimits`; this only remembers what that said, for as
 * long as it stays true and no longer than `KNOWN_MS_MAX`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, BoundedMap, newId, type Clock } from '@isochrone/domain'
import { linger, type LingerLimits } from './linger.ts'
import { toOpenAiError } from './openai-error.ts'
import { routedPath } from './routed-path.ts'

export interface FloodGate {
  /** True: it is answered, or will be. Looks at the headers alone. */
  refuses(request: IncomingMessage, response: ServerResponse): boolean
  /** The request of this caller was refused for its rate; it may come again after `waitMs`. */
  remember(authorization: string | undefined, refused: AppError, waitMs: number): void
}

export interface FloodGateOptions {
  clock: Clock
  /** Paths that are limited by a rate. */
  paths: ReadonlySet<string>
  /** Told of each refusal. */
  onRefused: (path: string) => void
  /** While it is not null, nothing is refused here: there is something else to say. */
  notReady: () => string | null
  /** Of a body that is still being sent. */
  linger: LingerLimits
}

/** A key may be revoked, a limit raised: known to this gateway within a second. */
const KNOWN_MS_MAX = 250
const CALLERS_MAX = 2_048
const KEY_LENGTH_MAX = 600
/** Refusals in a second after which a caller is answered late. */
const PATIENT_REFUSALS = 20
const HELD_MS = 500
/** Answers that wait, all callers together: beyond it they leave at once. */
const HELD_MAX = 1_024

interface Refused {
  untilMs: number
  status: number
  headers: readonly string[]
  /** Of the body, before and behind the request's id. */
  body: readonly [string, string]
  /** Refusals since `sinceMs`. */
  count: number
  sinceMs: number
}

export function createFloodGate({ clock, paths, onRefused, notReady, linger: limits }: FloodGateOptions): FloodGate {
  const callers = new BoundedMap<string, Refused>(CALLERS_MAX)
  let held = 0

  function answer({ status, headers, body }: Refused, response: ServerResponse): void {
    const requestId = newId('req')
    const text = `${body[0]}${requestId}${body[1]}`
    response.writeHead(status, [...headers, 'x-request-id', requestId, 'content-length', String(text.length)])
    response.end(text)
  }

  function later(refused: Refused, response: ServerResponse): void {
    held++
    const timer = setTimeout(() => answer(refused, response), HELD_MS)
    response.once('close', () => {
      held--
      clearTimeout(timer)
    })
  }

  return {
    refuses(request, response) {
      const { authorization, host, connection } = request.headers
      const refused = authorization === undefined ? undefined : callers.get(authorization)
      if (!refused || request.method !== 'POST' || host === undefined || connection === 'upgrade') return false
      const path = routedPath(request.url, paths)
      const nowMs = clock.nowMs()
      if (nowMs >= refused.untilMs || !paths.has(path) || notReady() !== null) return false
      if (nowMs - refused.sinceMs > 1_000) [refused.sinceMs, refused.count] = [nowMs, refused.count >> 1]
      onRefused(path)
      // What comes of a body is dropped by Node, and this bounds it.
      if (!request.complete) response.once('finish', () => linger(request, limits))
      if (++refused.count > PATIENT_REFUSALS && held < HELD_MAX) later(refused, response)
      else answer(refused, response)
      return true
    },
    remember(authorization, error, waitMs) {
      if (authorization === undefined || authorization.length > KEY_LENGTH_MAX) return
      const nowMs = clock.nowMs()
      const before = callers.get(authorization)
      const { httpStatus, headers, body } = toOpenAiError(error, MARK)
      const [head = '', tail = ''] = JSON.stringify(body).split(MARK)
      const all = { ...headers, 'content-type': 'application/json; charset=utf-8' }
      callers.set(authorization, {
        untilMs: nowMs + Math.min(waitMs, KNOWN_MS_MAX),
        status: httpStatus,
        headers: Object.entries(all).flat(),
        body: [head, tail],
        count: before?.count ?? 0,
        sinceMs: before?.sinceMs ?? nowMs,
      })
    },
  }
}

/** Stands for the request's id. */
const MARK = 'req_00000000000000000000000000000000'
