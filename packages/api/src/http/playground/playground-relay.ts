/**
 * `POST /api/playground`: one streamed chat completion for a person who is signed in, through the web's own origin.
 *
 * Without a key of their own the request runs on a lent one, whose secret stays in this process: see
 * `playground-purse.ts` for how much that may spend. A key of their own comes in a header, is passed to the gateway and
 * kept nowhere. Gateways answer no other origin unless their operator names it. Bounded in body and time;
 * what the gateway says, errors too, is passed on as it is. A prompt passes this process and a gateway, which both stand
 * inside the residency of the key's organisation, or it is refused here.
 */
import { AppError, toAppError, type Clock } from '@isochrone/domain'
import type { ControlPlane, Viewer, ViewerOrganisation } from '@isochrone/services'
import { activeOrganisation, openedFor } from '../../active-organisation.ts'
import { jsonBody } from '../json-body.ts'
import { playgroundBody, type PlaygroundBody } from './playground-body.ts'
import { createPurses, type Outlay, type Spender } from './playground-purse.ts'
import { watchBill } from './watch-bill.ts'

const BODY_BYTES_MAX = 256 * 1024
const TIMEOUT_MS = 180_000
const GATEWAYS_TRIED_MAX = 4
/** A key that was just lent reaches gateways within a second. */
const NEW_KEY_TRIES = 20
const NEW_KEY_PAUSE_MS = 150
const KEY_HEADER = 'x-playground-key'

export interface PlaygroundDeps {
  controlPlane: Pick<ControlPlane, 'apiKeys'>
  clock: Clock
  fetch?: typeof globalThis.fetch
  pause?: (ms: number) => Promise<void>
}

/** With the gateways that may have this request. */
interface Route extends PlaygroundDeps {
  gateways: readonly string[]
}

/** The gateway's answer, streamed; ours, when it refuses, in the same shape: `{ error: { message, code, owner } }`. */
export type PlaygroundRelay = (request: Request, viewer: Viewer | null) => Promise<Response>

export function createPlaygroundRelay(deps: PlaygroundDeps): PlaygroundRelay {
  const purses = createPurses(deps)

  async function onLentKey(
    route: Route,
    spender: Spender,
    body: PlaygroundBody,
    signal: AbortSignal,
  ): Promise<Response> {
    const outlay = await purses.take(spender)
    try {
      const answer = await withNewKey(route, outlay, capped(body, outlay.capMicroUsd), signal)
      if (answer.status === 401) purses.forgetKey(spender)
      if (!answer.ok || !answer.body) {
        outlay.settle(0n)
        return answer
      }
      return new Response(watchBill(answer.body, outlay.settle), answer)
    } catch (error) {
      // Who left may have been served by then: all of it counts.
      outlay.settle(signal.aborted ? null : 0n)
      throw error
    }
  }

  return async (request, viewer) => {
    try {
      const organisation = signedInHere(request, viewer)
      const parsed = playgroundBody.safeParse(await jsonBody(request, BODY_BYTES_MAX))
      if (!parsed.success) throw malformed(parsed.error.issues[0])
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)])
      const ownKey = ownKeyOf(request)
      const spender = ownKey === null ? spenderOf(viewer, organisation) : null
      // Whose residency it is depends on the key, and the prompt leaves for no gateway outside of it.
      const gateways = await deps.controlPlane.apiKeys.relayGateways({ orgId: organisation.id, secret: ownKey })
      const route = { ...deps, gateways }
      const answer = spender
        ? await onLentKey(route, spender, parsed.data, signal)
        : await ask(route, ownKey ?? '', parsed.data, signal)
      return passedOn(answer)
    } catch (thrown) {
      const { code, owner, httpStatus, publicMessage } = toAppError(thrown)
      const body = JSON.stringify({ error: { message: publicMessage, code, owner } })
      return new Response(body, { status: httpStatus, headers: { ...plain, 'content-type': 'application/json' } })
    }
  }
}

