/**
 * What a node's epoch on a lane amounts to: what it earned, and the counts by which its promises are judged.
 *
 * Pure: the same receipts make the same counts in whatever order they come, at the gateway that signs them and at anyone
 * who checks it. Rules, in this order:
 * 1. An attempt is set aside when it ended by another's fault than the provider's, when it started while more than
 *    `concurrencyMax` attempts of the node were under way in this lane (itself included), or at another region than
 *    `sloRegion`.
 * 2. Of what is left, the first attempt that started in each second counts, for each (node, payer, terms): own cheap
 *    traffic dilutes nothing.
 * 3. Those are the samples of availability. Of them, the successful ones with output are samples of TTFT, and with at
 *    least two tokens of TPOT, where the terms promise it.
 */
import { AppError } from '@isochrone/domain'
import {
  fault,
  merkleRoot,
  receiptLeaf,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Hex,
  type LeaseReceipt,
  type PerformanceRecord,
  type SlaCounts,
  type Terms,
} from '@isochrone/protocol'
import { attemptsUnderWay } from './attempts-under-way.ts'

export interface SlaEvaluatorOptions {
  lane: Hex
  epoch: number
  /** Terms by their hash. A receipt of unknown terms is refused. */
  terms: (termsHash: Hex) => Terms | undefined
  /** Only this node; all when absent. */
  nodeId?: Hex
}

export interface NodePerformance {
  nodeId: Hex
  /** Version 0. */
  record: PerformanceRecord
  /** Sorted by channel and terms: the leaves of `record.countsRoot`. */
  counts: SlaCounts[]
}

export interface SlaEvaluator {
  /** In any order. Throws `invalid_input` when its terms are unknown. */
  add(delivery: DeliveryReceipt): void
  addLease(lease: LeaseReceipt): void
  /** One entry for each node, sorted. */
  finish(): NodePerformance[]
}

interface Group {
  terms: Terms
  counts: SlaCounts
}

interface NodeState {
  attempts: Attempt[]
  groups: Map<string, Group>
  earned: bigint
  faults: number
}

/** What is kept of a delivery until the end: some numbers, no texts. */
interface Attempt {
  group: Group
  seq: number
  startedAtMs: number
  durationMs: number
  ttftMs: number
  tokensIn: number
  tokensOut: number
  /** Ended by nobody's fault, or the provider's, at a region where the promises hold. */
  counts: boolean
  faulty: boolean
  successful: boolean
}

export function createSlaEvaluator({ lane, epoch, terms, nodeId: only }: SlaEvaluatorOptions): SlaEvaluator {
  const nodes = new Map<Hex, NodeState>()

  function groupOf(receipt: { nodeId: Hex; channelId: Hex; termsHash: Hex; price: bigint }): [NodeState, Group] {
    const { nodeId, channelId, termsHash, price } = receipt
    let node = nodes.get(nodeId)
    if (!node) nodes.set(nodeId, (node = { attempts: [], groups: new Map(), earned: 0n, faults: 0 }))
    const key = channelId + termsHash
    let group = node.groups.get(key)
    if (!group) {
      const known = terms(termsHash)
      if (!known) {
        throw new AppError('invalid_input', { publicMessage: `The terms ${termsHash} of a receipt are not known.` })
      }
      group = { terms: known, counts: emptyCounts({ nodeId, lane, epoch, channelId, termsHash }) }
      node.groups.set(key, group)
    }
    node.earned += price
    group.counts.spent += price
    return [node, group]
  }

  return {
    add(delivery) {
      if (only !== undefined && delivery.nodeId !== only) return
      const [node, group] = groupOf(delivery)
      const faulty = delivery.fault === fault.provider
      if (faulty) node.faults++
      node.attempts.push({
        group,
        seq: delivery.seq,
        startedAtMs: delivery.startedAtMs,
        durationMs: delivery.durationMs,
        ttftMs: delivery.attemptTtftMs,
        tokensIn: delivery.billedIn + delivery.billedCached,
        tokensOut: delivery.billedOut,
        counts: (delivery.fault === fault.none || faulty) && isPromisedAt(group.terms, delivery.region),
        faulty,
        successful: delivery.fault === fault.none && delivery.httpStatus < 400,
      })
    },
    addLease(lease) {
      if (only === undefined || lease.nodeId === only) groupOf(lease)
    },
    finish() {
      return [...nodes]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([nodeId, node]) => {
          count(node)
          const counts = [...node.groups.values()].map((group) => group.counts).toSorted(byChannelAndTerms)
          const record: PerformanceRecord = {
            nodeId,
            lane,
            epoch,
            version: 0,
            earned: node.earned,
            attempts: node.attempts.length,
            faults: node.faults,
            countsRoot: countsRootOf(counts),
          }
          return { nodeId, record, counts }
        })
    },
  }
}

