/**
 * What a page has checked in the reader's browser, by kind. It loads viem, and recovering a signature takes tens of
 * milliseconds on a phone: `run-check.ts` runs it in a worker, away from the thread that draws and answers clicks.
 *
 * Input and output are plain data: they are copied between the two threads.
 */
import type { LeaseReceiptDetail, LeaseReceiptView, ReceiptView, RecordDetail } from '@isochrone/services'
import type { Hex } from 'viem'
import { unverifiable, type BrowserCheck } from '../page/browser-check.ts'
import type { CheckedEpoch } from './checked-epoch.ts'
import { epochCheckNames } from './epoch-check-names.ts'
import { leaseReceiptCheckNames } from './lease-receipt-check-names.ts'
import { leafOf, merklePath, structHashOf, type Fields, type PathStep, type SigningDomain } from './signed-structs.ts'
import { anchoredOf, checkAnchor, checkTaken, hostOf, type AnchorPlace } from './verify-anchor.ts'
import { compareAnchored, verifyEpochAnchor } from './verify-epoch-anchor.ts'
import { leaseLeafOf, verifyLeaseReceipt } from './verify-lease-receipt.ts'
import { verifyLease } from './verify-lease.ts'
import { verifyReceipt } from './verify-receipt.ts'
import { verifyRecord } from './verify-record.ts'

export interface ReceiptCheckInput {
  receipt: ReceiptView
  domain: SigningDomain
  /** Where the chain is asked for the root itself; absent: it is not asked. */
  anchor?: AnchorPlace | undefined
}

export interface LeaseReceiptCheckInput {
  receipt: LeaseReceiptDetail
  domain: SigningDomain
  anchor: AnchorPlace
}

export interface EpochCheckInput {
  epoch: CheckedEpoch
  domain: SigningDomain
  anchor: AnchorPlace
}

export interface RecordCheckInput {
  record: RecordDetail
  domain: SigningDomain
}

export interface LeaseCheckInput {
  /** Newest first. */
  receipts: readonly LeaseReceiptView[]
  billedMicroUsd: bigint
  domain: SigningDomain
}

export type ProvenKind = 'DeliveryReceipt' | 'WorkReceipt' | 'LeaseReceipt'

export interface PathInput {
  kind: ProvenKind
  fields: Fields
  proof: readonly string[]
}

/** From a leaf, hashed from the signed fields, up to the root. */
export interface HashedPath {
  structHash: Hex
  leaf: Hex
  steps: PathStep[]
}

export const checkJobs = {
  async receipt({ receipt, domain, anchor }: ReceiptCheckInput): Promise<BrowserCheck[]> {
    const done = await verifyReceipt(receipt, domain)
    return anchor ? [...done, await checkAnchor(receipt, anchor)] : done
  },
  async leaseReceipt({ receipt, domain, anchor }: LeaseReceiptCheckInput): Promise<BrowserCheck[]> {
    return [
      ...(await verifyLeaseReceipt(receipt, domain)),
      await checkAnchor(receipt, anchor),
      await checkTaken(leaseReceiptCheckNames.taken, receipt, leaseLeafOf(receipt.fields), anchor),
    ]
  },
  async epoch({ epoch, domain, anchor }: EpochCheckInput): Promise<BrowserCheck[]> {
    const answer = await anchoredOf(epoch, anchor)
    return [
      ...(await verifyEpochAnchor(epoch, domain)),
      answer.problem === undefined
        ? compareAnchored(epoch, answer.value, hostOf(anchor))
        : unverifiable(epochCheckNames.chain, answer.problem),
    ]
  },
  record: ({ record, domain }: RecordCheckInput): Promise<BrowserCheck[]> => verifyRecord(record, domain),
  lease: ({ receipts, billedMicroUsd, domain }: LeaseCheckInput): Promise<BrowserCheck[]> =>
    verifyLease(receipts, billedMicroUsd, domain),
  /** Nothing of the page's own word about the leaf is used. */
  async path({ kind, fields, proof }: PathInput): Promise<HashedPath> {
    const structHash = structHashOf(kind, fields)
    const leaf = leafOf(kind, structHash)
    return { structHash, leaf, steps: merklePath(leaf, proof as readonly Hex[]) }
  },
}

export type CheckJobs = typeof checkJobs
export type CheckKind = keyof CheckJobs
export type CheckInput<K extends CheckKind> = Parameters<CheckJobs[K]>[0]
export type CheckResult<K extends CheckKind> = Awaited<ReturnType<CheckJobs[K]>>

/** One check by its kind, on whichever thread this is called. */
export function runCheckHere<K extends CheckKind>(kind: K, input: CheckInput<K>): Promise<CheckResult<K>> {
  const job = checkJobs[kind] as (input: CheckInput<K>) => Promise<CheckResult<K>>
  return job(input)
}
