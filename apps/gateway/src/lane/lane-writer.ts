/**
 * The one way records get into a lane's journal and state: both at the same moment, so that neither is ahead.
 */
import { SlotMap } from '@isochrone/domain'
import {
  encodeLine,
  encodeStruct,
  prepareSigning,
  signStruct,
  type DeliveryReceipt,
  type Hex,
  type LeaseMeteredEntry,
  type LeaseReceipt,
  type LeaseReceiptJson,
  type ReceiptPairJson,
  type Signed,
  type SigningDomain,
} from '@isochrone/protocol'
import type { Appended, AppendOptions, Journal } from '../journal/journal.ts'
import { attemptKey, type Draft, type LaneState } from './lane-state.ts'
import type { LaneRecord, LocalRecord, ReceiptsEntry } from './records.ts'

export interface LaneWriter {
  /** Journals and applies; resolves when durable. */
  write(record: LaneRecord): Promise<void>
  /** Journals and applies; resolves when a kill of this process loses it no more. */
  writeSoon(record: LaneRecord): Promise<void>
  /** Numbers and signs the drafts, journals them with their entry; resolves when durable. */
  writeReceipts(drafts: readonly Draft[], entryOf: (receipts: ReceiptPairJson[]) => ReceiptsEntry): Promise<void>
  /** Numbers and signs a lease receipt that its node has signed, and journals it; `durable` resolves when it is. */
  writeLease(lease: LeaseToWrite): { receipt: LeaseReceipt; durable: Promise<void> }
  /** Resolves when everything written so far is durable. */
  flushed(): Promise<void>
  /** Resolves when a receipt that is on its way to the disk has arrived there. */
  settled(requestId: Hex, attempt: number): Promise<void>
}

export interface LeaseToWrite {
  /** `seq` is given here. */
  reading: LeaseReceipt
  nodeSignature: Hex
  entryOf: (lease: LeaseReceiptJson) => LeaseMeteredEntry
}

export interface LaneWriterOptions {
  journal: Journal
  state: LaneState
  privateKey: Hex
  /** Of receipts: PaymentChannels. */
  domain: SigningDomain
}

const LOCAL: ReadonlySet<LaneRecord['type']> = new Set<LocalRecord['type']>([
  'terms',
  'intent',
  'attempt-won',
  'checkpoint',
  'jobs-begin',
])

/** The draft's own text, completed: it is of no other use any more. */
function numbered(json: ReceiptPairJson, { value, signature }: Signed<DeliveryReceipt>): ReceiptPairJson {
  json.delivery.seq = value.seq
  json.deliverySignature = signature
  return json
}

export function createLaneWriter({ journal, state, privateKey, domain }: LaneWriterOptions): LaneWriter {
  // Now, not while the first request waits for its receipt.
  prepareSigning()
  const syncing = new SlotMap<string, Promise<void>>()
  let last: Promise<void> = Promise.resolve()

  function append(record: LaneRecord, options?: AppendOptions): Appended {
    const appended = journal.append(LOCAL.has(record.type) ? 'local' : 'published', record, options)
    state.apply(record, appended.index, false)
    last = appended.durable
    return appended
  }
  const write = (record: LaneRecord): Promise<void> => append(record).durable

  return {
    write,
    writeSoon: (record) => append(record, { soon: true }).written,
    writeReceipts(drafts, entryOf) {
      const receipts = drafts.map(({ delivery, work, json }, i): ReceiptPairJson => {
        const value = { ...delivery, seq: state.nextSeq + i }
        const signed = signStruct(domain, 'DeliveryReceipt', value, privateKey)
        const line = json ? numbered(json, signed) : encodeLine({ delivery: signed, work })
        state.signed(line.delivery, value)
        return line
      })
      const durable = write(entryOf(receipts))
      for (const { delivery } of drafts) {
        const key = attemptKey(delivery.requestId, delivery.attempt)
        syncing.set(key, durable)
        durable.then(
          () => syncing.delete(key),
          () => undefined,
        )
      }
      return durable
    },
    writeLease({ reading, nodeSignature, entryOf }) {
      const receipt = { ...reading, seq: state.nextSeq }
      const { signature: laneSignature } = signStruct(domain, 'LeaseReceipt', receipt, privateKey)
      const entry = entryOf({ receipt: encodeStruct('LeaseReceipt', receipt), laneSignature, nodeSignature })
      return { receipt, durable: write(entry) }
    },
    flushed: () => last,
    settled: (requestId, attempt) => syncing.get(attemptKey(requestId, attempt)) ?? Promise.resolve(),
  }
}
