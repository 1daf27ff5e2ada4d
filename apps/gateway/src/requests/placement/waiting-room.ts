/**
 * Where requests wait while every replica that may serve them is full, or none would keep the time they ask for.
 *
 * Who is next is decided by what their organisations were served, not by who came first (see the scheduler's fair queue).
 * Nobody looks again in turns: a freed place, a heartbeat or a link wakes the queue of its model, and a slow timer finds
 * what changes by time alone. Bounded in waiters, in patience and in decisions a wake.
 */
import {
  createFairExchange,
  defaultTuning,
  fairCostOf,
  type FairExchange,
  type FairNews,
  type PlacementRecord,
  type PlacementRequest,
  type Waiter,
} from '@isochrone/scheduler'
import type { Clock } from '@isochrone/domain'
import { createFairLines, type FairLines } from './fair-lines.ts'
import { afterWaiting } from './placement-request.ts'
import type { Placed, Placer, Refused } from './placer.ts'

export interface WaitingRoom {
  /**
   * A place, now or when the turn comes; a refusal when patience is over, when no change of load would help, or when the
   * room is full. Rejects with the signal's reason when it aborts.
   */
  place(input: WaitInput): Promise<Placed | Refusal>
  /** What a served request has really taken: its organisation's turn comes by that. */
  charge(model: string, tenant: string, served: { tokensIn: number; tokensOut: number }, estimated: number): void
  /** What the other gateways should hear of this one's service, one for each model that has something to tell. */
  tell(nowMs: number): RoomNews[]
  /** What another gateway told. */
  hear(news: RoomNews, nowMs: number): void
  /**
   * Nobody waits any more, or nobody `new`: those who do are refused with `reason`, and who comes is placed at once or refused. New
   * is who was sent to no node yet.
   */
  close(reason: Error, who: 'new' | 'all'): void
  readonly size: number
}

export interface WaitInput {
  model: string
  tenant: string
  request: PlacementRequest
  patienceMs: number
  signal: AbortSignal
  /** It was sent to a node before: a gateway that stops lets it end. Absent: it is new. */
  isRunning?: boolean
  /** Told when there is no place at once. */
  waits?: (() => void) | undefined
}

export interface Refusal extends Omit<Refused, 'record'> {
  /** Null where no decision was made: the room was full. */
  record: PlacementRecord | null
  /** How long it waited in vain, ms; 0 = not at all. */
  waitedMs: number
  /** The room had no place either. */
  roomFull: boolean
}

interface Waiting {
  input: WaitInput
  sinceMs: number
  /** False when it has left already. */
  leave(): boolean
  settle(outcome: Placed | Refusal): void
  refuse(reason: Error): void
}

/** Organisations, tokens and a model: no content. */
export interface RoomNews {
  model: string
  news: FairNews
}

interface Queue {
  fair: FairLines<Waiting>
  exchange: FairExchange
  /** The last news said that somebody waits here: that it is over is news too. */
  toldOfWaiters: boolean
  wakeDue: boolean
  timer: NodeJS.Timeout | undefined
  /** Mean time between two that left for a place while somebody waited, ms; null before the first. */
  gapMs: number | null
  /** When a place came last, or when somebody began to wait where nobody did. */
  gapFromMs: number
}

/** Requests that wait at a time, all models together, and those of one organisation for one model. */
const WAITERS_MAX = 2_048
const WAITERS_PER_TENANT_MAX = 512
/** Decisions in one wake: what a burst of waiters may cost the event loop at a time. */
const DECISIONS_PER_WAKE = 256
/**
 * Waiters of one line that are looked at in a wake. Who named an SLO may wait for what nobody behind needs: a long prompt for a
 * node that is idle, while a short one would be in time anywhere.
 */
const LINE_LOOKS_MAX = 16
/** What no event tells: a breaker whose pause is over, a state that has gone stale. */
const LOOK_AGAIN_MS = 100
/** Where nothing is known yet of how fast the room empties. */
const FULL_RETRY_MS = 1_000
/** As long as an answer may take. */
const RETRY_AFTER_MS_MAX = defaultTuning.retryAfterMsMax
const QUEUES_MAX = 10_000

/** Reasons that pass by themselves. */
const passing: ReadonlySet<unknown> = new Set(['full', 'no_slack', 'breaker_open'])

const mayPass = ({ reason, record }: Refused): boolean =>
  passing.has(reason) || record.rejected.some((row) => passing.has(row.reason))