/** No page of another site may spend here with somebody's cookie. */
function signedInHere(request: Request, viewer: Viewer | null): ViewerOrganisation {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') {
    throw new AppError('forbidden', { publicMessage: 'The playground is used from its own page.' })
  }
  if (!request.headers.get('content-type')?.startsWith('application/json')) {
    throw new AppError('unsupported_media_type', { publicMessage: 'The body must be application/json.' })
  }
  if (!viewer) throw new AppError('unauthenticated', { publicMessage: 'Sign in to use the playground.' })
  return activeOrganisation(viewer, openedFor(request.headers))
}

function spenderOf(viewer: Viewer | null, { id, name, role }: ViewerOrganisation): Spender {
  if (viewer && role !== 'member') return { orgId: id, userId: viewer.userId, name: viewer.name }
  throw new AppError('forbidden', {
    publicMessage: `Only owners and admins of ${name} spend without a key. Paste one that you were given.`,
  })
}

function ownKeyOf(request: Request): string | null {
  const key = request.headers.get(KEY_HEADER)?.trim()
  if (!key) return null
  if (/^[\x21-\x7e]{8,200}$/.test(key)) return key
  throw new AppError('invalid_input', { publicMessage: 'This is not an API key: check what you pasted.', field: 'key' })
}

function malformed(issue: { path: PropertyKey[]; message: string } | undefined): AppError {
  const field = issue?.path.map(String).join('.') || 'body'
  return new AppError('invalid_input', { publicMessage: `${field}: ${issue?.message ?? 'not valid'}`, field })
}

/** The request with a price cap no higher than what was taken out for it. */
function capped(body: PlaygroundBody, capMicroUsd: bigint): PlaygroundBody {
  const cap = Number(capMicroUsd) / 1e6
  const own = body.routing.max_price?.request
  const request = own === undefined ? cap : Math.min(own, cap)
  return { ...body, routing: { ...body.routing, max_price: { ...body.routing.max_price, request } } }
}

async function withNewKey(route: Route, outlay: Outlay, body: PlaygroundBody, signal: AbortSignal): Promise<Response> {
  const pause = route.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)))
  const isNew = outlay.expiresAtMs - route.clock.nowMs() > 3_600_000 - 10_000
  for (let turn = 1; ; turn++) {
    const answer = await ask(route, outlay.secret, body, signal)
    if (answer.status !== 401 || !isNew || turn >= NEW_KEY_TRIES) return answer
    await answer.body?.cancel()
    await pause(NEW_KEY_PAUSE_MS)
  }
}

/** Tries the next gateway where one does not answer, or may not serve this organisation. */
async function ask(route: Route, key: string, body: PlaygroundBody, signal: AbortSignal): Promise<Response> {
  const { fetch = globalThis.fetch, gateways } = route
  const { maxTokens, temperature, ...rest } = body
  const sent = JSON.stringify({
    ...rest,
    max_tokens: maxTokens,
    ...(temperature !== undefined && { temperature }),
    stream: true,
    stream_options: { include_usage: true },
  })
  let refused: Response | null = null
  let failure: unknown
  for (const url of gateways.slice(0, GATEWAYS_TRIED_MAX)) {
    try {
      const answer = await fetch(`${url.replace(/\/$/, '')}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'x-isochrone-explain': '1',
          'x-isochrone-timeout-ms': String(TIMEOUT_MS),
        },
        body: sent,
        redirect: 'error',
        signal,
      })
      if (answer.status !== 421) return answer
      await refused?.body?.cancel()
      refused = answer
    } catch (error) {
      if (signal.aborted) throw error
      failure = error
    }
  }
  if (refused) return refused
  throw new AppError('internal', { publicMessage: 'No gateway answers. Try again in a moment.', cause: failure })
}

/** `no-transform`: a compressing proxy would hold tokens back until its buffer is full. */
const plain = { 'cache-control': 'no-store, no-transform' }
const kept = ['content-type', 'x-request-id', 'retry-after']

function passedOn(answer: Response): Response {
  const headers = new Headers(plain)
  for (const name of kept) {
    const value = answer.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  return new Response(answer.body, { status: answer.status, headers })
}
