/**
 * Closes an epoch: the file of its receipts, its root, and what the lane signs about them.
 *
 * The anchor binds root, count, sum and the file's hash; each voucher is cumulative over the lane's lifetime, so a
 * lost one is made good by the next.
 */
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import {
  encodeStruct,
  merkleRoot,
  signStruct,
  writeEpochFile,
  type EpochClosedEntry,
  type Hex,
  type SigningDomain,
} from '@isochrone/protocol'
import { syncDirectory } from '../journal/segments.ts'
import type { LaneContracts } from './gateway-lane.ts'
import type { LaneState, UnclosedReceipt } from './lane-state.ts'

export interface CloseEpochInput {
  lane: Hex
  privateKey: Hex
  contracts: LaneContracts
  /** Directory of epoch files. */
  dir: string
  state: LaneState
  epoch: number
  nowMs: number
}

export const epochFileName = (lane: Hex, epoch: number): string => `${lane}-${epoch}.jsonl.gz`

/** The entry to be journalled. Everything signed up to the call is in it; what comes later waits for the next epoch. */
export async function closeEpoch(input: CloseEpochInput): Promise<EpochClosedEntry> {
  const { lane, privateKey, contracts, state, epoch } = input
  const receipts = [...state.unclosed]
  // They stand in the order of their numbers.
  const seqs = receipts.map(({ line }) => line.delivery.value.seq)
  const root = merkleRoot(receipts.map(({ leaf }) => leaf))
  const dues = duesOf(receipts, state)

  const dataHash = await writeFileOnce(input, receipts)
  const sum = receipts.reduce((total, { line }) => total + line.delivery.value.price, 0n)
  const anchorDomain = domainOf(contracts.chainId, contracts.receiptAnchor)
  const anchor = signStruct(
    anchorDomain,
    'EpochAnchor',
    { lane, epoch, root, count: receipts.length, sum, dataHash },
    privateKey,
  )
  const voucherDomain = domainOf(contracts.chainId, contracts.paymentChannels)
  const vouchers = dues.map(({ channelId, providerId, cumulative }) => {
    const voucher = { channelId, providerId, lane, epoch, cumulative, receiptRoot: root }
    const { signature } = signStruct(voucherDomain, 'Voucher', voucher, privateKey)
    return { voucher: encodeStruct('Voucher', voucher), signature }
  })
  return {
    type: 'epoch-closed',
    lane,
    anchor: encodeStruct('EpochAnchor', anchor.value),
    anchorSignature: anchor.signature,
    vouchers,
    fromSeq: seqs[0] ?? 0,
    toSeq: seqs.at(-1) ?? 0,
    closedAtMs: input.nowMs,
  }
}

const domainOf = (chainId: number, verifyingContract: Hex): SigningDomain => ({ chainId, verifyingContract })

/** Cumulative amounts of every (channel, provider) that this epoch adds something to. */
function duesOf(receipts: readonly UnclosedReceipt[], state: LaneState) {
  const dues = new Map<string, { channelId: Hex; providerId: Hex; cumulative: bigint }>()
  for (const { line, providerId } of receipts) {
    const { channelId, price } = line.delivery.value
    if (price === 0n) continue
    dues.set(`${channelId}${providerId}`, {
      channelId,
      providerId,
      cumulative: state.cumulative(channelId, providerId),
    })
  }
  return [...dues.values()]
}

/** Under a temporary name until it is whole and synced: an anchored hash always has its file. */
async function writeFileOnce(
  { dir, lane, epoch }: CloseEpochInput,
  receipts: readonly UnclosedReceipt[],
): Promise<Hex> {
  const { bytes, dataHash } = await writeEpochFile(receipts.map(({ line }) => line))
  await mkdir(dir, { recursive: true })
  const path = join(dir, epochFileName(lane, epoch))
  const file = await open(`${path}.next`, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.next`, path)
  await syncDirectory(dir)
  return dataHash
}
