/**
 * The one way records get into a lane's journal and state: both at the same moment, so that neither is ahead.
 */
import {
  encodeLine,
  signStruct,
  type EpochFileLine,
  type Hex,
  type ReceiptPairJson,
  type SigningDomain,
} from '@isochrone/protocol'
import type { Journal } from '../journal/journal.ts'
import { attemptKey, type Draft, type LaneState } from './lane-state.ts'
import type { LaneRecord, ReceiptsEntry } from './records.ts'

export interface LaneWriter {
  /** Journals and applies; resolves when durable. */
  write(record: LaneRecord): Promise<void>
  /** Numbers and signs the drafts, journals them with their entry; resolves when durable. */
  writeReceipts(drafts: readonly Draft[], entryOf: (receipts: ReceiptPairJson[]) => ReceiptsEntry): Promise<void>
  /** Resolves when a receipt that is on its way to the disk has arrived there. */
  settled(requestId: Hex, attempt: number): Promise<void>
}

export interface LaneWriterOptions {
  journal: Journal
  state: LaneState
  privateKey: Hex
  /** Of receipts: PaymentChannels. */
  domain: SigningDomain
}

export function createLaneWriter({ journal, state, privateKey, domain }: LaneWriterOptions): LaneWriter {
  const syncing = new Map<string, Promise<void>>()

  function write(record: LaneRecord): Promise<void> {
    const isLocal = record.type === 'intent' || record.type === 'checkpoint'
    const { index, durable } = journal.append(isLocal ? 'local' : 'published', record)
    state.apply(record, index, false)
    return durable
  }

  return {
    write,
    writeReceipts(drafts, entryOf) {
      const lines = drafts.map(({ delivery, work }, i): EpochFileLine => {
        const value = { ...delivery, seq: state.nextSeq + i }
        return { delivery: signStruct(domain, 'DeliveryReceipt', value, privateKey), work }
      })
      const durable = write(entryOf(lines.map((line) => encodeLine(line))))
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
    settled: (requestId, attempt) => syncing.get(attemptKey(requestId, attempt)) ?? Promise.resolve(),
  }
}
