/**
 * Streams a background response to whoever follows it, from any event on: what its node has written so far while it runs,
 * the stored answer once it is over. Any gateway can serve it: progress is in Redis, the answer in Postgres.
 *
 * Bounded: followers of a gateway and of one organisation, the time of one stream, and a reader who does not read is let go.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobState } from '@isochrone/services'
import type { FastifyReply } from 'fastify'
import {
  attemptOf,
  attemptOfNumber,
  deletedEvent,
  finalEvents,
  liveEvents,
  restartedEvent,
  stoppingEvent,
  type LiveEvents,
} from '../responses/background-events.ts'
import { objectOf } from '../responses/background-response.ts'
import type { ResponseEvent } from '../responses/response-events.ts'
import type { ProgressPiece } from '../jobs/job-progress.ts'
import { createFollowers } from './followers.ts'
import type { GatewayDeps } from './gateway-deps.ts'

const LOOK_MS = 100
/** Looks at the progress between two looks at the row. */
const LOOKS_A_ROW = 5
const KEEP_ALIVE_MS = 15_000
const STALL_MS_MAX = 60_000
const followers = createFollowers()

export interface FollowOptions {
  /** Events up to this number were had before; -1: none. */
  after: number
  /** What {@link placeToFollow} gave; it is given back at the end. */
  leave: () => void
}

/** Takes a follower's place, to be given back: see {@link createFollowers}. */
export const placeToFollow = (orgId: string): (() => void) => followers.enter(orgId)

/** Answers with server-sent events until the response is over. */
export async function followResponse(
  deps: GatewayDeps,
  orgId: string,
  first: JobState,
  reply: FastifyReply,
  { after, leave }: FollowOptions,
): Promise<FastifyReply> {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const { stopping } = deps.serve
  const over = new AbortController()
  const stays = stopping.onStop(() => over.abort())
  reply.hijack()
  try {
    reply.raw.writeHead(200, {
      ...Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)])),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    })
    const send: Write = (events) => write(reply, events, gone.signal)
    const sent = await follow(deps, orgId, first, after, send, AbortSignal.any([gone.signal, over.signal]))
    if (sent !== null && stopping.stopped) await send([stoppingEvent(sent)])
  } catch (error) {
    deps.logger.debug({ err: error, jobId: first.id }, 'a follower was let go')
  } finally {
    stays()
    leave()
    reply.raw.end()
  }
  return reply
}

type Write = (events: readonly ResponseEvent[] | null) => Promise<void>

/** Resolves with the number of the last event that was sent where `signal` ended it, null where nothing follows any more. */
async function follow(
  deps: GatewayDeps,
  orgId: string,
  first: JobState,
  after: number,
  send: Write,
  signal: AbortSignal,
): Promise<number | null> {
  let job: JobState | undefined = first
  let sent = after
  let live = null as LiveEvents | null
  let lastId: string | null = null
  let quietSince = Date.now()

  /** True where what the follower has is of an attempt that failed. */
  const isOfAnother = (attempt: number): boolean => {
    const had = attemptOfNumber(sent)
    return had !== null && had !== attempt
  }
  const end = async (events: readonly ResponseEvent[]): Promise<null> => {
    await send(events)
    return null
  }
  const emit = async (events: readonly ResponseEvent[]) => {
    const news = events.filter(({ sequence_number: number }) => number > sent)
    if (news.length === 0) return
    await send(news)
    sent = news.at(-1)?.sequence_number ?? sent
    quietSince = Date.now()
  }

  for (let look = 0; !signal.aborted; look++) {
    if (look > 0 && look % LOOKS_A_ROW === 0) job = await deps.jobs.get(orgId, first.id).catch(() => job)
    if (!job) return await end([deletedEvent(sent)])
    if (job.status !== 'queued' && job.status !== 'running') {
      if (job.status === 'succeeded' && isOfAnother(attemptOf(objectOf(job.answer))))
        return await end([restartedEvent(sent)])
      await emit(finalEvents(job))
      return null
    }
    if (look === 0) await emit(liveEvents(job, 0).begin())
    const pieces: ProgressPiece[] = await deps.jobs.progress.read(first.id, lastId).catch(() => [])
    for (const { id, attempt, text } of pieces) {
      lastId = id
      if (live && attempt < live.attempt) continue
      if (live?.attempt !== attempt) {
        live = liveEvents(job, attempt)
        live.begin()
      }
      const events: ResponseEvent[] = live.text(text)
      if (events.length > 0 && isOfAnother(attempt)) {
        if ((attemptOfNumber(sent) ?? 0) > attempt) continue
        return await end([restartedEvent(sent)])
      }
      await emit(events)
    }
    if (Date.now() - quietSince > KEEP_ALIVE_MS) {
      await send(null)
      quietSince = Date.now()
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
  return sent
}

/** Null: a comment, so that nobody in between takes the connection for dead. */
async function write(reply: FastifyReply, events: readonly ResponseEvent[] | null, signal: AbortSignal): Promise<void> {
  const text =
    events === null
      ? ': still there\n\n'
      : events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  if (reply.raw.write(text) || reply.raw.destroyed) return
  await once(reply.raw, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(STALL_MS_MAX)]) })
}
