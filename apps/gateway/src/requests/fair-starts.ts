/**
 * How many requests of an organisation may be between their body and their node while others are there too.
 *
 * A rate limit that holds a minute's worth lets a minute's worth come at once, and all of it would stand before whoever comes
 * next in the event loop. So an organisation has a few requests in that phase, which is some milliseconds long, and the rest
 * waits in its own line; nobody waits for another's. What went to a node, or waits for a place, counts no more: neither
 * streams at once nor slow engines are limited by this. An organisation alone never waits.
 *
 * It goes by itself: each request that leaves the phase lets the next one of its organisation begin, fast where there is time
 * and slowly where there is none. Bounded: who waits, and for how long.
 */
import { AppError } from '@isochrone/domain'

export interface FairStarts {
  /**
   * Calls `start` now or at its turn, `refuse` where that does not come. Call the result when it has gone to its node and
   * when it is over; only the first call counts.
   */
  enter(orgId: string, start: () => void, refuse: (error: AppError) => void): () => void
  readonly waiting: number
}

/** Requests of one organisation between body and node, while others are there. */
const STARTING_MAX = 8
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
}

export function createFairStarts(nowMs: () => number = () => performance.now()): FairStarts {
  const orgs = new Map<string, Org>()
  let waiting = 0
  /** The two that were seen last: with them it is known whether anybody is alone. */
  let [last, before] = ['', { orgId: '', seenMs: -Infinity }]

  function orgOf(orgId: string, atMs: number): Org {
    let org = orgs.get(orgId)
    if (!org) {
      if (orgs.size >= ORGS_MAX) forgetIdle()
      orgs.set(orgId, (org = { line: new Set(), starting: 0, seenMs: atMs }))
    }
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

  /** Begins what may begin of its line. */
  function goOn(orgId: string, org: Org): void {
    for (const entry of org.line) {
      if (org.starting >= STARTING_MAX && !isAlone(orgId, nowMs())) return
      takeOut(org, entry)
      org.starting++
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
    enter(orgId, start, refuse) {
      const org = orgOf(orgId, nowMs())
      let isOver = false
      let entry: Entry | null = null
      const over = (): void => {
        if (isOver) return
        isOver = true
        if (entry !== null && org.line.has(entry)) return takeOut(org, entry)
        org.starting--
        goOn(orgId, org)
      }
      if (org.line.size === 0 && (org.starting < STARTING_MAX || isAlone(orgId, org.seenMs))) {
        org.starting++
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
