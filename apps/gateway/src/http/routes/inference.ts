/**
 * The endpoints that run models: from the caller's key to the last chunk.
 *
 * Key and limits are checked before the body is read, and its turn is awaited after it. With `x-isochrone-queue: 1` a completion becomes a queued job.
 */
import { isAppError, toAppError, UNNAMED_TOKENS_OUT_NEEDED } from '@isochrone/domain'
import type { Tracing } from '@isochrone/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { promptTokensLikely } from '@isochrone/scheduler'
import type { InferenceRequest } from '../../requests/read/parse-request.ts'
import type { RequestContext } from '../../requests/request-context.ts'
import type { Admission } from '../../requests/limits/request-limits.ts'
import { traceRequest, type RequestTrace } from '../../tracing/request-trace.ts'
import { bodyOf } from '../body-of.ts'
import { admit } from '../admit.ts'
import { answerStreaming, answerWhole } from '../answer-request.ts'
import { authenticate, requireReady, type Caller } from '../authenticate.ts'
import { endpoints, type Asked } from '../endpoints.ts'
import { enqueue, startBackground, waitingOf, type Waiting } from '../enqueue.ts'
import type { Claim } from '../../idempotency/idempotency.ts'
import { enterIdempotent, keptError, replay } from '../idempotent.ts'
import type { FloodGate } from '../flood-gate.ts'
import type { GatewayDeps } from '../gateway-deps.ts'

/** As nginx has it, and our journal: the connection was gone before the answer was out. */
const CLIENT_LEFT = 499

/**
 * Part of the request itself and not of a map beside it: the value names its key, and V8's young collector keeps the values of
 * a weak map whose table is old, so that each request would be copied twice and die with the old ones.
 */
export interface Entered {
  caller: Caller
  admission: Admission
  /** It holds up no other request of its organisation any more. */
  started: () => void
  /** The handler has it now, and ends it. */
  handled: boolean
}

type Told = Required<Pick<RequestContext, 'billed' | 'started'>>

export function inferenceRoutes(app: FastifyInstance, deps: GatewayDeps, flood: FloodGate): void {
  for (const [path, read] of Object.entries(endpoints)) {
    app.post(path, {
      onRequest: (request, reply, next) => {
        if (deps.tracing) request.trace = traceOf(deps.tracing, path, request)
        // fastify's `onResponse` says nothing of a client that leaves before the end of its answer.
        reply.raw.once('close', () => ended(deps, path, request, reply))
        requireReady(deps)
        const caller = authenticate(request.headers.authorization, deps.control, request.receivedAtMs)
        const admission = enter(deps, flood, caller, request)
        const entry: Entered = { caller, admission, started: () => undefined, handled: false }
        request.entered = entry
        reply.raw.once('close', () => {
          entry.started()
          if (!entry.handled) admission.leave()
        })
        next()
      },
      preHandler: (request, reply, next) => {
        const entry = request.entered
        if (!entry) throw new Error('a request without a caller')
        entry.started = deps.starts.enter(entry.caller.organisation, next, next)
        // Its caller left while the body was read, and nothing will say so again.
        if (reply.raw.destroyed) entry.started()
      },
      handler: async (request, reply) => {
        const entry = request.entered
        if (!entry) throw new Error('a request without a caller')
        entry.handled = true
        try {
          const asked = read(bodyOf(request), { isModel: (name) => deps.knownModels.has(name) })
          return await answer(deps, entry, asked, request, reply)
        } finally {
          entry.admission.leave()
        }
      },
    })
  }
}

/** Throws `rate_limited`, and lets the next ones of this caller be told so at the door. */
function enter(
  deps: GatewayDeps,
  flood: FloodGate,
  { organisation, key }: Caller,
  { headers }: FastifyRequest,
): Admission {
  try {
    deps.starts.requireRoom(organisation)
    return deps.requestLimits.enter(organisation, key)
  } catch (error) {
    if (isAppError(error) && typeof error.details.waitMs === 'number') {
      flood.remember(headers.authorization, error, error.details.waitMs)
    }
    throw error
  }
}

function ended({ metrics }: GatewayDeps, path: string, { trace }: FastifyRequest, { raw }: FastifyReply): void {
  const httpStatus = raw.writableFinished ? raw.statusCode : CLIENT_LEFT
  metrics.requestEnded(path, httpStatus)
  trace?.end(httpStatus)
}

function traceOf(tracing: Tracing, route: string, request: FastifyRequest): RequestTrace {
  const { requestId, receivedAtMs, headers } = request
  return traceRequest(tracing, { requestId, receivedAtMs, route, traceparent: headers.traceparent })
}

async function answer(
  deps: GatewayDeps,
  { caller, admission, ...turn }: Entered,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { response } = asked
  const waiting = waitingOf(request)
  const mayWait = waiting.queued || waiting.deadlineMs !== null || response?.background === true
  // What waits for something else than a first token.
  if (mayWait || request.headers['idempotency-key'] !== undefined) turn.started()
  const entered = await enterIdempotent(deps, caller.organisation.orgId, { request, reply })
  if (entered !== null && 'answer' in entered) return replay(reply, entered.answer)
  const claim = entered?.claim ?? null
  let isBilled = false
  const told = { billed: () => void (isBilled = true), started: () => turn.started() }
  try {
    return await answerOnce(deps, { caller, admission }, { asked, claim, waiting, told }, request, reply)
  } catch (error) {
    // What was billed is never run, and billed, again; what cost nothing may be.
    if (isBilled) await claim?.keep(keptError(error, request.requestId))
    else await claim?.release()
    throw error
  }
}

/** Of a minute's tokens: a limit that nobody named makes no request too large for it. */
const tokensOutLeast = ({ tokensOutMax, tokensOutNeeded }: InferenceRequest): number =>
  tokensOutNeeded === undefined ? tokensOutMax : Math.min(tokensOutNeeded, UNNAMED_TOKENS_OUT_NEEDED)

async function answerOnce(
  deps: GatewayDeps,
  { caller, admission }: Pick<Entered, 'caller' | 'admission'>,
  { asked, claim, waiting, told }: { asked: Asked; claim: Claim | null; waiting: Waiting; told: Told },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { inference, dialect, response } = asked
  const tokensIn = promptTokensLikely(inference.body.length)
  admission.takeTokens(tokensIn + inference.tokensOutMax, tokensIn + tokensOutLeast(inference))
  const limits = admission.headers()
  reply.headers(limits)
  if (response?.background === true)
    return await startBackground(deps, caller, { ...asked, response }, reply, waiting, claim)
  if (waiting.queued) return await enqueue(deps, caller, asked, reply, { waiting, kind: 'queued', claim })
  const ctx = { ...admit(deps, request, caller, inference), ...told }
  const options = {
    dialect,
    claim,
    limits,
    explain: request.headers['x-isochrone-explain'] === '1',
    onServed: ({ completed }: { completed: { tokensIn: number; tokensCached: number; tokensOut: number } }) =>
      admission.usedTokens(completed.tokensIn + completed.tokensCached + completed.tokensOut),
  }
  // Who opts to wait is tried once, now, and waits as a job.
  const now = waiting.deadlineMs === null ? deps : { ...deps, serve: { ...deps.serve, patienceMs: 0 } }
  try {
    return await (inference.stream ? answerStreaming(now, ctx, reply, options) : answerWhole(now, ctx, reply, options))
  } catch (error) {
    if (waiting.deadlineMs === null || toAppError(error).code !== 'capacity_unavailable') throw error
    return await enqueue(deps, caller, asked, reply, { waiting, kind: 'waiting', claim })
  }
}
