/**
 * The newest records of a journal as they went to its file, so that whoever follows it closely reads no file.
 *
 * Bounded by bytes: who falls behind reads the files. It holds what is written, durable or not; the journal hands on only
 * what is durable.
 */
import type { JournalRecord } from './journal.ts'

export interface RecentRecords {
  /** The next record; numbers follow each other without gaps. */
  push(record: JournalRecord): void
  /** Undefined where it is older than what is held, or not written yet. */
  at(index: number): JournalRecord | undefined
}

/** Some ten publishing pauses of a gateway at its fastest. */
const BYTES_MAX = 1024 * 1024

export function createRecentRecords(bytesMax = BYTES_MAX): RecentRecords {
  let records: JournalRecord[] = []
  /** Place of the oldest that is held; what is before it is dropped now and then, not one by one. */
  let first = 0
  let bytes = 0

  return {
    push(record) {
      records.push(record)
      bytes += record.payload.length
      for (let oldest = records[first]; bytes > bytesMax && oldest; oldest = records[first]) {
        bytes -= oldest.payload.length
        first++
      }
      if (first > 1_024 && 2 * first > records.length) {
        records = records.slice(first)
        first = 0
      }
    },
    at(index) {
      const oldest = records[first]
      return oldest && index >= oldest.index ? records[first + index - oldest.index] : undefined
    },
  }
}
