/**
 * Recounts answers with the model's own tokenizer, off the hot path: a queue in memory, a thread beside, and the lane for
 * what it finds.
 *
 * Only models whose `tokenizer.json` the operator has put into the directory. Bounded: what does not fit into the queue, or is too
 * large, is not recounted and stays billed as it was. The thread has one answer at a time: a text at which its tokenizer hangs takes the
 * thread along, and nothing that waits. Nothing of a text outlives its count, and a process that dies takes it along.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Logger } from '@isochrone/runtime'
import type { GatewayLane } from '../lane/gateway-lane.ts'
import type { RecountOutcome } from '../lane/record-recount.ts'
import type { RequestContext } from '../requests/request-context.ts'
import type { RecountAnswer, RecountJob } from './recount-job.ts'
import type { AttemptRecord } from '../requests/attempts/attempt-record.ts'

export type RecountEvent = RecountOutcome | 'unknown' | 'skipped'

export interface Recounter {
  /** Whether answers of this model are recounted: then their text is worth keeping. */
  covers(modelHash: string): boolean
  /** Of an answer that one node gave from beginning to end, once its outcome is durable. Never throws, never waits. */
  offer(ctx: RequestContext, record: AttemptRecord, text: string | null): void
  /** Resolves when all that was offered is counted and on record. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export interface RecounterOptions {
  /** Holds `<model hash>/tokenizer.json`. */
  dir: string
  lane: Pick<GatewayLane, 'recordRecount'>
  logger: Logger
  /** For metrics. */
  counted: (event: RecountEvent) => void
}

const WAITING_MAX = 1_000
const WAITING_BYTES_MAX = 64 * 1024 * 1024
/** Body and answer together: a tokenizer in JavaScript takes about a second for it. */
const JOB_BYTES_MAX = 1024 * 1024
const MODEL_HASH = /^0x[0-9a-f]{64}$/
/** How long one answer is counted before the thread is given up. */
const COUNT_MS_MAX = 30_000
/** How long a stop waits for what is being counted. */
const STOP_MS_MAX = 2_000
/** How often a model without a tokenizer is looked for again. */
const LOOK_AGAIN_MS = 10_000

interface Waiting {
  ctx: RequestContext
  record: AttemptRecord
  bytes: number
  job: RecountJob
}

export function createRecounter({ dir, lane, logger, counted: onEvent }: RecounterOptions): Recounter {
  /** When each was looked for in vain; null: it is there. */
  const models = new Map<string, number | null>()
  /** Offered and not yet on record. */
  const waiting = new Map<number, Waiting>()
  /** Of those, what is still to be counted, in order; and what the thread has. */
  const uncounted: number[] = []
  let counting: number | null = null
  const recording = new Set<Promise<void>>()
  let idlers: (() => void)[] = []
  let bytes = 0
  let nextId = 1
  let stopped = false
  /** No thread is started any more. */
  let ended = false
  let thread: Worker | null = null
  let watchdog: NodeJS.Timeout | undefined

  function covers(modelHash: string): boolean {
    const missedAt = models.get(modelHash)
    if (missedAt === null) return true
    if (missedAt !== undefined && performance.now() - missedAt < LOOK_AGAIN_MS) return false
    const isThere = MODEL_HASH.test(modelHash) && existsSync(join(dir, modelHash, 'tokenizer.json'))
    models.set(modelHash, isThere ? null : performance.now())
    return isThere
  }

  /** Gives the thread the next answer, if it has none. */
  function countNext(): void {
    const id = counting === null ? uncounted.shift() : undefined
    const next = id === undefined ? undefined : waiting.get(id)
    if (!next) return
    counting = next.job.id
    thread ??= startThread()
    thread.postMessage(next.job, [])
    watchdog = setTimeout(() => void thread?.terminate(), COUNT_MS_MAX).unref()
  }

  function counted(): void {
    clearTimeout(watchdog)
    counting = null
  }

  function startThread(): Worker {
    const started = new Worker(new URL('./recount-thread.ts', import.meta.url), { workerData: { dir } })
    started.on('message', (answer: RecountAnswer) => take(answer))
    started.on('error', (error) => logger.error({ err: error }, 'the recounting thread failed'))
    started.once('exit', () => {
      thread = null
      // What it had is not recounted: that receipt stays as it was signed. What waited goes to the next thread.
      const lost = ended ? [...uncounted.splice(0), counting] : [counting]
      counted()
      for (const id of lost) if (id !== null) forget(id, 'skipped')
      countNext()
      settle()
    })
    started.unref()
    return started
  }

  function forget(id: number, event: RecountEvent): void {
    const found = waiting.get(id)
    if (!found) return
    waiting.delete(id)
    bytes -= found.bytes
    onEvent(event)
  }

  function take(answer: RecountAnswer): void {
    const found = waiting.get(answer.id)
    if (!found || answer.id !== counting) return
    counted()
    countNext()
    if (answer.tokensInMax === null && answer.tokensOutMax === null) {
      forget(answer.id, 'unknown')
      return settle()
    }
    const done = record(found, answer)
      .then((event) => forget(answer.id, event))
      .catch((error: unknown) => {
        forget(answer.id, 'skipped')
        logger.error({ err: error, requestId: found.ctx.requestId }, 'a recount could not be put on record')
      })
      .finally(() => {
        recording.delete(done)
        settle()
      })
    recording.add(done)
  }

  async function record({ ctx, record: { result } }: Waiting, answer: RecountAnswer): Promise<RecountOutcome> {
    const { requestId, requestIdHash, organisation, request } = ctx
    const { attempt, nodeId } = result.seen.intent
    const { id: _id, ...counts } = answer
    const orgId = organisation.orgId
    const about = { requestId, requestIdHash, attempt, orgId, model: request.model }
    const outcome = await lane.recordRecount({ ...about, ...counts })
    if (outcome === 'refunded' || outcome === 'late') {
      logger.warn({ requestId, nodeId, outcome, ...counts }, 'a node claimed more tokens than its text has')
    }
    return outcome
  }

  function settle(): void {
    if (waiting.size > 0 || recording.size > 0) return
    for (const resolve of idlers) resolve()
    idlers = []
  }

  const idle = (): Promise<void> =>
    waiting.size === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(() => resolve()))

  return {
    covers,
    offer(ctx, given, text) {
      const { path, body } = ctx.request
      const { modelHash } = given.result.target
      if (stopped || path === '/v1/embeddings' || !covers(modelHash) || given.completed.priceMicroUsd === 0n) return
      const size = body.length + (text?.length ?? 0)
      if (size > JOB_BYTES_MAX || waiting.size >= WAITING_MAX || bytes + size > WAITING_BYTES_MAX) {
        return onEvent('skipped')
      }
      const id = nextId++
      const job: RecountJob = { id, modelHash, path, body, text, billedOut: given.completed.tokensOut }
      waiting.set(id, { ctx, record: given, bytes: size, job })
      bytes += size
      uncounted.push(id)
      countNext()
    },
    idle,
    async stop() {
      stopped = true
      await Promise.race([idle(), sleep(STOP_MS_MAX)])
      ended = true
      clearTimeout(watchdog)
      await thread?.terminate()
    },
  }
}
