/**
 * One attempt: intent to the journal, OPEN to the node, chunks to the sink, and what was seen of it at the end.
 *
 * Chunks without tokens are held back until the first token, so that a failure before it can still move to another
 * node unseen. Bounded by what `watchAttempt` watches and by the credits of the stream.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { outputChain, randomBytes32, requestHashOf, type Hex, type StreamPrompt } from '@isochrone/protocol'
import type { RunningStream } from '../../fleet/stream-looks.ts'
import type { AttemptEnd, AttemptStream, Continues, Intent, Lane } from '../../ports.ts'
import type { AnswerSoFar } from './answer-so-far.ts'
import { declinedBehind, judge, type StoppedBy } from './judge-attempt.ts'
import { CHOICES_MAX } from '../read/known-fields.ts'
import type { InferencePath } from '../read/parse-request.ts'
import type { RequestContext } from '../request-context.ts'
import type { Stopping } from '../stopping.ts'
import { watchAttempt, type AttemptWatch } from './watch-attempt.ts'
import type { Target } from '../target.ts'
import type { AnswerSink } from '../answer/answer-sink.ts'
import type { AttemptResult } from './attempt-record.ts'
import type { AttemptLimits } from '../limits/attempt-limits.ts'

export interface AttemptInput {
  ctx: RequestContext
  target: Target
  attempt: number
  reservedMicroUsd: bigint
  /** Bytes that the reservation covers; more are not billed. */
  bytesOutMax: number
  /** The decision that sent it, asked when the answer begins. */
  placement: () => unknown
  sink: AnswerSink
  /** What it goes on from; null where it begins the answer. */
  soFar: AnswerSoFar | null
  /** What its node is told of its prompt. */
  prompt: StreamPrompt
  limits: AttemptLimits
  stopping: Stopping
  /** Another attempt has begun the answer: this one ends, unseen. */
  yields?: Stopping
  /** The answer goes on at a faster node: this one ends, and what it delivered is paid for. */
  moves?: Stopping
  /** The second of two at once. */
  isHedge: boolean
  /** What the node's own span goes below; null where nobody traces. */
  traceparent: string | null
  /** Whether the node may decline one more. */
  mayDecline: () => boolean
  /** Called when the stream counts at the node: placement then sees it there. */
  onOpened: () => void
  /** Called once, when the first token has come; how far the stream is, and whether its customer holds it up, is written there. */
  onFirstToken: () => Pick<RunningStream, 'delivered' | 'heldUp'>
}

/** Of the time that a node is told, beyond the client's deadline: the gateway cancels first. */
const TIMEOUT_GRACE_MS = 250
const LOSER_END_MS = 100
/** Chunks without a token that are held back at most. */
const HELD_CHUNKS_MAX = 16
/** Chunks of one answer that is put together in memory; also bounded by what the reservation covers. */
const COLLECTED_BYTES_MAX = 256 * 1024 * 1024

/** Runs the attempt to its end. Rejects only when the intent cannot be journalled; nothing was dispatched then. */
export async function runAttempt(lane: Lane, input: AttemptInput): Promise<AttemptResult> {
  const { ctx, target, sink } = input
  const intent = intentOf(input)
  await lane.recordIntent(intent)
  const startedAt = performance.now()
  const stream = target.session.open(openHeaderOf(intent, input), ctx.request.body)
  input.onOpened()
  const flow = await pump(stream, input, intent.salt, startedAt)
  const isHurried = flow.stoppedBy === 'rival' || flow.stoppedBy === 'moved'
  const end = await (isHurried ? endSoon(stream, target.rttMs) : stream.ended)
  // Nothing was handed on, and another attempt has begun the answer while this one ended.
  if (!flow.begun && input.yields?.stopped === true) flow.stoppedBy ??= 'rival'
  const { outcome, blame, httpStatus } = judge(end, flow.stoppedBy)
  const completed = outcome === 'completed'
  const durationMs = Math.max(0, Math.round(performance.now() - startedAt))
  const behind = outcome === 'rejected' ? behindOf(end, flow, durationMs, input) : null
  if (completed && !flow.begun) {
    // An answer of no tokens at all is still an answer.
    sink.begin(target, input.placement())
    flow.begun = true
    for (const chunk of flow.held) await handOn(sink, chunk, flow)
  }
  return {
    seen: {
      intent,
      end,
      tokensDelivered: flow.tokensDelivered,
      outputHash: flow.chain.head(),
      requestHash: requestHashOf(intent.salt, ctx.request.body, input.soFar?.text),
      bytesOut: Math.min(sink.bytesOut(), input.bytesOutMax),
      attemptTtftMs: flow.ttftMs,
      durationMs,
      httpStatus,
      fault: blame,
      ...(outcome === 'moved' && { movedOn: true as const }),
      billable: completed || outcome === 'client_aborted' || (sink.streams && flow.tokensDelivered > 0),
    },
    target,
    outcome,
    stoppedBy: flow.stoppedBy,
    limits: input.limits,
    declinedBehind: behind,
    prompt: input.prompt,
    invalidRequest: end.kind === 'ended' && end.end.status === 'invalid_request',
    message: behind === null ? messageOf(end) : declinedWords(behind, input.prompt),
    ...(ctx.request.sealed && end.kind === 'ended' && { sealed: end.end }),
    begun: sink.streams && flow.begun,
  }
}