const kindOf = ({ policy, onlyNodeIds }: PlacementRequest) =>
  onlyNodeIds ? { ...policy, exclude: onlyNodeIds } : policy

export const isPlaced = (outcome: Placed | Refused | Refusal): outcome is Placed => 'ticket' in outcome

export function createWaitingRoom({
  placer,
  onRoom,
  clock,
  self = 'alone',
}: {
  placer: Placer
  onRoom: (listener: (model: string) => void) => void
  clock: Clock
  /** This gateway's name among others. */
  self?: string
}): WaitingRoom {
  const queues = new Map<string, Queue>()
  const everybody = new Set<Waiting>()
  let size = 0
  let closedTo: 'nobody' | 'new' | 'all' = 'nobody'

  const mayWait = ({ isRunning = false }: WaitInput): boolean =>
    closedTo === 'nobody' || (closedTo === 'new' && isRunning)

  function queueOf(model: string): Queue {
    let queue = queues.get(model)
    if (queue) return queue
    if (queues.size >= QUEUES_MAX) {
      for (const [name, { fair }] of queues) if (fair.size === 0) queues.delete(name)
    }
    const fair = createFairLines<Waiting>({
      waitersMax: WAITERS_MAX,
      perTenantMax: WAITERS_PER_TENANT_MAX,
      looksMax: LINE_LOOKS_MAX,
    })
    const exchange = createFairExchange({ queue: fair, self })
    queue = { fair, exchange, toldOfWaiters: false, wakeDue: false, timer: undefined, gapMs: null, gapFromMs: 0 }
    queues.set(model, queue)
    return queue
  }

  function wake(model: string): void {
    const queue = queues.get(model)
    if (!queue || queue.wakeDue || queue.fair.size === 0) return
    queue.wakeDue = true
    setImmediate(() => {
      queue.wakeDue = false
      serveWaiting(queue)
    })
  }

  function serveWaiting(queue: Queue): void {
    const { fair } = queue
    let decisions = 0
    let placed: Placed | undefined
    const hopeless: { waiting: Waiting; outcome: Refused }[] = []
    /** Who goes leaves less room: who could not go before cannot go now, nor anybody of a line in which all ask for any place. */
    const refused = new Set<Waiting | string>()
    const admissible = (waiting: Waiting, line: string): boolean => {
      if (refused.has(waiting) || refused.has(line) || ++decisions > DECISIONS_PER_WAKE) return false
      const outcome = look(waiting)
      if (!isPlaced(outcome)) refused.add(waiting.input.request.policy.admission === 'slack' ? waiting : line)
      if (isPlaced(outcome)) placed = outcome
      // What no change of load can mend leaves the room at once, with its reason.
      else if (!mayPass(outcome)) hopeless.push({ waiting, outcome })
      return placed !== undefined
    }
    while (fair.size > 0 && decisions < DECISIONS_PER_WAKE) {
      placed = undefined
      const next = fair.pop(clock.nowMs(), admissible)
      if (!next || !placed) break
      left(queue)
      next.item.settle(placed)
    }
    for (const { waiting, outcome } of hopeless) if (waiting.leave()) waiting.settle(refusalOf(queue, waiting, outcome))
    for (const { item } of fair.expire(clock.nowMs())) item.settle(lastLook(queue, item))
    if (fair.size > 0) queue.timer ??= setInterval(() => serveWaiting(queue), LOOK_AGAIN_MS)
    else {
      clearInterval(queue.timer)
      queue.timer = undefined
    }
  }

  function left(queue: Queue): void {
    const nowMs = clock.nowMs()
    const gapMs = Math.max(0, nowMs - queue.gapFromMs)
    queue.gapMs = queue.gapMs === null ? gapMs : queue.gapMs + (gapMs - queue.gapMs) / 8
    queue.gapFromMs = nowMs
  }

  /** Whoever comes back stands behind those that wait: as long as they take, and no less than a place takes to come. */
  function retryAfterMsOf({ fair, gapMs }: Queue, refused: Pick<Refused, 'retryAfterMs'>): number {
    return Math.min(RETRY_AFTER_MS_MAX, Math.max(refused.retryAfterMs, gapMs === null ? 0 : fair.size * gapMs))
  }

  function refusalOf(queue: Queue, { sinceMs }: Waiting, refused: Refused): Refusal {
    const waitedMs = Math.max(0, clock.nowMs() - sinceMs)
    const { reason, record } = refused
    return { reason, record, retryAfterMs: retryAfterMsOf(queue, refused), waitedMs, roomFull: false }
  }

  const look = ({ input, sinceMs }: Waiting): Placed | Refused =>
    placer.place(input.model, afterWaiting(input.request, clock.nowMs() - sinceMs))

  /** At the end of its patience, whoever is last in line is looked at too. */
  function lastLook(queue: Queue, waiting: Waiting): Placed | Refusal {
    const outcome = look(waiting)
    if (!isPlaced(outcome)) return refusalOf(queue, waiting, outcome)
    const { tenant, request } = waiting.input
    queue.fair.charge(tenant, request.tokensIn, request.tokensOutExpected)
    return outcome
  }

  function wait(queue: Queue, input: WaitInput): Promise<Placed | Refusal> {
    const { promise, resolve, reject } = Promise.withResolvers<Placed | Refusal>()
    const sinceMs = clock.nowMs()
    input.waits?.()
    const { tokensIn, tokensOutExpected } = input.request
    const waiting: Waiting = {
      input,
      sinceMs,
      leave: () => typeof waiter !== 'string' && queue.fair.cancel(waiter),
      settle(outcome) {
        over()
        resolve(outcome)
      },
      refuse(reason) {
        over()
        reject(reason)
      },
    }
    const waiter: Waiter<Waiting> | 'full' =
      size >= WAITERS_MAX
        ? 'full'
        : queue.fair.push(
            input.tenant,
            // A line waits for its first: what is sealed to a few nodes holds up nobody else.
            kindOf(input.request),
            waiting,
            fairCostOf(tokensIn, tokensOutExpected),
            sinceMs + input.patienceMs,
          )
    if (typeof waiter === 'string') {
      // Not even looked at: who finds the room full must not pass those who wait in it.
      const retryAfterMs = retryAfterMsOf(queue, { retryAfterMs: FULL_RETRY_MS })
      return Promise.resolve({ reason: 'full', retryAfterMs, record: null, waitedMs: 0, roomFull: true })
    }
    size++
    // While nobody waited, nobody could leave for a place: that time says nothing of how fast places come.
    if (queue.fair.size === 1) queue.gapFromMs = sinceMs
    everybody.add(waiting)
    const onAbort = () => {
      waiting.leave()
      waiting.refuse(input.signal.reason as Error)
    }
    const patience = setTimeout(() => {
      if (waiting.leave()) waiting.settle(lastLook(queue, waiting))
    }, input.patienceMs)
    const over = () => {
      size--
      everybody.delete(waiting)
      clearTimeout(patience)
      input.signal.removeEventListener('abort', onAbort)
    }
    input.signal.addEventListener('abort', onAbort, { once: true })
    queue.timer ??= setInterval(() => serveWaiting(queue), LOOK_AGAIN_MS)
    wake(input.model)
    return promise
  }

  onRoom(wake)
  return {
    get size() {
      return size
    },
    async place(input) {
      input.signal.throwIfAborted()
      const { model, tenant, request } = input
      const patienceMs = mayWait(input) ? input.patienceMs : 0
      const queue = queueOf(model)
      // Who comes while others wait stands in line: it may be next all the same, if its organisation was served least.
      if (queue.fair.size > 0 && patienceMs > 0) return await wait(queue, input)
      const refused = placer.place(model, request)
      if (isPlaced(refused)) {
        queue.fair.charge(tenant, request.tokensIn, request.tokensOutExpected)
        return refused
      }
      if (!mayPass(refused) || patienceMs <= 0) {
        const { reason, retryAfterMs, record } = refused
        return { reason, retryAfterMs, record, waitedMs: 0, roomFull: false }
      }
      return await wait(queue, input)
    },
    tell(nowMs) {
      const told: RoomNews[] = []
      for (const [model, queue] of queues) {
        const news = queue.exchange.tell(nowMs)
        if (news.level === null && news.served.length === 0 && !queue.toldOfWaiters) continue
        queue.toldOfWaiters = news.level !== null
        told.push({ model, news })
      }
      return told
    },
    hear({ model, news }, nowMs) {
      queueOf(model).exchange.hear(news, nowMs)
      wake(model)
    },
    close(reason, who) {
      closedTo = who
      for (const waiting of everybody) {
        if (mayWait(waiting.input)) continue
        waiting.leave()
        waiting.refuse(reason)
      }
    },
    charge(model, tenant, { tokensIn, tokensOut }, estimated) {
      queues.get(model)?.fair.charge(tenant, tokensIn, tokensOut, estimated)
    },
  }
}
