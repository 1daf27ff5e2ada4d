/**
 * Queued work goes through Postgres: by its own wish, as a background response, or because nothing had room at once.
 *
 * Work that no money of today could pay for is refused now, and so is what no node of the marketplace fits: it would wait
 * only to fail.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@isochrone/domain'
import { mayRetry } from '@isochrone/protocol/openai-error'
import { JOB_DEADLINE_MS_MAX, notLinked, type JobState } from '@isochrone/services'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseJson, type InferenceRequest } from '../requests/read/parse-request.ts'
import { placementRequestOf } from '../requests/placement/placement-request.ts'
import { requireFeatures } from '../requests/read/require-features.ts'
import { routingOf } from '../requests/read/routing-of.ts'
import { requireMoney } from '../requests/reserve-money.ts'
import { reservePriceMicroUsd } from '../requests/limits/reserve-price.ts'
import { backgroundResponse, errorOf } from '../responses/background-response.ts'
import { requireChannel, requireKnownModel } from './admit.ts'
import { BODY_BYTES_MAX } from './body-of.ts'
import type { Caller } from './authenticate.ts'
import { eventsOfAnswer } from '../requests/answer/events-of-answer.ts'
import type { Claim } from '../idempotency/idempotency.ts'
import { textHeadersOf } from './answer-parts.ts'
import type { Asked } from './endpoints.ts'
import { followResponse, placeToFollow } from './follow-response.ts'
import type { GatewayDeps } from './gateway-deps.ts'

/** How long a connection is held for the answer of a job at most, ms. */
const HOLD_MS_MAX = 600_000
const LOOK_MS = 150
const EVENT_STREAM = 'text/event-stream; charset=utf-8'
/** What we say ourselves in the body of a job: that it is not streamed, and its suffix of the model. */
const OURS_BYTES_MAX = 1_024
/** As `JSON.stringify` writes them: U+0000 and lone surrogates are what PostgreSQL's jsonb refuses. */
const cannotBeStored = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

/** What a request's headers say of waiting. */
export interface Waiting {
  /** `x-isochrone-queue: 1`: not tried at once. */
  queued: boolean
  /** `x-isochrone-wait-ms`: how long it may take where nothing has room at once; null where it does not wait so. */
  deadlineMs: number | null
  /** `Prefer: wait=S`: how long the connection is held for the answer, ms; 0 = not at all (RFC 7240, section 4.3). */
  holdMs: number
}

/** Throws `invalid_input` for a time that is none. */
export function waitingOf({ headers }: Pick<FastifyRequest, 'headers'>): Waiting {
  const text = headers['x-isochrone-wait-ms']
  const deadlineMs = text === undefined ? null : Number(text)
  if (
    deadlineMs !== null &&
    !(Number.isSafeInteger(deadlineMs) && deadlineMs >= 1 && deadlineMs <= JOB_DEADLINE_MS_MAX)
  ) {
    throw new AppError('invalid_input', {
      publicMessage: `'x-isochrone-wait-ms' must be a whole number of milliseconds from 1 to ${JOB_DEADLINE_MS_MAX}.`,
      field: 'x-isochrone-wait-ms',
    })
  }
  const held = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/.exec(String(headers.prefer ?? ''))?.[1]
  const holdMs = held === undefined ? 0 : Math.min(HOLD_MS_MAX, Number(held) * 1_000)
  return { queued: headers['x-isochrone-queue'] === '1', deadlineMs, holdMs }
}

/** A completion as a job: 202 with the job, or its answer where it comes while the connection is held. */
export async function enqueue(
  deps: GatewayDeps,
  caller: Caller,
  asked: Asked,
  reply: FastifyReply,
  { waiting, kind, claim }: { waiting: Waiting; kind: 'queued' | 'waiting'; claim: Claim | null },
): Promise<FastifyReply> {
  if (asked.response !== null) {
    throw new AppError('invalid_input', {
      publicMessage: "Only completions wait by a header. Send 'background': true to have a response made later.",
      field: 'background',
    })
  }
  const job = await accept(deps, caller, asked, { kind, deadlineMs: waiting.deadlineMs })
  reply.headers({ 'x-isochrone-job': job.id, location: `/v1/jobs/${job.id}` })
  const over = waiting.holdMs > 0 ? await held(deps, caller, job, waiting.holdMs, reply) : undefined
  if (over && (over.status === 'succeeded' || over.status === 'failed')) {
    // The official client retries 5xx by itself: a job that came to its end would be made again.
    if (over.status === 'failed' && !mayRetry(errorOf(over).code)) reply.header('x-should-retry', 'false')
    const { httpStatus, answer } = over
    const { stream, includeUsage } = asked.inference
    if (over.status === 'succeeded' && stream && isFields(answer))
      return await sendKept(reply, claim, 200, eventsOfAnswer(answer, includeUsage), EVENT_STREAM)
    return await sendKept(reply, claim, httpStatus ?? (over.status === 'succeeded' ? 200 : 500), answer)
  }
  return await sendKept(reply, claim, 202, {
    id: job.id,
    object: 'isochrone.job',
    status: over?.status ?? 'queued',
    deadline_at: job.deadlineAtMs === null ? null : Math.floor(job.deadlineAtMs / 1_000),
  })
}