function behindOf(end: AttemptEnd, { begun, held }: Flow, durationMs: number, input: AttemptInput): number | null {
  const { prompt, target } = input
  const behind = declinedBehind(end, {
    prompt,
    durationMs,
    rttMs: target.rttMs,
    begun: begun || held.length > 0,
    reportedTokens: target.session.reported?.prefillTokens,
  })
  return behind !== null && input.mayDecline() ? behind : null
}

const messageOf = (end: AttemptEnd): string | null =>
  end.kind === 'ended' ? end.end.message : 'the link to the node was lost'

const declinedWords = (behind: number, { aheadMax = 0 }: StreamPrompt): string =>
  `declined: ${behind} prompt tokens wait there, at most ${aheadMax} may`

/** An answer waits for no node that was slow already; what that signs later is answered when it comes. */
async function endSoon(stream: AttemptStream, rttMs: number): Promise<AttemptEnd> {
  return await Promise.race([stream.ended, sleep(LOSER_END_MS + rttMs, { kind: 'link_lost' } as const)])
}

interface Flow {
  chain: ReturnType<typeof outputChain>
  held: Uint8Array[]
  begun: boolean
  /** As the node counts them, at most one for each byte handed on: no tokenizer makes more. */
  tokensDelivered: number
  bytesDelivered: number
  ttftMs: number | null
  stoppedBy: StoppedBy | null
  /** Null before it begins. */
  watch: AttemptWatch | null
  /** What looks at streams see of it, from its first token on. */
  shown: Pick<RunningStream, 'delivered' | 'heldUp'> | null
}

async function pump(stream: AttemptStream, input: AttemptInput, salt: Hex, startedAt: number): Promise<Flow> {
  const { sink, limits, target, placement, stopping, yields, moves } = input
  const collectedBytesMax = Math.min(input.bytesOutMax + echoedBytesMaxOf(input), COLLECTED_BYTES_MAX)
  const flow: Flow = {
    chain: outputChain(salt),
    held: [],
    begun: false,
    tokensDelivered: 0,
    bytesDelivered: 0,
    ttftMs: null,
    stoppedBy: null,
    watch: null,
    shown: null,
  }
  const stop = (why: StoppedBy) => {
    if (flow.stoppedBy !== null) return
    flow.stoppedBy = why
    stream.cancel()
  }
  const watch = watchAttempt({ limits, signal: sink.signal, stopping, yields, moves, stop })
  flow.watch = watch
  try {
    for await (const { tokensOut, chunk } of stream.chunks) {
      if (flow.stoppedBy !== null) break
      watch.heard()
      if (!sink.streams && flow.bytesDelivered + chunk.length > collectedBytesMax) {
        stop(echoes(input) ? 'size' : 'flood')
        break
      }
      if (!flow.begun && tokensOut === 0 && flow.held.length < HELD_CHUNKS_MAX) {
        flow.held.push(chunk)
        stream.acknowledge(0)
        continue
      }
      if (!flow.begun) {
        flow.begun = true
        flow.ttftMs = Math.max(0, Math.round(performance.now() - startedAt))
        flow.shown = input.onFirstToken()
        sink.begin(target, placement())
        for (const early of flow.held) await handOn(sink, early, flow)
      }
      const slow = handOn(sink, chunk, flow)
      if (slow) await slow
      flow.tokensDelivered = Math.max(flow.tokensDelivered, Math.min(tokensOut, flow.bytesDelivered))
      if (flow.shown) flow.shown.delivered = flow.tokensDelivered
      stream.acknowledge(tokensOut)
    }
  } finally {
    watch.end()
  }
  return flow
}

