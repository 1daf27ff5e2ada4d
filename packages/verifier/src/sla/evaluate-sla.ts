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
import { Attempts, NEVER, verdictOf, type Group, type NodeState } from './attempts.ts'

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

export function createSlaEvaluator({ lane, epoch, terms, nodeId: only }: SlaEvaluatorOptions): SlaEvaluator {
  const nodes = new Map<Hex, NodeState>()
  const groups: Group[] = []
  const attempts = new Attempts()

  function groupOf(receipt: { nodeId: Hex; channelId: Hex; termsHash: Hex; price: bigint }): [number, Group] {
    const { nodeId, channelId, termsHash, price } = receipt
    let node = nodes.get(nodeId)
    if (!node) {
      node = { place: nodes.size, groups: new Map(), earned: 0n, attempts: 0, faults: 0 }
      nodes.set(nodeId, node)
    }
    const key = channelId + termsHash
    let place = node.groups.get(key)
    if (place === undefined) {
      const known = terms(termsHash)
      if (!known) {
        throw new AppError('invalid_input', { publicMessage: `The terms ${termsHash} of a receipt are not known.` })
      }
      const counts = emptyCounts({ nodeId, lane, epoch, channelId, termsHash })
      place = groups.push({ node, terms: known, counts, secondTaken: NEVER }) - 1
      node.groups.set(key, place)
    }
    const group = groups[place] as Group
    node.earned += price
    group.counts.spent += price
    return [place, group]
  }

  return {
    add(delivery) {
      if (only !== undefined && delivery.nodeId !== only) return
      const [place, { node, terms: promised }] = groupOf(delivery)
      node.attempts++
      if (delivery.fault === fault.provider) node.faults++
      attempts.add(delivery, place, verdictOf(delivery, promised))
    },
    addLease(lease) {
      if (only === undefined || lease.nodeId === only) groupOf(lease)
    },
    finish() {
      attempts.countInto(groups)
      return [...nodes]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([nodeId, node]) => {
          const counts = [...node.groups.values()]
            .map((place) => (groups[place] as Group).counts)
            .toSorted(byChannelAndTerms)
          const record: PerformanceRecord = {
            nodeId,
            lane,
            epoch,
            version: 0,
            earned: node.earned,
            attempts: node.attempts,
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
