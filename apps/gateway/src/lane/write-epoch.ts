/**
 * The heavy part of closing an epoch: leaves, root, performance records, signatures and the file. It knows nothing of
 * the running gateway and reads the receipts from the journal's files, so that it can run in a thread of its own.
 *
 * Memory is flat but for what the tree and the evaluation keep of each receipt. Nothing leaves the process here: a file
 * whose epoch is not journalled afterwards was signed for nobody.
 */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { invariant } from '@isochrone/domain'
import {
  encodeStruct,
  EPOCH_FILE_VERSION,
  hexToBytes,
  leafBytesOfHash,
  LeafBuffer,
  merkleRoot,
  signStruct,
  structHash,
  writeEpochFile,
  type EpochFileLine,
  type Hex,
  type MeteringCorrection,
  type PerformanceRecord,
  type Signed,
  type SigningDomain,
  type StructJson,
  type Terms,
  type Voucher,
  type WrittenEpochFile,
} from '@isochrone/protocol'
import { makeDirectory, syncDirectory } from '@isochrone/runtime'
import { createSlaEvaluator, type NodePerformance } from '@isochrone/verifier/sla'
import { journalledReceipts, type ReceiptSpan } from './journalled-receipts.ts'
import { openSyncedFile } from './open-synced-file.ts'
import type { LaneContracts } from './lane-contracts.ts'

/** What is to be closed, as the lane stood when it decided so. Plain data: it goes to a thread. */
export interface EpochPlan extends ReceiptSpan {
  lane: Hex
  privateKey: Hex
  contracts: LaneContracts
  epoch: number
  /** Directory of epoch files. */
  dir: string
  /** Those that the receipts name, by hash in ascending order. */
  terms: { termsHash: Hex; terms: Terms; document: Record<string, unknown> }[]
  /** Those of its receipts, by number in ascending order. */
  corrections: MeteringCorrection[]
  /** Lifetime µUSD of every (channel, provider) that this epoch adds to. */
  dues: { channelId: Hex; providerId: Hex; cumulative: bigint }[]
}

export interface WrittenEpoch {
  anchor: StructJson
  anchorSignature: Hex
  vouchers: { voucher: StructJson; signature: Hex }[]
  /** Nodes with a performance record in the file. */
  nodes: Hex[]
  fileBytes: number
}

export const epochFileName = (lane: Hex, epoch: number): string => `${lane}-${epoch}.jsonl.gz`

/** Reads the span twice: the header comes first in the file and holds what the first reading finds. */
export async function writeEpoch(plan: EpochPlan): Promise<WrittenEpoch> {
  const { lane, privateKey, contracts, epoch, fromSeq, toSeq, dir } = plan
  const { count, sum, root, earned, records } = await survey(plan)
  const vouchers = plan.dues.map((due): Signed<Voucher> => {
    const voucher = { ...due, lane, epoch, receiptRoot: root, earned: earned.get(due.providerId) ?? 0n }
    return signStruct(domainOf(contracts, contracts.paymentChannels), 'Voucher', voucher, privateKey)
  })
  const signed = records.map(({ record }): Signed<PerformanceRecord> =>
    signStruct(domainOf(contracts, contracts.slaLedger), 'PerformanceRecord', record, privateKey),
  )

  async function* lines(): AsyncGenerator<EpochFileLine> {
    const { chainId, paymentChannels, receiptAnchor, slaLedger } = contracts
    const what = { chainId, paymentChannels, receiptAnchor, slaLedger, lane, epoch }
    yield { kind: 'header', version: EPOCH_FILE_VERSION, ...what, fromSeq, toSeq, count, sum, root }
    for (const { terms, document } of plan.terms) yield { kind: 'terms', terms, document }
    for (const correction of plan.corrections) yield { kind: 'correction', ...correction }
    for await (const receipt of journalledReceipts(plan)) yield receipt
    for (const voucher of vouchers) yield { kind: 'voucher', voucher }
    for (const { counts } of records) for (const each of counts) yield { kind: 'counts', counts: each }
    for (const record of signed) yield { kind: 'record', record }
  }

  await makeDirectory(dir)
  const { dataHash, fileBytes } = await writeWhole(dir, epochFileName(lane, epoch), lines())
  const value = { lane, epoch, root, count, sum, dataHash, fromSeq, toSeq }
  const anchor = signStruct(domainOf(contracts, contracts.receiptAnchor), 'EpochAnchor', value, privateKey)
  return {
    anchor: encodeStruct('EpochAnchor', anchor.value),
    anchorSignature: anchor.signature,
    vouchers: vouchers.map(({ value, signature }) => ({ voucher: encodeStruct('Voucher', value), signature })),
    nodes: records.map(({ record }) => record.nodeId),
    fileBytes,
  }
}

/** Under a temporary name until it is whole and synced: a file of that name is always complete. */
async function writeWhole(dir: string, name: string, lines: AsyncIterable<EpochFileLine>): Promise<WrittenEpochFile> {
  const path = join(dir, name)
  const written = await writeEpochFile(await openSyncedFile(`${path}.next`), lines)
  await rename(`${path}.next`, path)
  await syncDirectory(dir)
  return written
}

interface Survey {
  count: number
  sum: bigint
  root: Hex
  /** Σ price by provider, µUSD. */
  earned: Map<Hex, bigint>
  records: NodePerformance[]
}

/** The first reading: everything that the header and the records say. */
async function survey(plan: EpochPlan): Promise<Survey> {
  const termsOf = new Map(plan.terms.map(({ termsHash, terms }) => [termsHash, terms]))
  const sla = createSlaEvaluator({ lane: plan.lane, epoch: plan.epoch, terms: (hash) => termsOf.get(hash) })
  const leaves = new LeafBuffer()
  const earned = new Map<Hex, bigint>()
  let sum = 0n
  const earn = ({ termsHash, price }: { termsHash: Hex; price: bigint }): void => {
    sum += price
    const providerId = termsOf.get(termsHash)?.providerId
    invariant(providerId, 'a receipt names terms of the plan')
    earned.set(providerId, (earned.get(providerId) ?? 0n) + price)
  }
  for await (const receipt of journalledReceipts(plan)) {
    if (receipt.kind === 'lease') {
      leaves.add(leafBytesOfHash('LeaseReceipt', hexToBytes(structHash('LeaseReceipt', receipt.lease))))
      earn(receipt.lease)
      sla.addLease(receipt.lease)
      continue
    }
    const { delivery, work } = receipt
    // A delivery names its work receipt by hash; 0 where there is none.
    if (work) leaves.add(leafBytesOfHash('WorkReceipt', hexToBytes(delivery.value.workHash)))
    leaves.add(leafBytesOfHash('DeliveryReceipt', hexToBytes(structHash('DeliveryReceipt', delivery.value))))
    earn(delivery.value)
    sla.add(delivery.value)
  }
  return { count: leaves.size, sum, root: merkleRoot(leaves), earned, records: sla.finish() }
}

export const domainOf = ({ chainId }: LaneContracts, verifyingContract: Hex): SigningDomain => ({
  chainId,
  verifyingContract,
})
