/**
 * The one way records get into a lane's journal and state: both at the same moment, so that neither is ahead.
 */
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
import type { Draft, LaneState } from './lane-state.ts'
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
  let last: Promise<void> = Promise.resolve()

  function append(record: LaneRecord, options?: AppendOptions, signed?: readonly DeliveryReceipt[]): Appended {
    const appended = journal.append(LOCAL.has(record.type) ? 'local' : 'published', record, options)
    state.apply(record, appended.index, false, signed)
    last = appended.durable
    return appended
  }
  const write = (record: LaneRecord): Promise<void> => append(record).durable

  return {
    write,
    writeSoon: (record) => append(record, { soon: true }).written,
    writeReceipts(drafts, entryOf) {
      const deliveries = drafts.map(({ delivery }, i) => ({ ...delivery, seq: state.nextSeq + i }))
      const receipts = drafts.map(({ work, json }, i): ReceiptPairJson => {
        const signed = signStruct(domain, 'DeliveryReceipt', deliveries[i] as DeliveryReceipt, privateKey)
        return json ? numbered(json, signed) : encodeLine({ delivery: signed, work })
      })
      const { durable } = append(entryOf(receipts), undefined, deliveries)
      return durable
    },
    writeLease({ reading, nodeSignature, entryOf }) {
      const receipt = { ...reading, seq: state.nextSeq }
      const { signature: laneSignature } = signStruct(domain, 'LeaseReceipt', receipt, privateKey)
      const entry = entryOf({ receipt: encodeStruct('LeaseReceipt', receipt), laneSignature, nodeSignature })
      return { receipt, durable: write(entry) }
    },
    flushed: () => last,
  }
}
