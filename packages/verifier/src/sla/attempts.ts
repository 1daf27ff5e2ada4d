/**
 * What is kept of every attempt until its epoch ends, in 25 bytes: when it started and ended, whose it is, and what it
 * would say of the promises. Which attempts are samples shows only at the end, when all of a node are there.
 */
import { fault, type DeliveryReceipt, type Hex, type SlaCounts, type Terms } from '@isochrone/protocol'
import { Column } from '../columns/column.ts'
import { sortedRows } from '../columns/sort-rows.ts'
import { attemptsUnderWay, endMsOf } from './attempts-under-way.ts'

export interface NodeState {
  /** Place among the nodes as they came. */
  place: number
  /** Place of the group of a (channel, terms). */
  groups: Map<string, number>
  earned: bigint
  attempts: number
  faults: number
}

/** A (node, payer, terms). */
export interface Group {
  node: NodeState
  terms: Terms
  counts: SlaCounts
  /** The last second that gave a sample. */
  secondTaken: number
}

/** No second of any attempt. */
export const NEVER = -1

/** What an attempt says, if it turns out to be a sample: a bit each. */
const verdict = { counts: 1, faulty: 2, ttft: 4, ttftOver: 8, tpot: 16, tpotOver: 32 } as const

const ANY_REGION = `0x${'00'.repeat(8)}`

const isPromisedAt = ({ sloRegion }: Terms, region: Hex): boolean => sloRegion === ANY_REGION || sloRegion === region

/** An attempt counts when it ended by nobody's fault, or the provider's, at a region where the promises hold. */
export function verdictOf(delivery: DeliveryReceipt, terms: Terms): number {
  const faulty = delivery.fault === fault.provider
  if ((delivery.fault !== fault.none && !faulty) || !isPromisedAt(terms, delivery.region)) return 0
  if (faulty) return verdict.counts | verdict.faulty
  return verdict.counts | latencyVerdictOf(delivery, terms)
}

function latencyVerdictOf(delivery: DeliveryReceipt, terms: Terms): number {
  const { httpStatus, attemptTtftMs: ttftMs, durationMs, billedIn, billedCached, billedOut } = delivery
  if (httpStatus >= 400 || billedOut < 1) return 0
  let said = 0
  const limitMs = promisedTtftMs(terms, billedIn + billedCached)
  if (limitMs !== null) {
    said |= verdict.ttft
    if (ttftMs > limitMs) said |= verdict.ttftOver
  }
  if (terms.tpotUs > 0 && billedOut >= 2) {
    said |= verdict.tpot
    // Products above 2 ** 53 are rounded, and are far above the left side, which is below 2 ** 42.
    if ((durationMs - ttftMs) * 1_000 > terms.tpotUs * (billedOut - 1)) said |= verdict.tpotOver
  }
  return said
}

/** Within which the first token of a prompt of so many tokens is promised, ms; null where the terms promise none. */
export function promisedTtftMs({ ttftBaseMs, ttftPerKtokMs }: Terms, tokensIn: number): number | null {
  if (ttftBaseMs === 0 && ttftPerKtokMs === 0) return null
  return ttftBaseMs + ttftPerKtokMs * Math.ceil(tokensIn / 1_000)
}

export class Attempts {
  readonly #startsMs = new Column(Float64Array)
  readonly #seqs = new Column(Float64Array)
  readonly #durationsMs = new Column(Uint32Array)
  readonly #groups = new Column(Uint32Array)
  readonly #verdicts = new Column(Uint8Array)

  /** `group` is its place among the groups. */
  add({ startedAtMs, seq, durationMs }: DeliveryReceipt, group: number, said: number): void {
    this.#startsMs.push(startedAtMs)
    this.#seqs.push(seq)
    this.#durationsMs.push(durationMs)
    this.#groups.push(group)
    this.#verdicts.push(said)
  }

  /** Counts the samples into the groups, from nothing: it may be called again after more receipts came. */
  countInto(groups: readonly Group[]): void {
    for (const group of groups) {
      group.secondTaken = NEVER
      Object.assign(group.counts, { samples: 0, faults: 0, ttftSamples: 0, ttftOver: 0, tpotSamples: 0, tpotOver: 0 })
    }
    const groupOf = (row: number): Group => groups[this.#groups.at(row)] as Group
    const rows = sortedRows(
      this.#startsMs.size,
      (a, b) =>
        groupOf(a).node.place - groupOf(b).node.place ||
        this.#startsMs.at(a) - this.#startsMs.at(b) ||
        this.#seqs.at(a) - this.#seqs.at(b) ||
        a - b,
    )
    for (let from = 0; from < rows.length;) {
      const { node } = groupOf(rows[from] as number)
      this.#countNode(rows.subarray(from, from + node.attempts), groupOf)
      from += node.attempts
    }
  }

  /** `rows` are all attempts of one node, by their start. */
  #countNode(rows: Uint32Array, groupOf: (row: number) => Group): void {
    const endsMs = new Float64Array(rows.length)
    rows.forEach((row, i) => {
      endsMs[i] = endMsOf(this.#startsMs.at(row), this.#durationsMs.at(row))
    })
    const underWayAt = attemptsUnderWay(endsMs)
    for (const row of rows) {
      const startedAtMs = this.#startsMs.at(row)
      const underWay = underWayAt(startedAtMs)
      const group = groupOf(row)
      const { concurrencyMax } = group.terms
      const said = this.#verdicts.at(row)
      if (said === 0 || (concurrencyMax > 0 && underWay > concurrencyMax)) continue
      const second = Math.floor(startedAtMs / 1_000)
      if (group.secondTaken === second) continue
      group.secondTaken = second
      addSample(group.counts, said)
    }
  }
}

function addSample(counts: SlaCounts, said: number): void {
  counts.samples++
  if (said & verdict.faulty) counts.faults++
  if (said & verdict.ttft) counts.ttftSamples++
  if (said & verdict.ttftOver) counts.ttftOver++
  if (said & verdict.tpot) counts.tpotSamples++
  if (said & verdict.tpotOver) counts.tpotOver++
}
