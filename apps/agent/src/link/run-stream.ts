/**
 * Runs one request from OPEN to END: engine, DATA under credits, work receipt.
 *
 * Guarantees: exactly one END; a receipt for what the engine did, on disk before END leaves; nothing is read from the
 * engine while the gateway grants no credit. A stream whose link is lost signs for what was acknowledged, a stream that
 * ends in any other way for what was sent: DATA and END travel in order, so the gateway saw it all.
 */
import { promptTokensLeast, type QueuedPrompt } from '@isochrone/domain'
import {
  answerIdOf,
  chunkOfData,
  encodeData,
  requestHashOf,
  ZERO_BYTES32,
  addressToBytes32,
  workStatus,
  type Hex,
  type SignedWork,
  type SigningDomain,
  type StreamEnd,
  type StreamOpen,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { AnswerSealer } from '@isochrone/protocol/sealed'
import {
  EngineFailure,
  type EngineCall,
  type EngineEvents,
  type EngineUsage,
  type OpenAiChunk,
} from '../engines/engine-driver.ts'
import type { OpenedBody, RefusedBody } from '../sealed/sealing-keys.ts'
import type { CreditWindow, DeliveredPart } from './credit-window.ts'
import { chunkJsonBytesMax, divideChunk } from './divide-chunk.ts'
import { createHeldSender } from './held-sender.ts'
import type { LinkContext } from './link-context.ts'
import { ChunkMerger, HOLD_MS_MAX, type CountedChunk } from './merge-chunks.ts'
import { prepareCall } from './prepare-call.ts'
import { traceStream } from './trace-stream.ts'

/** Why a stream was aborted; its abort signal carries this as reason. */
export class StreamAbort extends Error {
  override readonly name = 'StreamAbort'
  readonly why: 'cancelled' | 'link-lost' | 'timeout' | 'shutdown'

  constructor(why: StreamAbort['why']) {
    super(`the stream was aborted: ${why}`)
    this.why = why
  }
}

export type StreamJob = {
  readonly streamId: number
  readonly open: StreamOpen
  readonly body: Uint8Array
  readonly credits: CreditWindow
  /** Aborts with a `StreamAbort`. */
  readonly signal: AbortSignal
  readonly domain: SigningDomain
  readonly lane: Hex
  /** `withEnd`: it may wait for the END of the stream and go with it. */
  readonly send: (frame: Buffer, withEnd?: boolean) => void
  /** Sees to it that its gateway has heard lately that more prompt tokens wait here, in front of the END that says so. */
  readonly sayMore: (aheadMax: number) => void
  /** Whose gateway sent it: what waits here of a link's own is told to it. */
  readonly link: object
}

/** What the stream turned out to be; times in ms of a monotonic clock. */
type Run = {
  answerId: string
  startedMs: number
  firstTokenMs: number | undefined
  tokensOut: number
  /** As the engine said it; undefined where it has not, which one does that counts at its end alone and was stopped. */
  usage: EngineUsage | undefined
  /** What the engine was asked. */
  readonly request: EngineCall['body']
  /** Of a sealed request: nobody on the way reads its answer, nor what its engine says of it. */
  readonly sealer: AnswerSealer | null
}

/** The END message of the stream; `work` is null when the engine did nothing. Never throws for what engines do. */
export async function runStream(node: LinkContext, job: StreamJob): Promise<StreamEnd> {
  const context = contextOf(node, job.open)
  if (!context) return ending('rejected', 'this node runs no engine for the lease')
  const served = context.models.find((model) => model.model === job.open.model)
  if (served?.modelHash !== job.open.modelHash) return ending('rejected', `this node does not serve ${job.open.model}`)
  const opened = job.open.sealed ? await context.sealing.open(job.open, job.body) : null
  if (opened?.ok === false) return notOpened(opened)
  const prepared = prepareCall(job.open, opened?.body ?? job.body, {
    engineModel: context.engineModelOf(job.open.model),
    // The built-in ones count on the way.
    contextTokens: context.driver.kind === 'openai' ? served.contextTokensMax : 0,
  })
  if (!prepared.ok) return ending('invalid_request', prepared.message, 400)
  if (context.engineHealth?.up === false) return ending('rejected', 'the engine of this node does not answer')
  if (!context.receipts.claim(job.open)) return ending('rejected', 'this node has taken this attempt before')
  const span = context.tracing && traceStream(context.tracing, job.open)
  const traceparent = span?.traceparent ?? job.open.traceparent
  let end: StreamEnd | null = null
  try {
    const call = traceparent === undefined ? prepared.call : { ...prepared.call, traceparent }
    end = await runClaimed(context, job, call, opened)
    return end
  } finally {
    span?.end(end)
    context.receipts.release(job.open)
  }
}

/** Inside a lease everything is as ever, but the engine and its places are the lease's. */
function contextOf(context: LinkContext, { leaseId }: StreamOpen): LinkContext | null {
  if (leaseId === undefined) return context
  const leased = context.leases?.of(leaseId)
  if (!leased) return null
  const { driver, models, engineModelOf } = leased.engine
  return { ...context, driver, models, engineModelOf, capacity: leased.capacity }
}

async function runClaimed(
  context: LinkContext,
  job: StreamJob,
  call: EngineCall,
  opened: Extract<OpenedBody, { ok: true }> | null,
): Promise<StreamEnd> {
  const { prompts } = context.capacity
  const engineTokens = job.open.leaseId === undefined ? context.engineLoad().prefillTokens : undefined
  const ahead = prompts.declines(job.open.prompt, engineTokens)
  if (ahead !== null) {
    job.sayMore(job.open.prompt?.aheadMax ?? 0)
    return { ...ending('rejected', 'more prompts wait at this node than may'), promptsAhead: ahead }
  }
  const entered = context.capacity.tryEnter()
  if (entered !== 'entered') return ending('rejected', `this node is ${entered}`)
  // Only now: what this node could not take may come again.
  const refused = opened && context.sealing.markOpened(opened.header)
  if (refused) {
    context.capacity.leave()
    return notOpened(refused)
  }
  const queued = promptBegun(context, job)
  const paced = context.capacity.pace.begin(performance.now())
  const sealer = opened?.sealer ?? null
  const answerId = answerIdOf(job.open.path, job.open.requestId)
  const run: Run = {
    answerId,
    startedMs: performance.now(),
    firstTokenMs: undefined,
    tokensOut: 0,
    usage: undefined,
    request: call.body,
    sealer,
  }
  const isWhole = call.body.stream !== true
  // What is sealed part by part is sent by nobody but the loop below, so nothing of it can wait.
  const merger = new ChunkMerger(isWhole ? HOLD_MS_MAX.whole : sealer ? 0 : HOLD_MS_MAX.streamed)
  const send = async (chunks: readonly CountedChunk[], withEnd = false) => {
    for (const { chunk, tokens } of chunks) {
      // Waiting costs a turn, and usually there is nothing to wait for.
      if (job.credits.credits > 0) job.signal.throwIfAborted()
      else {
        paced.held(true, performance.now())
        await job.credits.waitForCredit(job.signal)
        paced.held(false, performance.now())
      }
      if (sealer) await sendSealed(context, job, run, sealer, chunkJson(job, run, chunk), tokens)
      else sendChunk(context, job, run, chunk, tokens, withEnd)
    }
  }
  const held = createHeldSender({
    merger,
    // Whatever else is sent flushes it first, so its credit is there.
    mayThen: () => !job.signal.aborted && job.credits.credits > 0,
    sends: ({ chunk, tokens }) => sendChunk(context, job, run, chunk, tokens),
    holdMs: isWhole ? null : HOLD_MS_MAX.streamed,
    rest: (isResting) => events?.rest?.(isResting),
  })
  let events: EngineEvents | undefined
  try {
    events = context.driver.start(call, job.signal)
    try {
      for (;;) {
        let event = events.take?.()
        if (!event) {
          held.plan()
          event = (await events.next()).value ?? undefined
        }
        if (!event) break
        if (event.usage) run.usage = event.usage
        if (event.type === 'usage') break
        const nowMs = performance.now()
        const pieces = divideChunk(event, sealer ? chunkJsonBytesMax.sealed : chunkJsonBytesMax.clear)
        if (pieces === null) throw new EngineFailure('rejected', TOO_LARGE, { httpStatus: 400 })
        if (event.tokens > job.open.tokensOutMax - run.tokensOut - merger.heldTokens) {
          // An engine that ignores its limit is stopped here: nobody reserved money for more.
          await send([...merger.flush(nowMs), { chunk: finishedByLength(event.chunk), tokens: 0 }])
          break
        }
        if (event.tokens > 0) {
          run.firstTokenMs ??= nowMs
          queued?.firstToken(nowMs)
          paced.tokens(event.tokens, nowMs)
        }
        const now = pieces ? [...merger.flush(nowMs), ...pieces] : merger.add(event.chunk, event.tokens, nowMs)
        if (now.length > 0) await send(now)
        if (merger.isDue && (sealer || job.credits.credits <= 0)) await send(merger.flush(nowMs))
      }
    } finally {
      // Before it is signed for: what the engine still does is done for nobody.
      await events.return()
    }
    // Nobody reads the rest of a whole answer before its END, which takes a sync: one message is cheaper than two.
    await send(merger.flush(performance.now()), isWhole)
    if (sealer) await sendEnd(context, job, run, sealer)
    return await signed(context, job, run, 'completed', null)
  } catch (error) {
    const rest = job.signal.aborted || sealer ? [] : merger.flush(performance.now())
    // What the engine gave before it failed is handed on, as far as that needs no waiting.
    for (const { chunk, tokens } of rest) if (job.credits.credits > 0) sendChunk(context, job, run, chunk, tokens)
    return await failed(context, job, run, error)
  } finally {
    held.stop()
    queued?.over(performance.now())
    paced.over(performance.now())
    context.capacity.leave()
  }
}

/** Counts the prompt as waiting, where its gateway says how long it is. */
function promptBegun({ capacity, models }: LinkContext, { open, link }: StreamJob): QueuedPrompt | null {
  if (!open.prompt) return null
  const contextTokensMax = models.find(({ model }) => model === open.model)?.contextTokensMax ?? 0
  return capacity.prompts.begin(link, open.prompt, contextTokensMax)
}

/** Any honest engine says as much of the same request: it is the request's, and no other node is troubled with it. */
const TOO_LARGE = 'one part of the answer is too large to be sent, and cannot be divided: ask for less of it at once'

function notOpened({ code, message, elsewhere }: RefusedBody): StreamEnd {
  const end = ending(elsewhere ? 'rejected' : 'invalid_request', `sealed request: ${message}`)
  return code === null ? end : { ...end, code }
}

function sendChunk(
  context: LinkContext,
  job: StreamJob,
  run: Run,
  chunk: OpenAiChunk,
  tokens: number,
  withEnd = false,
): void {
  sendJson(context, job, run, chunkJson(job, run, chunk), tokens, withEnd)
}

const chunkJson = ({ open }: StreamJob, { answerId }: Run, chunk: OpenAiChunk): string =>
  JSON.stringify({ ...chunk, id: answerId, model: open.model })

function sendJson(context: LinkContext, job: StreamJob, run: Run, json: string, tokens: number, withEnd = false): void {
  run.tokensOut += tokens
  if (tokens > 0) run.firstTokenMs ??= performance.now()
  context.capacity.countTokens(tokens)
  const frame = encodeData(job.streamId, run.tokensOut, json)
  job.credits.record(run.tokensOut, chunkOfData(frame))
  job.send(frame, withEnd)
}

async function sendSealed(
  context: LinkContext,
  job: StreamJob,
  run: Run,
  sealer: AnswerSealer,
  json: string,
  tokens: number,
  end = false,
): Promise<void> {
  const sealed = await sealer.part(json, end)
  job.signal.throwIfAborted()
  sendJson(context, job, run, JSON.stringify({ sealed }), tokens)
}

/** Tells the client, and nobody else, that the answer is whole, and what the engine counted. */
async function sendEnd(context: LinkContext, job: StreamJob, run: Run, sealer: AnswerSealer): Promise<void> {
  await job.credits.waitForCredit(job.signal)
  const { tokensIn = 0, tokensCached = 0, tokensOut = run.tokensOut } = run.usage ?? {}
  const usage = { tokens_in: tokensIn, tokens_cached: tokensCached, tokens_out: Math.min(tokensOut, run.tokensOut) }
  await sendSealed(context, job, run, sealer, JSON.stringify({ usage }), 0, true)
}

/** A last chunk without text, in the shape of `chunk`. */
function finishedByLength(chunk: OpenAiChunk): OpenAiChunk {
  const empty = chunk.object === 'text_completion' ? { text: '' } : { delta: {} }
  return { ...chunk, choices: [{ index: 0, ...empty, finish_reason: 'length' }] }
}

async function failed(context: LinkContext, job: StreamJob, run: Run, error: unknown): Promise<StreamEnd> {
  const { reason } = job.signal
  if (reason instanceof StreamAbort) return signed(context, job, run, 'aborted', reason.message)
  const failure =
    error instanceof EngineFailure ? error : new EngineFailure('died', 'the engine failed', { cause: error })
  const { sealer } = run
  // What an engine says of a prompt may quote it.
  const message = sealer ? 'the engine refused the request, or failed' : failure.message.slice(0, 500)
  if (failure.reason === 'rejected') {
    const refused = await refusedEnd(context, job, run, message, failure.httpStatus ?? null)
    if (!sealer) return refused
    return { ...refused, sealed: await sealer.part(JSON.stringify({ message: failure.message.slice(0, 2_000) }), true) }
  }
  if (failure.reason === 'overloaded') return ending('rejected', message, failure.httpStatus ?? null)
  context.engineHealth?.suspect(failure)
  context.logger.warn({ err: failure, requestId: job.open.requestId, tokensOut: run.tokensOut }, 'the engine failed')
  return signed(context, job, run, 'engine_failed', message, failure.httpStatus ?? null)
}

/** Who refuses in the middle has worked: what was sent before is signed for. */
async function refusedEnd(
  context: LinkContext,
  job: StreamJob,
  run: Run,
  message: string,
  engineStatus: number | null,
): Promise<StreamEnd> {
  if (run.tokensOut === 0) return ending('invalid_request', message, engineStatus)
  return { ...(await signed(context, job, run, 'aborted', message, engineStatus)), status: 'invalid_request' }
}

async function signed(
  context: LinkContext,
  job: StreamJob,
  run: Run,
  status: 'completed' | 'aborted' | 'engine_failed',
  message: string | null,
  engineStatus: number | null = null,
): Promise<StreamEnd> {
  const { reason } = job.signal
  const linkLost = reason instanceof StreamAbort && reason.why === 'link-lost'
  const final = linkLost ? 'aborted' : status
  const part = linkLost ? job.credits.acknowledged : job.credits.sent
  return { status: final, message, engineStatus, work: await signWork(context, job, run, final, part) }
}

async function signWork(
  context: LinkContext,
  job: StreamJob,
  run: Run,
  status: 'completed' | 'aborted' | 'engine_failed',
  part: DeliveredPart,
): Promise<SignedWork> {
  const { open } = job
  const nowMs = performance.now()
  // Who has sent a token has read the prompt.
  const tokensInTotal = run.usage?.tokensIn ?? (part.tokensOut > 0 ? promptTokensLeast(run.request) : 0)
  const tokensCached = run.usage?.tokensCached ?? 0
  const counted = status === 'completed' ? (run.usage?.tokensOut ?? part.tokensOut) : part.tokensOut
  const receipt: Omit<WorkReceipt, 'seq'> = {
    channelId: open.channelId as Hex,
    requestId: open.requestId as Hex,
    attempt: open.attempt,
    nodeId: addressToBytes32(context.nodeKey.address),
    termsHash: open.termsHash as Hex,
    modelHash: open.modelHash as Hex,
    requestHash: requestHashOf(open.salt as Hex, job.body, open.continuation?.text),
    outputHash: part.head,
    integrityRoot: ZERO_BYTES32,
    tokensIn: tokensInTotal - tokensCached,
    tokensCached,
    tokensOut: Math.min(counted, part.tokensOut),
    engineTtftUs: run.firstTokenMs === undefined ? 0 : microseconds(run.firstTokenMs - run.startedMs),
    engineDurationUs: microseconds(nowMs - run.startedMs),
    finishedAtMs: Date.now(),
    status: status === 'engine_failed' ? workStatus.engineFailed : workStatus[status],
  }
  const presented = await context.receipts.sign(job.domain, job.lane, receipt, context.nodeKey.privateKey)
  return presented.signedWork
}

/** Whole microseconds of a duration in ms. */
function microseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000))
}

function ending(
  status: 'rejected' | 'invalid_request',
  message: string,
  engineStatus: number | null = null,
): StreamEnd {
  return { status, message: message.slice(0, 500), engineStatus, work: null }
}
