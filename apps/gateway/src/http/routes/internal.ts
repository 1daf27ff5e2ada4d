/**
 * What the worker asks of a gateway: to run a queued job, or a request of the platform's own, on the node it chose, to close
 * the epoch now, and to sign a corrected performance record.
 *
 * Idempotent by request id: a job that was answered is answered from the journal, one that runs is waited for. A caller
 * that goes away stops nothing; its retry finds the answer.
 */
import { AppError, toAppError } from '@isochrone/domain'
import { bytes32Of, dispatchRequest, type DispatchRequest, type DispatchResponse, type Hex } from '@isochrone/protocol'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { requireInside } from '../../control/residency.ts'
import { collectAnswer } from '../../requests/answer/collect-answer.ts'
import { parseJson } from '../../requests/read/parse-request.ts'
import type { RequestContext } from '../../requests/request-context.ts'
import { routingOf } from '../../requests/read/routing-of.ts'
import { serveRequest } from '../../requests/serve-request.ts'
import { isochroneOf, usageOf } from '../answer-parts.ts'
import type { ProgressWriter } from '../../jobs/job-progress.ts'
import { endpoints, type Asked } from '../endpoints.ts'
import type { GatewayDeps } from '../gateway-deps.ts'
import { toOpenAiError } from '../openai-error.ts'
import { recordServed } from '../record-served.ts'
import { traceRequest } from '../../tracing/request-trace.ts'
import { BODY_BYTES_MAX, bodyOf } from '../body-of.ts'
import { requireInternalToken } from '../internal-token.ts'
import type { Served } from '../../requests/serving.ts'

const DISPATCH = '/internal/v1/dispatch'
/** Jobs under way at one gateway; more are asked to come again. */
const RUNNING_MAX = 1_024

const bytes32 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex)
/** Without lanes, whichever this gateway's is. */
const closeEpoch = z.object({ lanes: z.array(bytes32).max(10_000).optional() })
/** Never the first version: that one is in the epoch's file. */
const correctRecord = z.object({
  nodeId: bytes32,
  lane: bytes32,
  epoch: z.int().min(0),
  version: z.int().min(1).max(255),
})

/** Of a dispatch, around the body of the job: the placement's record above all. */
const AROUND_BYTES_MAX = 1024 * 1024

export function internalRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  const running = new Map<string, Promise<DispatchResponse>>()
  const onRequest = (
    request: { headers: { authorization?: string | undefined } },
    _reply: unknown,
    next: () => void,
  ) => {
    requireInternalToken(request.headers.authorization, deps.internalToken)
    next()
  }

  app.post(DISPATCH, {
    onRequest,
    bodyLimit: (deps.bodyBytesMax ?? BODY_BYTES_MAX) + AROUND_BYTES_MAX,
    handler: async (request): Promise<DispatchResponse> => {
      const parsed = dispatchRequest.safeParse(parseJson(bodyOf(request)))
      if (!parsed.success) {
        const field = parsed.error.issues[0]?.path.join('.') ?? ''
        throw new AppError('invalid_input', { publicMessage: `'${field}' is missing or not valid.`, field })
      }
      const dispatch = parsed.data
      const answered = deps.lane.answerOf(dispatch.requestId)
      if (answered) return answered
      let run = running.get(dispatch.requestId)
      if (!run) {
        const known = deps.lane.jobKnowledge(dispatch.requestId, dispatch.dispatchedAtMs)
        if (known === 'finished') return recorded
        if (known === 'unknown') return retry('whether it was answered here before is not known any more')
        if (dispatch.answerOnly) return retry('it was not answered here')
        if (running.size >= RUNNING_MAX || deps.notReady() !== null || deps.loop?.isOverloaded() === true)
          return retry('this gateway takes no further jobs now')
        run = runDispatch(deps, dispatch).finally(() => running.delete(dispatch.requestId))
        running.set(dispatch.requestId, run)
      }
      return await run
    },
  })

  app.post('/internal/v1/close-epoch', {
    onRequest,
    handler: async (request) => {
      const body = bodyOf(request)
      const parsed = closeEpoch.safeParse(body.length === 0 ? {} : parseJson(body))
      if (!parsed.success)
        throw new AppError('invalid_input', { publicMessage: "'lanes' is not valid.", field: 'lanes' })
      const { lanes } = parsed.data
      const isAsked = lanes === undefined || lanes.includes(deps.lane.id)
      const closed = isAsked ? await deps.epochs.close() : null
      if (!closed) return { lane: deps.lane.id, epochs: [], receipts: 0, leaves: 0 }
      const { epoch, fromSeq, toSeq, count } = closed
      return { lane: deps.lane.id, epochs: [epoch], receipts: toSeq - fromSeq + 1, leaves: count }
    },
  })

  app.post('/internal/v1/correct-record', {
    onRequest,
    handler: async (request): Promise<{ lane: Hex; version: number }> => {
      const parsed = correctRecord.safeParse(parseJson(bodyOf(request)))
      if (!parsed.success) {
        const field = parsed.error.issues[0]?.path.join('.') ?? ''
        throw new AppError('invalid_input', { publicMessage: `'${field}' is missing or not valid.`, field })
      }
      const record = parsed.data
      if (await deps.epochs.correctRecord(record)) return { lane: deps.lane.id, version: record.version }
      throw new AppError('not_found', { publicMessage: 'This lane has no receipts of that node in that epoch.' })
    },
  })
}

