/**
 * Refuses what would begin while the event loop stays late, before anything is made for it: no key is hashed, no body read. What
 * has begun goes on, and comes to its end the sooner.
 *
 * The answer is 503 `capacity_unavailable`. Its `retry-after` is as long as the gateway has been behind, at most
 * `RETRY_AFTER_S_MAX`, and spread over that time: who was refused together shall not come back together.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, newId } from '@isochrone/domain'
import type { LoopWatch } from '../overload/watch-loop.ts'
import { linger, type LingerLimits } from './linger.ts'
import { toOpenAiError } from './openai-error.ts'
import { routedPath } from './routed-path.ts'

export interface OverloadGate {
  /** True: it is answered. Looks at the headers alone. */
  refuses(request: IncomingMessage, response: ServerResponse): boolean
}

export interface OverloadGateOptions {
  loop: Pick<LoopWatch, 'isOverloaded' | 'behindMs'>
  /** Paths by which work begins; every other one is served. */
  paths: ReadonlySet<string>
  /** Told of each refusal. */
  onRefused: (path: string) => void
  /** While it is not null, nothing is refused here: there is something else to say. */
  notReady: () => string | null
  /** Of a body that is still being sent. */
  linger: LingerLimits
}

const RETRY_AFTER_S_MAX = 10

export function createOverloadGate(options: OverloadGateOptions): OverloadGate {
  const { loop, paths, onRefused, notReady } = options
  let refused = 0

  function answer(response: ServerResponse): void {
    const spreadS = Math.min(RETRY_AFTER_S_MAX, Math.max(1, Math.ceil(loop.behindMs() / 1_000)))
    const requestId = newId('req')
    const { httpStatus, headers, body } = toOpenAiError(overloaded(1 + (refused++ % spreadS)), requestId)
    const text = JSON.stringify(body)
    response.writeHead(httpStatus, {
      ...headers,
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': requestId,
      'content-length': String(Buffer.byteLength(text)),
    })
    response.end(text)
  }

  return {
    refuses(request, response) {
      if (request.method !== 'POST' || !loop.isOverloaded()) return false
      const path = routedPath(request.url, paths)
      const { host, connection } = request.headers
      if (!paths.has(path) || host === undefined || connection === 'upgrade' || notReady() !== null) return false
      onRefused(path)
      // What comes of a body is dropped by Node, and this bounds it.
      if (!request.complete) response.once('finish', () => linger(request, options.linger))
      answer(response)
      return true
    },
  }
}

const overloaded = (retryAfterS: number): AppError =>
  new AppError('capacity_unavailable', {
    publicMessage: `This gateway has more to do than it can at this moment. Try again in ${retryAfterS} s.`,
    retryAfterS,
  })
