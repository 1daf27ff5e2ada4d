/**
 * Of a node's epoch, the attempts that tell most about its record, with what node and gateway each signed: those at fault first,
 * then the ones furthest over the promised first token, then the slowest. Pure; a receipt that cannot be read is left out.
 */
import {
  decodeStruct,
  fault,
  type DeliveryReceipt,
  type StructJson,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { RecordEvidenceView } from '@isochrone/services'
import { promisedTtftMs } from '@isochrone/verifier/sla'
import { formatMs } from '../words/format.ts'
import { median } from '../market/median.ts'

const SHOWN_MAX = 8
/** Above any lateness. */
const FAULT_WEIGHT = Number.MAX_VALUE
/** The last moment that a date can name: what is signed may be later. */
const DATE_MS_MAX = 8.64e15

export interface SeenAttempt {
  seq: number
  startedAtMs: number
  /** What the gateway saw of it. */
  words: string
  /** As the node signed it; null where it signed nothing. */
  work: { finishedAtMs: number; ttftMs: number; durationMs: number; tokensOut: number } | null
}

export interface RecordMoments {
  /** When the node's work in it began and ended by the gateway's clock; null without any receipt. */
  first: number | null
  last: number | null
  works: number
  engineTtftMs: { median: number; most: number } | null
  /** By their start. */
  shown: SeenAttempt[]
  /** How many attempts are not shown. */
  others: number
}

export function recordMoments({ deliveries, works, leases, terms }: RecordEvidenceView): RecordMoments {
  const attempts = readAll('DeliveryReceipt', deliveries)
  const spans = readAll('LeaseReceipt', leases)
  const signed = readAll('WorkReceipt', works)
  const promised = new Map<string, Terms>()
  for (const [hash, values] of Object.entries(terms)) {
    const [known] = readAll('Terms', [values])
    if (known) promised.set(hash, known)
  }
  const workOf = new Map(signed.map((work) => [nameOf(work), work]))
  const judged = attempts.map((delivery) => ({ delivery, ...judge(delivery, promised.get(delivery.termsHash)) }))
  const shown = judged.toSorted((a, b) => b.weight - a.weight || a.delivery.seq - b.delivery.seq).slice(0, SHOWN_MAX)
  const ttftsMs = signed.map(({ engineTtftUs }) => engineTtftUs / 1_000)
  const startsMs = [...attempts.map(({ startedAtMs }) => startedAtMs), ...spans.map(({ fromMs }) => fromMs)]
  const endsMs = [
    ...attempts.map(({ startedAtMs, durationMs }) => startedAtMs + durationMs),
    ...spans.map(({ toMs }) => toMs),
  ]
  return {
    first: startsMs.length === 0 ? null : startsMs.reduce((a, b) => Math.min(a, b), DATE_MS_MAX),
    last:
      endsMs.length === 0
        ? null
        : Math.min(
            DATE_MS_MAX,
            endsMs.reduce((a, b) => Math.max(a, b)),
          ),
    works: signed.length,
    engineTtftMs:
      ttftsMs.length === 0 ? null : { median: median(ttftsMs) ?? 0, most: ttftsMs.reduce((a, b) => Math.max(a, b)) },
    shown: shown
      .toSorted((a, b) => a.delivery.startedAtMs - b.delivery.startedAtMs)
      .map(({ delivery, words }) => ({
        seq: delivery.seq,
        startedAtMs: Math.min(DATE_MS_MAX, delivery.startedAtMs),
        words,
        work: workView(workOf.get(nameOf(delivery))),
      })),
    others: attempts.length - shown.length,
  }
}

/** `weight`: what tells more against the node is heavier. */
function judge(delivery: DeliveryReceipt, terms: Terms | undefined): { words: string; weight: number } {
  const { attemptTtftMs: ttftMs, billedIn, billedCached, fault: whose, httpStatus } = delivery
  if (whose === fault.provider) {
    return { words: `ended with status ${httpStatus} by the provider’s fault`, weight: FAULT_WEIGHT }
  }
  if (whose !== fault.none)
    return { words: `ended with status ${httpStatus} by another’s fault, which does not count`, weight: -1 }
  const limitMs = terms ? promisedTtftMs(terms, billedIn + billedCached) : null
  const seen = `first token seen ${formatMs(ttftMs)} after`
  if (limitMs === null) return { words: `${seen}; none was promised`, weight: 0 }
  const late = ttftMs > limitMs
  return {
    words: `${seen}, promised within ${formatMs(limitMs)}: ${late ? 'late' : 'in time'}`,
    weight: late ? 1 + ttftMs / (limitMs + 1) : ttftMs / (limitMs + 1),
  }
}

function workView(work: WorkReceipt | undefined): SeenAttempt['work'] {
  if (!work) return null
  const { finishedAtMs, engineTtftUs, engineDurationUs, tokensOut } = work
  return {
    finishedAtMs: Math.min(DATE_MS_MAX, finishedAtMs),
    ttftMs: engineTtftUs / 1_000,
    durationMs: engineDurationUs / 1_000,
    tokensOut,
  }
}

const nameOf = ({ requestId, attempt }: Pick<WorkReceipt, 'requestId' | 'attempt'>): string => `${requestId}:${attempt}`

function readAll<N extends 'DeliveryReceipt' | 'WorkReceipt' | 'LeaseReceipt' | 'Terms'>(
  name: N,
  rows: readonly StructJson[],
) {
  return rows.flatMap((json) => {
    try {
      return [decodeStruct(name, json)]
    } catch {
      return []
    }
  })
}
