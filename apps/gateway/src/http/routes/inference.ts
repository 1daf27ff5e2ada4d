/**
 * `POST /v1/chat/completions` and `POST /v1/completions`: from the caller's key to the last chunk.
 *
 * The key is checked before the body is read. With `x-isochrone-queue: 1` the request becomes a queued job instead.
 */
import { AppError } from '@isochrone/domain'
import { answerIdOf, bytes32Of, type Hex } from '@isochrone/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { collectAnswer } from '../../requests/collect-answer.ts'
import {
  parseInferenceRequest,
  parseJson,
  type InferencePath,
  type InferenceRequest,
} from '../../requests/parse-request.ts'
import type { RequestContext } from '../../requests/request-context.ts'
import { requireFeatures } from '../../requests/require-features.ts'
import { routingOf } from '../../requests/routing-of.ts'
import { reservePriceMicroUsd } from '../../requests/reserve-price.ts'
import { serveRequest, type Served } from '../../requests/serve-request.ts'
import { answerHeaders, isochroneOf, usageChunkOf, usageOf } from '../answer-parts.ts'
import { authenticate, requireReady, type Caller } from '../authenticate.ts'
import type { GatewayDeps } from '../gateway-deps.ts'
import { toOpenAiError } from '../openai-error.ts'
import { createSseSink } from '../sse-sink.ts'

const paths: readonly InferencePath[] = ['/v1/chat/completions', '/v1/completions']

export function inferenceRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  for (const path of paths) {
    app.post(path, {
      onRequest: (request, _reply, next) => {
        requireReady(deps)
        callers.set(request, authenticate(request.headers.authorization, deps.control, request.receivedAtMs))
        next()
      },
      onResponse: (_request, reply, next) => {
        deps.metrics.requestEnded(path, reply.raw.statusCode)
        next()
      },
      handler: async (request, reply) => {
        const caller = callers.get(request)
        if (!caller) throw new Error('a request without a caller')
        const inference = parseInferenceRequest(path, bodyOf(request), {
          isModel: (name) => deps.knownModels.has(name),
        })
        if (request.headers['x-isochrone-queue'] === '1') return await enqueue(deps, caller, inference, reply)
        const ctx = admit(deps, request, caller, inference)
        const leave = deps.requestLimits.enter(caller.organisation)
        try {
          const explain = request.headers['x-isochrone-explain'] === '1'
          return await (inference.stream
            ? answerStreaming(deps, ctx, reply, explain)
            : answerWhole(deps, ctx, reply, explain))
        } finally {
          leave()
        }
      },
    })
  }
}

/** The body's bytes; an absent body reads as an empty one. */
export function bodyOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array()
}

/** Throws 404 for a model that nobody has offered, and `insufficient_balance` where no channel could pay. */
function admit(
  deps: GatewayDeps,
  request: FastifyRequest,
  { key, organisation }: Caller,
  inference: InferenceRequest,
): RequestContext {
  requireKnownModel(deps, inference.model)
  requireFeatures(deps.sessions.all(), inference)
  return {
    requestId: request.requestId,
    requestIdHash: bytes32Of(request.requestId),
    receivedAtMs: request.receivedAtMs,
    organisation,
    channelId: requireChannel(organisation),
    keyId: key.keyId,
    jobId: null,
    request: inference,
    policy: routingOf(organisation, inference, deps.control),
    pinned: null,
  }
}

/** The channel that pays. Throws `insufficient_balance` where there is none. */
function requireChannel({ channelId }: Caller['organisation']): Hex {
  if (channelId !== null) return channelId as Hex
  throw new AppError('insufficient_balance', {
    publicMessage: 'Your organisation has no funds yet. Add funds, then send the request again.',
  })
}

/** Before any node was ever seen, nobody can say that a model does not exist: placement answers 503 then. */
export function requireKnownModel(deps: GatewayDeps, model: string): void {
  if (deps.knownModels.has(model) || !deps.knownModels.any) return
  throw new AppError('not_found', {
    publicMessage: `The model '${model.slice(0, 200)}' does not exist here. GET /v1/models lists those that do.`,
    field: 'model',
    details: { reason: 'model_not_found' },
  })
}

