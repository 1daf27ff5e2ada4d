/**
 * The decisions that one request went by, and which of its attempts each one sent where, so that what is explained is what
 * happened: a hedge or a move that lost is told as well, and so is an alternate that was opened instead of the choice.
 *
 * Each stays a record that can be run again; only `sent`, with who declined, `earlier` and `later` are added.
 */
import type { SentAttempt } from '@isochrone/scheduler'

export interface Decisions {
  /** An attempt is about to leave to a node that the decision of `record` found, as its choice or as an alternate. */
  sent(record: unknown, attempt: SentAttempt): void
  /** Its node has declined it, because of so many prompt tokens that waited there. */
  declined(attempt: number, behind: number): void
  /** The decision that sent the attempt, the others of the request in the order in which they were made. */
  of(attempt: number | undefined): unknown
}

interface Made {
  record: unknown
  sent: SentAttempt[]
}

export function createDecisions(first: unknown): Decisions {
  const made: Made[] = [{ record: first, sent: [] }]
  return {
    sent(record, attempt) {
      let decision = made.find((one) => one.record === record)
      if (!decision) made.push((decision = { record, sent: [] }))
      decision.sent.push(attempt)
    },
    declined(attempt, behind) {
      for (const { sent } of made) {
        const at = sent.findIndex((one) => one.attempt === attempt)
        const one = sent[at]
        if (one) sent[at] = { ...one, declinedBehind: behind }
      }
    },
    of(attempt) {
      const found = made.findIndex(({ sent }) => sent.some((one) => one.attempt === attempt))
      const at = found < 0 ? made.length - 1 : found
      const decision = made[at]
      if (!decision || !isObject(decision.record)) return decision?.record ?? null
      const earlier = made.slice(0, at).map(shown)
      const later = made.slice(at + 1).map(shown)
      return {
        ...(shown(decision) as object),
        ...(earlier.length > 0 && { earlier }),
        ...(later.length > 0 && { later }),
      }
    },
  }
}

/** Of a job or a lease there may be no record. */
const shown = ({ record, sent }: Made): unknown => (isObject(record) ? { ...record, sent: [...sent] } : record)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
