/**
 * What the receipts of an epoch say about a challenged performance record, by rule: whether what its lane signed follows from
 * them. Pure, and defined for whatever it is given: what cannot be decided is called undecidable, with the reason.
 *
 * A proposal, not a ruling. It never calls a record wrong on receipts that may not be all of them: only those under the
 * anchored root are the epoch.
 */
import { toAppError } from '@isochrone/domain'
import { decodeStruct, type Hex, type PerformanceRecord, type StructJson, type Terms } from '@isochrone/protocol'
import { evaluateSla, type NodePerformance } from './evaluate-sla.ts'

/** Receipts of one node in one epoch that are read for a page. A larger epoch is recomputed from its public file. */
export const RECORD_RECEIPTS_MAX = 2_000

export const RECORD_RULE =
  'A record stands when its pay, attempts, faults and the root of its counts follow from the receipts under the epoch’s anchored root. Of each payer the first attempt of a second counts, within the declared concurrency and at the promised region; what ended by another’s fault does not.'

export interface RecordEvidence {
  /** `PerformanceRecord` as its lane signed it. */
  record: StructJson
  /** Delivery receipts of the node in that epoch of the lane. */
  deliveries: readonly StructJson[]
  /** Lease receipts of the node in it. */
  leases: readonly StructJson[]
  /** `Terms` by their hash. */
  terms: Readonly<Record<string, StructJson>>
  /** Why these may not be all receipts of the epoch; null where they are those under the anchored root. */
  missing: string | null
}

export interface RecordOutcome {
  verdict: 'stands' | 'wrong' | 'undecidable'
  reason: string
  /** What the record says, beside what follows from the receipts; null where that cannot be told. */
  compared: { field: RecordField; said: string; recomputed: string | null }[]
  /** With the counts of each payer; null where nothing could be recomputed. */
  recomputed: NodePerformance | null
}

/** What of a record follows from receipts, in words. */
export const recordFieldWords = {
  earned: 'Pay',
  attempts: 'Attempts',
  faults: 'Faults',
  countsRoot: 'Root of the counts',
} as const
export type RecordField = keyof typeof recordFieldWords
const fields = Object.keys(recordFieldWords) as RecordField[]

export function computeRecordOutcome(evidence: RecordEvidence): RecordOutcome {
  const said = readOr(() => decodeStruct('PerformanceRecord', evidence.record))
  if (typeof said === 'string') return undecidable(`The record cannot be read: ${said}`, null, null)
  const { deliveries, leases, missing } = evidence
  if (deliveries.length + leases.length > RECORD_RECEIPTS_MAX) {
    const reason = `The node has more than ${RECORD_RECEIPTS_MAX} receipts in this epoch: recompute it from the epoch’s public file.`
    return undecidable(reason, said, null)
  }
  const recomputed = readOr(() => recompute(evidence, said))
  if (typeof recomputed === 'string') return undecidable(`Nothing can be recomputed: ${recomputed}`, said, null)
  if (missing !== null) {
    return undecidable(`The receipts at hand may not be all of the epoch: ${missing}`, said, recomputed)
  }
  if (recomputed === null) {
    const reason = 'No receipt under the epoch’s anchored root is of this node, so there is nothing to record.'
    return { verdict: 'wrong', reason, compared: comparedOf(said, null), recomputed }
  }
  const wrong = fields.filter((name) => said[name] !== recomputed.record[name])
  const compared = comparedOf(said, recomputed)
  if (wrong.length === 0) {
    const reason =
      'Recomputed from the receipts under the anchored root, pay, attempts, faults and counts are the record’s.'
    return { verdict: 'stands', reason, compared, recomputed }
  }
  const list = wrong.map((name) => recordFieldWords[name].toLowerCase()).join(', ')
  return {
    verdict: 'wrong',
    reason: `The receipts under the anchored root say otherwise: ${list}.`,
    compared,
    recomputed,
  }
}

/** Null where the node has no receipt in the epoch. */
function recompute({ deliveries, leases, terms }: RecordEvidence, said: PerformanceRecord): NodePerformance | null {
  const known = new Map<string, Terms>()
  for (const [hash, values] of Object.entries(terms)) known.set(hash, decodeStruct('Terms', values))
  const { lane, epoch, nodeId } = said
  const receipts = [
    ...deliveries.map((json) => ({ delivery: decodeStruct('DeliveryReceipt', json) })),
    ...leases.map((json) => ({ lease: decodeStruct('LeaseReceipt', json) })),
  ]
  return evaluateSla({ lane, epoch, nodeId, terms: (hash: Hex) => known.get(hash) }, receipts)[0] ?? null
}

function comparedOf(said: PerformanceRecord, recomputed: NodePerformance | null): RecordOutcome['compared'] {
  return fields.map((field) => ({
    field,
    said: String(said[field]),
    recomputed: recomputed && String(recomputed.record[field]),
  }))
}

function undecidable(
  reason: string,
  said: PerformanceRecord | null,
  recomputed: NodePerformance | null,
): RecordOutcome {
  return { verdict: 'undecidable', reason, compared: said ? comparedOf(said, recomputed) : [], recomputed }
}

/** The sentence of what went wrong in place of a value: stored rows are read here, and a page must not fall over one. */
function readOr<T>(read: () => T): T | string {
  try {
    return read()
  } catch (error) {
    return toAppError(error).publicMessage
  }
}