async function runDispatch(deps: GatewayDeps, dispatch: DispatchRequest): Promise<DispatchResponse> {
  const cancelled = new AbortController()
  const leave = deps.requestLimits.join()
  const { jobId, requestId } = dispatch
  const head = { requestId, jobId, receivedAtMs: deps.clock.nowMs(), route: DISPATCH, traceparent: undefined }
  const trace = deps.tracing ? traceRequest(deps.tracing, head) : undefined
  const ended = (httpStatus: number): void => {
    deps.metrics.requestEnded(DISPATCH, httpStatus)
    trace?.end(httpStatus)
  }
  let progress: ProgressWriter | null = null
  const stop = () => {
    cancelled.abort()
    void progress?.drop()
  }
  const unwatch = jobId === null ? () => {} : deps.jobs.cancellations.watch(jobId, stop)
  try {
    const asked = askedOf(deps, dispatch)
    const ctx = { ...contextOf(deps, dispatch, asked), trace }
    trace?.admitted()
    const attempt = deps.serve.nextAttempt(ctx)
    const sink = collectAnswer(asked.inference.path, cancelled.signal)
    if (dispatch.progress && jobId !== null) {
      progress = deps.jobs.progress.write(jobId, attempt, () => textOf(sink.answer()))
    }
    const bodyFor = (served: Served) =>
      served.brokenBy
        ? toOpenAiError(served.brokenBy, dispatch.requestId).body
        : dispatch.slack
          ? asked.dialect.whole(ctx, served, sink.answer(), false)
          : { ...sink.answer(), usage: usageOf(served), isochrone: { ...isochroneOf(ctx, served, false), attempt } }
    // Only a job's answer is journalled: somebody may come back for it.
    const answerOf = jobId === null ? undefined : bodyFor
    const readyOf = (served: Served) => ({ served, answer: bodyFor(served) })
    const { served, answer } = await serveRequest(deps.serve, ctx, sink, readyOf, answerOf)
    ended(200)
    recordServed(deps, ctx, served)
    return { outcome: 'answered', httpStatus: 200, answer, message: null }
  } catch (thrown) {
    const error = toAppError(thrown)
    const { httpStatus, body } = toOpenAiError(error, dispatch.requestId)
    ended(httpStatus)
    if (error.code === 'internal')
      deps.logger.error({ err: thrown, requestId: dispatch.requestId }, 'a job failed here')
    if (error.retryable) return retry(error.publicMessage, httpStatus)
    return { outcome: 'rejected', httpStatus, answer: body, message: error.publicMessage }
  } finally {
    leave()
    unwatch()
    await progress?.end()
  }
}

/** What the first choice of a chat says so far. */
function textOf({ choices }: Record<string, unknown>): string {
  const [first] = choices as { message?: { content?: unknown } }[]
  const content = first?.message?.content
  return typeof content === 'string' ? content : ''
}

function askedOf(deps: GatewayDeps, { path, body }: DispatchRequest): Asked {
  const read = endpoints[path]
  if (!read) throw new AppError('invalid_input', { publicMessage: `There is no ${path} here.`, field: 'path' })
  return read(Buffer.from(JSON.stringify(body)), { isModel: (name) => deps.knownModels.has(name) })
}

function contextOf(deps: GatewayDeps, dispatch: DispatchRequest, { inference: request }: Asked): RequestContext {
  const organisation = deps.control.organisation(dispatch.orgId)
  if (!organisation?.channelId) {
    throw new AppError('insufficient_balance', { publicMessage: 'The organisation of this job has no funds.' })
  }
  // A job's prompt and answer may pass no gateway outside either.
  requireInside(organisation, deps.control.place, deps.control.gateways())
  return {
    requestId: dispatch.requestId,
    requestIdHash: bytes32Of(dispatch.requestId),
    receivedAtMs: deps.clock.nowMs(),
    organisation,
    channelId: organisation.channelId as Hex,
    keyId: dispatch.keyId,
    jobId: dispatch.jobId,
    request,
    policy: routingOf(organisation, request, deps.control),
    pinned: {
      nodeId: dispatch.nodeId,
      placement: dispatch.placement,
      timeoutMs: dispatch.timeoutMs,
      ...(dispatch.slack && { slack: true }),
    },
  }
}

const recorded: DispatchResponse = {
  outcome: 'recorded',
  httpStatus: 202,
  answer: null,
  message: 'answered; its answer comes with the receipts',
}

const retry = (message: string, httpStatus = 503): DispatchResponse => ({
  outcome: 'retry',
  httpStatus,
  answer: null,
  message,
})