async function answerStreaming(
  deps: GatewayDeps,
  ctx: RequestContext,
  reply: FastifyReply,
  explain: boolean,
): Promise<FastifyReply> {
  const sink = createSseSink(reply.raw, goneSignal(reply), (target, placement) =>
    answerHeaders(ctx.requestId, target, placement, explain),
  )
  try {
    const served = await serveRequest(deps.serve, ctx, sink)
    recordServed(deps, ctx, served)
    if (served.brokenBy) sink.end([toOpenAiError(served.brokenBy, ctx.requestId).body], false)
    else {
      // People who ask why read the body, not the headers: explained streams end with the chunk, asked for or not.
      const closing = ctx.request.includeUsage || explain
      sink.end(closing ? [usageChunkOf(ctx, served, explain)] : [], true)
    }
  } catch (error) {
    // Once chunks have left there is no status to send: an error frame, because a stream that merely stops looks whole.
    if (!sink.started) throw error
    deps.logger.error({ err: error, requestId: ctx.requestId }, 'a stream could not be finished')
    sink.end([toOpenAiError(error, ctx.requestId).body], false)
  }
  return reply.hijack()
}

async function answerWhole(
  deps: GatewayDeps,
  ctx: RequestContext,
  reply: FastifyReply,
  explain: boolean,
): Promise<FastifyReply> {
  const sink = collectAnswer(ctx.request.path === '/v1/chat/completions' ? 'chat' : 'completion', goneSignal(reply))
  const served = await serveRequest(deps.serve, ctx, sink)
  recordServed(deps, ctx, served)
  const id = answerIdOf(ctx.request.path, ctx.requestIdHash)
  const body = { ...sink.answer(), id, usage: usageOf(served), isochrone: isochroneOf(ctx, served, explain) }
  return reply.headers(answerHeaders(ctx.requestId, served.target, served.placement, explain)).send(body)
}

function recordServed(deps: GatewayDeps, ctx: RequestContext, served: Served): void {
  deps.metrics.tokens(served.completed.tokensIn + served.completed.tokensCached, served.completed.tokensOut)
  if (served.ttftMs !== null) deps.metrics.firstToken(served.firstTokenAtMs - ctx.receivedAtMs)
}

/** Aborts when the connection closes before the answer was sent. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}

/**
 * Queued work goes through Postgres; the answer is read at `GET /v1/jobs/:id`. Work that no money of today could pay for is
 * refused now: it would wait only to fail.
 */
async function enqueue(
  deps: GatewayDeps,
  { key, organisation }: Caller,
  inference: InferenceRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  requireKnownModel(deps, inference.model)
  const channelId = requireChannel(organisation)
  // What contradicts itself would wait only to fail.
  routingOf(organisation, inference, deps.control)
  const leave = deps.requestLimits.enter(organisation)
  try {
    const { budget, placer } = deps.serve
    await budget.requireCover(channelId, reservePriceMicroUsd(inference, placer.priceLists(inference.model)))
    const body = parseJson(inference.body) as Record<string, unknown>
    const { id } = await deps.jobs.enqueue({
      orgId: organisation.orgId,
      keyId: key.keyId,
      kind: 'queued',
      path: inference.path,
      model: inference.model,
      body: { ...body, ...routingForJob(inference), stream: false, stream_options: undefined },
    })
    return reply.code(202).send({ id, object: 'isochrone.job', status: 'queued' })
  } finally {
    leave()
  }
}

/** The worker places the job: what the body said of routing, and what the model's suffix did, goes with it. */
function routingForJob({ routingJson, suffix }: InferenceRequest): { routing?: Record<string, unknown> } {
  const routing = { ...routingJson, ...(suffix !== null && { sort: suffix }) }
  return Object.keys(routing).length > 0 ? { routing } : {}
}
