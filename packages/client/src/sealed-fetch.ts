/**
 * A `fetch` that seals chat and text completions to the nodes that may serve them, for any client that takes a `fetch`:
 * `new OpenAI({ baseURL, apiKey, fetch: sealedFetch({ nodes }) })`. For Node and browsers.
 *
 * Fails closed: a POST that it cannot seal is not sent. What fails of the sealing is an error in OpenAI's shape with a code
 * of its own and `x-should-retry: false`, so that no client tries, and pays, again by itself.
 */
import { sealedPaths, type SealedPath } from '@isochrone/protocol/sealed'
import { candidatesOf, requireTrust, type CandidateList, type CandidateRules } from './candidates.ts'
import { openStream, parse } from './open-stream.ts'
import { openWhole } from './open-whole.ts'
import { readBody, sealBody, type ClearBody } from './sealed-body.ts'
import { errorBody, SealedError } from './sealed-error.ts'

export interface SealedFetchOptions extends CandidateRules {
  /** What sends. Default: the platform's. */
  fetch?: typeof fetch
}

/** Lists that are kept at a time. */
const LISTS_MAX = 64

/** Throws a `SealedError` `sealed_trust_missing` where neither `nodes` nor `accept` nor `trustGateway: true` is given. */
export function sealedFetch(options: SealedFetchOptions): typeof fetch {
  requireTrust(options)
  const send = options.fetch ?? ((input, init) => fetch(input, init))
  const lists = new Map<string, CandidateList>()

  async function listFor(
    base: string,
    clear: ClearBody,
    headers: Headers,
    signal: AbortSignal,
  ): Promise<CandidateList | Response> {
    const ask = {
      model: clear.model,
      path: clear.path,
      ...clear.limit,
      bytes: clear.text.length,
      features: clear.features,
      ...(clear.json.routing !== undefined && { routing: clear.json.routing }),
    }
    const { bytes: _bytes, max_tokens: _limit, ...kind } = ask
    const known = `${base} ${headers.get('authorization')} ${JSON.stringify(kind)}`
    const kept = lists.get(known)
    if (kept && kept.untilMs > performance.now()) return kept
    lists.delete(known)
    const response = await send(`${base}/v1/sealed/candidates`, {
      method: 'POST',
      headers: withJson(headers),
      body: JSON.stringify(ask),
      signal,
    })
    if (!response.ok) return response
    const list = await candidatesOf(await response.json(), options)
    const [oldest] = lists.keys()
    if (lists.size >= LISTS_MAX && oldest !== undefined) lists.delete(oldest)
    lists.set(known, list)
    return list
  }

  async function sealedSend(base: string, path: SealedPath, request: Request): Promise<Response> {
    if (request.headers.has('idempotency-key')) {
      const message = 'Each sealing of a request is another body, so an Idempotency-Key cannot hold for it.'
      throw new SealedError('sealed_unsupported', message)
    }
    const clear = readBody(path, await request.text())
    const { headers, signal } = request
    for (let tries = 0; ; tries++) {
      const list = await listFor(base, clear, headers, signal)
      if (list instanceof Response) return list
      const { body, answer } = await sealBody(clear, list)
      const response = await send(request.url, { method: 'POST', headers: withJson(headers), body, signal })
      if (response.ok && clear.stream && response.body) {
        return answerOf(openStream(response.body, { answer, includeUsage: clear.includeUsage }), response)
      }
      if (response.ok) {
        const whole = await openWhole(await wholeOf(response, signal), path, answer)
        return answerOf(JSON.stringify(whole), response)
      }
      // Nobody has answered: nodes may have gone, or have other keys by now.
      lists.clear()
      const refused = (await response.json().catch(() => ({}))) as Refused
      if (tries === 0 && refused.error?.code === 'sealed_key_unknown') continue
      return answerOf(JSON.stringify(await openRefusal(refused, answer)), response)
    }
  }

  return async (input, init) => {
    const request = new Request(input, init)
    const { pathname, origin } = new URL(request.url)
    const path = sealedPaths.find((each) => pathname.endsWith(each))
    if (request.method === 'GET' || request.method === 'HEAD') return await send(request)
    try {
      if (path === undefined || request.method !== 'POST') {
        throw new SealedError(
          'sealed_unsupported',
          `${request.method} ${pathname} cannot be sealed, so it was not sent.`,
        )
      }
      return await sealedSend(`${origin}${pathname.slice(0, -path.length)}`, path, request)
    } catch (error) {
      if (!(error instanceof SealedError)) throw error
      const status = error.code === 'sealed_unsupported' ? 400 : 502
      return Response.json(errorBody(error), { status, headers: { 'x-should-retry': 'false' } })
    }
  }
}

/** The body of an answer. One that breaks off is no failure of the network to a client: it was delivered, and is billed. */
async function wholeOf(response: Response, signal: AbortSignal): Promise<Record<string, unknown>> {
  const text = await response.text().catch((cause: unknown) => {
    if (signal.aborted) throw cause
    throw new SealedError('sealed_truncated', 'The answer broke off before it was whole.', { cause })
  })
  return parse(text)
}

interface Refused {
  error?: { code?: unknown; message?: unknown; sealed?: unknown }
}

/** What the engine said, where it came under the seal, in place of the gateway's general words. */
async function openRefusal({ error }: Refused, answer: { open: (part: unknown) => Promise<{ json: string }> }) {
  if (error?.sealed === undefined) return { error }
  const { sealed, ...rest } = error
  const said = await answer.open(sealed).catch(() => null)
  const message = said === null ? undefined : (JSON.parse(said.json) as { message?: unknown }).message
  return { error: { ...rest, ...(typeof message === 'string' && { message }) } }
}

/** The gateway's status and headers with another body. */
function answerOf(body: ReadableStream<Uint8Array> | string, { status, headers: given }: Response): Response {
  const headers = new Headers(given)
  for (const name of ['content-length', 'content-encoding']) headers.delete(name)
  return new Response(body, { status, headers })
}

function withJson(given: Headers): Headers {
  const headers = new Headers(given)
  headers.set('content-type', 'application/json')
  headers.delete('content-length')
  return headers
}
