/**
 * How many requests of an organisation may begin while others are there too: at once, and in a second.
 *
 * A rate limit that holds a minute's worth lets a minute's worth come at once, and all of it would stand before whoever comes
 * next in the event loop, and at the nodes. So an organisation has a few requests between body and node, a phase of some
 * milliseconds, and begins no more than twice its limit's pace in a second; the rest waits in its own line, and nobody waits
 * for another's. What went to a node, or waits for a place, counts no more: neither streams at once nor slow engines are limited
 * by this. An organisation alone never waits.
 *
 * Bounded: who waits, and for how long. A line that is as long as can begin in that time takes nobody more, and whoever comes is
 * told so before its body is read and before it is counted.
 */
import { AppError } from '@isochrone/domain'

export interface FairStarts {
  /** Throws `rate_limited`, with `details.waitMs`, where its line is as long as can begin in time. */
  requireRoom(organisation: Starter): void
  /**
   * Calls `start` now or at its turn, `refuse` where that does not come. Call the result when it has gone to its node and
   * when it is over; only the first call counts.
   */
  enter(organisation: Starter, start: () => void, refuse: (error: AppError) => void): () => void
  readonly waiting: number
}

/** An organisation, with what it may send a minute; null: as many as it likes. */
export interface Starter {
  orgId: string
  requestsPerMinuteMax?: number | null
}

/** Requests of one organisation between body and node, while others are there. */
const STARTING_MAX = 8
/** Times its limit, as a rate, that an organisation may begin while others are there. */
const PACE = 2
/** How long an organisation counts as being there after its last request began, ms. */
const THERE_MS = 5_000
const WAITING_MAX = 4_096
const PATIENCE_MS = 10_000
const ORGS_MAX = 20_000

interface Entry {
  start: () => void
  refuse: (error: AppError) => void
  patience: NodeJS.Timeout
}

interface Org {
  line: Set<Entry>
  starting: number
  seenMs: number
  /** What it may begin in a second while others are there, and how many of them now. */
  perSecond: number
  left: number
  leftAtMs: number
  /** Begins the next ones. */
  timer: NodeJS.Timeout | undefined
}

export function createFairStarts(nowMs: () => number = () => performance.now()): FairStarts {
  const orgs = new Map<string, Org>()
  let waiting = 0
  /** The two that were seen last: with them it is known whether anybody is alone. */
  let [last, before] = ['', { orgId: '', seenMs: -Infinity }]

  function orgOf({ orgId, requestsPerMinuteMax }: Starter, atMs: number): Org {
    let org = orgs.get(orgId)
    if (!org) {
      if (orgs.size >= ORGS_MAX) forgetIdle()
      const pace = { perSecond: Infinity, left: STARTING_MAX, leftAtMs: atMs }
      orgs.set(orgId, (org = { line: new Set(), starting: 0, seenMs: atMs, ...pace, timer: undefined }))
    }
    org.perSecond = requestsPerMinuteMax == null ? Infinity : (PACE * requestsPerMinuteMax) / 60
    org.seenMs = atMs
    if (last !== orgId) {
      if (last !== '') before = { orgId: last, seenMs: orgs.get(last)?.seenMs ?? -Infinity }
      last = orgId
    }
    return org
  }

  const isAlone = (orgId: string, atMs: number): boolean => {
    const other = last === orgId ? before.seenMs : (orgs.get(last)?.seenMs ?? -Infinity)
    return atMs - other > THERE_MS
  }

  function forgetIdle(): void {
    for (const [orgId, org] of orgs) if (org.starting === 0 && org.line.size === 0) orgs.delete(orgId)
  }

  /** Until another one may begin beside others, ms: 0 = now; Infinity: when one that has begun leaves. */
  function waitMsOf(org: Org, atMs: number): number {
    if (org.starting >= STARTING_MAX) return Infinity
    if (org.perSecond === Infinity) return 0
    org.left = Math.min(STARTING_MAX, org.left + (Math.max(0, atMs - org.leftAtMs) * org.perSecond) / 1_000)
    org.leftAtMs = atMs
    return org.left >= 1 ? 0 : Math.min(PATIENCE_MS, Math.ceil((1_000 * (1 - org.left)) / org.perSecond))
  }

  function begin(org: Org): void {
    org.starting++
    org.left = Math.max(0, org.left - 1)
  }

  /** Begins what may begin of its line. */
  function goOn(orgId: string, org: Org): void {
    for (const entry of org.line) {
      const atMs = nowMs()
      const waitMs = isAlone(orgId, atMs) ? 0 : waitMsOf(org, atMs)
      if (waitMs > 0) {
        if (waitMs === Infinity) return
        org.timer ??= setTimeout(() => {
          org.timer = undefined
          goOn(orgId, org)
        }, waitMs)
        return
      }
      takeOut(org, entry)
      begin(org)
      entry.start()
    }
  }

  function takeOut(org: Org, entry: Entry): void {
    if (!org.line.delete(entry)) return
    waiting--
    clearTimeout(entry.patience)
  }

  return {
    get waiting() {
      return waiting
    },
    requireRoom(organisation) {
      const org = orgs.get(organisation.orgId)
      if (!org || org.line.size === 0 || org.line.size < (org.perSecond * PATIENCE_MS) / 1_000) return
      throw tooFast(org.perSecond)
    },
    enter(organisation, start, refuse) {
      const { orgId } = organisation
      const org = orgOf(organisation, nowMs())
      let isOver = false
      let entry: Entry | null = null
      const over = (): void => {
        if (isOver) return
        isOver = true
        if (entry !== null && org.line.has(entry)) return takeOut(org, entry)
        org.starting--
        goOn(orgId, org)
      }
      if (org.line.size === 0 && (isAlone(orgId, org.seenMs) || waitMsOf(org, org.seenMs) === 0)) {
        begin(org)
        start()
        return over
      }
      const giveUp = (): void => {
        isOver = true
        refuse(overdue())
      }
      if (waiting >= WAITING_MAX) {
        giveUp()
        return over
      }
      const patience = setTimeout(() => {
        if (entry !== null) takeOut(org, entry)
        giveUp()
      }, PATIENCE_MS)
      entry = { start, refuse, patience }
      org.line.add(entry)
      waiting++
      goOn(orgId, org)
      return over
    },
  }
}

const overdue = (): AppError =>
  new AppError('capacity_unavailable', {
    publicMessage:
      'Your organisation sends more requests than this gateway can begin while others ask too. Try again shortly.',
    retryAfterS: 1,
  })

function tooFast(perSecond: number): AppError {
  const waitMs = Math.ceil(1_000 / perSecond)
  return new AppError('rate_limited', {
    publicMessage: `Your organisation sends faster than its limit allows while others ask too: ${Math.max(1, Math.floor(perSecond))} requests a second begin here, and as many wait as begin in 10 s. Try again shortly.`,
    retryAfterS: Math.max(1, Math.ceil(waitMs / 1_000)),
    details: { waitMs },
  })
}