/** {@link createSlaEvaluator} over receipts that are at hand. */
export function evaluateSla(
  options: SlaEvaluatorOptions,
  receipts: Iterable<{ delivery: DeliveryReceipt } | { lease: LeaseReceipt }>,
): NodePerformance[] {
  const evaluator = createSlaEvaluator(options)
  for (const receipt of receipts) {
    if ('delivery' in receipt) evaluator.add(receipt.delivery)
    else evaluator.addLease(receipt.lease)
  }
  return evaluator.finish()
}

/** The performance records of all nodes of the lane's epoch, without signatures: what the lane signs. */
export function performanceRecordsOf(nodes: readonly NodePerformance[]): PerformanceRecord[] {
  return nodes.map(({ record }) => record)
}

/** The root over a node's counts. */
export function countsRootOf(counts: readonly SlaCounts[]): Hex {
  return counts.length === 0 ? ZERO_BYTES32 : merkleRoot(counts.map((item) => receiptLeaf('SlaCounts', item)))
}

/** The order in which counts stand in an epoch file. Hex in lower case sorts as its bytes. */
export function compareCounts(a: SlaCounts, b: SlaCounts): number {
  return a.nodeId === b.nodeId ? byChannelAndTerms(a, b) : a.nodeId < b.nodeId ? -1 : 1
}

function byChannelAndTerms(a: SlaCounts, b: SlaCounts): number {
  return a.channelId + a.termsHash < b.channelId + b.termsHash ? -1 : 1
}

function emptyCounts(names: Pick<SlaCounts, 'nodeId' | 'lane' | 'epoch' | 'channelId' | 'termsHash'>): SlaCounts {
  const none = { samples: 0, faults: 0, ttftSamples: 0, ttftOver: 0, tpotSamples: 0, tpotOver: 0, spent: 0n }
  return { ...names, ...none }
}

const ANY_REGION = `0x${'00'.repeat(8)}`

const isPromisedAt = ({ sloRegion }: Terms, region: Hex): boolean => sloRegion === ANY_REGION || sloRegion === region

/** Counts the samples of one node into its groups. */
function count({ attempts: unsorted, groups }: NodeState): void {
  for (const { counts } of groups.values()) {
    // From nothing: `finish` may be called again after more receipts came.
    Object.assign(counts, { samples: 0, faults: 0, ttftSamples: 0, ttftOver: 0, tpotSamples: 0, tpotOver: 0 })
  }
  const attempts = unsorted.toSorted((a, b) => a.startedAtMs - b.startedAtMs || a.seq - b.seq)
  const underWay = attemptsUnderWay(attempts)
  const secondTaken = new Map<Group, number>()
  attempts.forEach((attempt, i) => {
    const { concurrencyMax } = attempt.group.terms
    if (!attempt.counts || (concurrencyMax > 0 && (underWay[i] as number) > concurrencyMax)) return
    const second = Math.floor(attempt.startedAtMs / 1_000)
    if (secondTaken.get(attempt.group) === second) return
    secondTaken.set(attempt.group, second)
    sample(attempt)
  })
}

function sample({ group, faulty, successful, ttftMs, durationMs, tokensIn, tokensOut }: Attempt): void {
  const { terms, counts } = group
  counts.samples++
  if (faulty) counts.faults++
  if (!successful || tokensOut < 1) return
  if (terms.ttftBaseMs > 0 || terms.ttftPerKtokMs > 0) {
    counts.ttftSamples++
    if (ttftMs > terms.ttftBaseMs + terms.ttftPerKtokMs * Math.ceil(tokensIn / 1_000)) counts.ttftOver++
  }
  if (terms.tpotUs > 0 && tokensOut >= 2) {
    counts.tpotSamples++
    // Products above 2 ** 53 are rounded, and are far above the left side, which is below 2 ** 42.
    if ((durationMs - ttftMs) * 1_000 > terms.tpotUs * (tokensOut - 1)) counts.tpotOver++
  }
}