const echoes = ({ ctx }: AttemptInput): boolean => ctx.request.needs.some(({ feature }) => feature === 'echo')

/** What an answer may say beyond its tokens: the prompt, in front of each choice. It is billed as far as it was reserved. */
const echoedBytesMaxOf = (input: AttemptInput): number =>
  echoes(input) ? CHOICES_MAX * input.ctx.request.body.length : 0

/** Undefined where there is nothing to wait for, as is usual: a promise for each chunk costs as much as its hash. */
function handOn(sink: AnswerSink, chunk: Uint8Array, flow: Flow): Promise<void> | undefined {
  flow.chain.add(chunk)
  flow.bytesDelivered += chunk.length
  const slow = sink.write(chunk)
  return slow && heldUp(slow, flow)
}

async function heldUp(slow: Promise<void>, flow: Flow): Promise<void> {
  if (flow.shown) flow.shown.heldUp = 'now'
  await (flow.watch?.heldUp(slow) ?? slow)
  if (flow.shown) flow.shown.heldUp = 'since_last_look'
}

function intentOf({ ctx, target, attempt, reservedMicroUsd, soFar, isHedge }: AttemptInput): Intent {
  const { request } = ctx
  return {
    requestId: ctx.requestId,
    requestIdHash: ctx.requestIdHash,
    orgId: ctx.organisation.orgId,
    keyId: ctx.keyId,
    jobId: ctx.jobId,
    channelId: ctx.channelId,
    attempt,
    nodeId: target.session.nodeId,
    termsHash: target.node.termsHash as Hex,
    modelHash: target.modelHash,
    salt: randomBytes32(),
    path: request.path,
    model: request.model,
    stream: request.stream,
    bytesIn: request.body.length,
    tokensOutMax: soFar?.tokensLeft ?? request.tokensOutMax,
    reservedMicroUsd,
    startedAtMs: Date.now(),
    receivedAtMs: ctx.receivedAtMs,
    ...(soFar && { continues: continuesOf(soFar) }),
    ...(ctx.lease && { leaseId: ctx.lease.leaseIdHash }),
    ...(isHedge && { isHedge }),
  }
}

/** No tokenizer makes more tokens of a text than it has bytes, whatever the node that began it said. */
function continuesOf({ text, tokens, delivered }: AnswerSoFar): Continues {
  return { tokens: Math.min(tokens, Buffer.byteLength(text)), delivered }
}

function openHeaderOf(intent: Intent, { ctx, limits, soFar, prompt, traceparent }: AttemptInput) {
  return {
    requestId: intent.requestIdHash,
    attempt: intent.attempt,
    channelId: intent.channelId,
    termsHash: intent.termsHash,
    model: intent.model,
    modelHash: intent.modelHash,
    salt: intent.salt,
    path: intent.path as InferencePath,
    timeoutMs: timeoutMsOf(limits),
    tokensOutMax: intent.tokensOutMax,
    prompt,
    ...(soFar && { continuation: { text: soFar.text } }),
    ...(traceparent !== null && { traceparent }),
    ...(ctx.request.sealed && { sealed: true as const }),
    ...(intent.leaseId !== undefined && { leaseId: intent.leaseId }),
  }
}

/** The node stops by itself too, should the cancel be lost. */
function timeoutMsOf({ totalMsMax, deadlineMs = null }: AttemptLimits): number {
  return Math.max(1, Math.min(totalMsMax, deadlineMs === null ? totalMsMax : Math.ceil(deadlineMs) + TIMEOUT_GRACE_MS))
}