/** Under an idempotency key a retry gets the same job: what it comes to is asked of that. */
async function sendKept(
  reply: FastifyReply,
  claim: Claim | null,
  httpStatus: number,
  body: unknown,
  contentType = 'application/json; charset=utf-8',
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  if (claim)
    await claim.keep({ httpStatus, headers: { ...textHeadersOf(reply), 'content-type': contentType }, body: text })
  return reply.code(httpStatus).type(contentType).send(text)
}

const isFields = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** A background response: its object, queued; streamed where it asked to be. */
export async function startBackground(
  deps: GatewayDeps,
  caller: Caller,
  asked: Asked & { response: NonNullable<Asked['response']> },
  reply: FastifyReply,
  { deadlineMs }: Waiting,
  claim: Claim | null,
): Promise<FastifyReply> {
  const { echo, stream } = asked.response
  if (stream && claim) {
    throw new AppError('invalid_input', {
      publicMessage:
        'Idempotency-Key is not for a background response that is streamed: create it without stream, then follow it.',
      field: 'Idempotency-Key',
    })
  }
  // Refused after it was accepted, it would be asked for again, and answered twice.
  const leave = stream ? placeToFollow(caller.organisation.orgId) : null
  const accepted = accept(deps, caller, asked, { kind: 'background', deadlineMs, source: { echo } })
  accepted.catch(() => leave?.())
  const job = await accepted
  if (leave) return await followResponse(deps, caller.organisation.orgId, job, reply, { after: -1, leave })
  return await sendKept(reply, claim, 200, backgroundResponse(job))
}

async function accept(
  deps: GatewayDeps,
  { key, organisation }: Caller,
  { inference }: Asked,
  how: { kind: 'queued' | 'waiting' | 'background'; deadlineMs: number | null; source?: Record<string, unknown> },
): Promise<JobState> {
  const { path, sealed } = inference
  if (sealed) {
    throw new AppError('invalid_input', {
      publicMessage: 'Sealed requests do not wait: the keys that they are sealed to do not live that long.',
      field: 'sealed',
    })
  }
  if (path === '/v1/embeddings') {
    throw new AppError('invalid_input', { publicMessage: 'Embeddings do not wait: send them without the header.' })
  }
  deps.jobs.requireInside(organisation.orgId)
  requireKnownModel(deps, inference.model)
  const channelId = requireChannel(organisation)
  // What contradicts itself would wait only to fail.
  const policy = routingOf(organisation, inference, deps.control)
  const { placer, measurements } = deps.serve
  const placeable = { requestId: '', request: inference, organisation, policy }
  const wanted = placementRequestOf(placeable, measurements)
  const linked = new Set(deps.sessions.all().map(({ nodeId }) => nodeId))
  const away = notLinked(deps.control.nodes(), linked)
  const hopeless = placer.hopeless(inference.model, wanted, away, inference.lengthField)
  if (hopeless) {
    // Names the field, and models that can.
    if (hopeless.details.reason === 'unsupported_field') requireFeatures(deps.sessions.all(), inference)
    throw hopeless
  }
  const payer = { channelId, keyId: key.keyId, receivedAtMs: deps.clock.nowMs() }
  await requireMoney(deps.serve, payer, reservePriceMicroUsd(inference, placer.priceLists(inference.model)))
  const body = {
    ...(parseJson(inference.body) as Record<string, unknown>),
    ...routingForJob(inference),
    stream: false,
    stream_options: undefined,
  }
  const texts = [JSON.stringify(body), JSON.stringify(how.source ?? null)]
  if (texts.some((text) => cannotBeStored.test(text))) {
    throw new AppError('invalid_input', {
      publicMessage: 'Queued work is stored, and a text with U+0000 or half of a surrogate pair cannot be.',
    })
  }
  // It is sent on as it is written anew, where numbers such as 1e20 take more room than they did.
  const bodyBytesMax = deps.bodyBytesMax ?? BODY_BYTES_MAX
  if (Buffer.byteLength(texts[0] ?? '') > bodyBytesMax + OURS_BYTES_MAX) {
    throw new AppError('payload_too_large', {
      publicMessage: `The body, as it is stored, is larger than ${bodyBytesMax} bytes.`,
    })
  }
  return await deps.jobs.enqueue({
    orgId: organisation.orgId,
    keyId: key.keyId,
    kind: how.kind,
    path,
    model: inference.model,
    body,
    ...(how.source && { source: how.source }),
    ...(how.deadlineMs !== null && { deadlineMs: how.deadlineMs }),
  })
}

/** The job once it is over, undefined where that takes longer or nobody is there any more. Leaving cancels nothing. */
async function held(
  deps: GatewayDeps,
  { organisation }: Caller,
  { id }: JobState,
  holdMs: number,
  reply: FastifyReply,
): Promise<JobState | undefined> {
  const untilMs = performance.now() + holdMs
  while (performance.now() < untilMs && !reply.raw.destroyed && !deps.serve.stopping.stopped) {
    await sleep(LOOK_MS)
    // It is accepted: whoever heard of a failure now would ask for a second one.
    const status = await deps.jobs.status(id).catch(() => 'queued' as const)
    if (status === 'queued' || status === 'running') continue
    const over = await deps.jobs.get(organisation.orgId, id).catch(() => null)
    if (over !== null) return over
  }
  return undefined
}

/** The worker places the job: what the body said of routing, and what the model's suffix did, goes with it. */
function routingForJob({ routingJson, suffix }: InferenceRequest): { routing?: Record<string, unknown> } {
  const routing = { ...routingJson, ...(suffix !== null && { sort: suffix }) }
  return Object.keys(routing).length > 0 ? { routing } : {}
}
