/**
 * Pages of other origins, as the Fetch standard has it (https://fetch.spec.whatwg.org/#http-cors-protocol): those that the
 * operator names may call `/v1` and read its headers, no other may. No cookie is ever taken, so none is allowed.
 *
 * Before everything else that answers: without these headers a page cannot read a refusal either.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What `docs/API.md` says of answers. */
const exposed = [
  'x-request-id',
  'x-isochrone-node',
  'x-isochrone-region',
  'x-isochrone-cost-micro-usd',
  'x-isochrone-placement',
  'x-isochrone-job',
  'x-isochrone-replayed',
  'x-isochrone-gateway',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'x-should-retry',
  'retry-after',
  'location',
].join(', ')
/** How long a browser need not ask again, s; Chromium keeps it for two hours at most. */
const MAX_AGE_S = 7_200

export interface CrossOrigin {
  /** Whether it was asked if a page may call, and is answered. */
  answers(request: IncomingMessage, response: ServerResponse): boolean
}

/** @param origins as browsers send them: `https://app.example.org`. */
export function createCrossOrigin(origins: readonly string[]): CrossOrigin {
  const allowed = new Set(origins)
  return {
    answers({ method, url, headers }, response) {
      if (allowed.size === 0 || url?.startsWith('/v1/') !== true) return false
      // Said of every answer, or a cache would give one origin's to another.
      response.setHeader('vary', 'Origin')
      const { origin } = headers
      if (origin === undefined || !allowed.has(origin)) return false
      response.setHeader('access-control-allow-origin', origin)
      if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) {
        response.setHeader('access-control-expose-headers', exposed)
        return false
      }
      const asked = headers['access-control-request-headers']
      response.writeHead(204, {
        'access-control-allow-methods': 'GET, POST, DELETE',
        ...(asked !== undefined && { 'access-control-allow-headers': asked }),
        'access-control-max-age': String(MAX_AGE_S),
      })
      response.end()
      return true
    },
  }
}
