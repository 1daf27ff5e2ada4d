/**
 * The gateway's journal as the rest of the gateway knows it: append, read back, forget.
 *
 * What `durable` resolved for survives a kill at any instant. Records are numbered from 1 without gaps; a number is
 * never used again.
 */

/** Entries that go on to the Redis Stream, and those that only this gateway reads. */
export type RecordKind = 'published' | 'local'

export interface JournalRecord {
  /** Place in the journal, from 1. */
  index: number
  kind: RecordKind
  /** JSON text as bytes. */
  payload: Buffer
}

export interface Appended {
  index: number
  /** Resolves when the file has it: a kill of this process loses it no more, one of the machine may. */
  written: Promise<void>
  /** Resolves after the fsync that covers the record; rejects when the journal has failed. */
  durable: Promise<void>
}

export interface AppendOptions {
  /** Nobody waits for its durability: it shares a sync, milliseconds later. */
  soon?: boolean
}

export interface Journal {
  /** Directory of the segments. */
  readonly dir: string
  /**
   * Queues one record; the order of calls is the order on disk.
   * @throws AppError `internal` when the journal has failed, is closed, or its queue is full.
   */
  append(kind: RecordKind, record: unknown, options?: AppendOptions): Appended
  /** Durable records from `fromIndex` on, in order, read from the files with bounded memory. */
  read(fromIndex: number): AsyncIterable<JournalRecord>
  /** Oldest record still on disk; `lastIndex + 1` when there is none. */
  readonly firstIndex: number
  /** Newest durable record, 0 when there is none. */
  readonly lastIndex: number
  /** Called after each group commit. */
  onDurable(listener: () => void): void
  /** A reader that must see every record: nothing from the index it needs next is forgotten. */
  registerReader(nextIndex: () => number): void
  /**
   * Deletes whole segments all of whose records lie below `index` and below every reader's next one, and that are older
   * than the retention. Without a registered reader nothing is deleted.
   */
  forgetBelow(index: number): Promise<void>
  /** Null while writing works, else why it does not. A journal that failed once stays failed until a restart. */
  readonly failure: Error | null
  /** Writes what is queued and closes the files. */
  close(): Promise<void>
}

export interface OpenJournalOptions {
  /** Directory of the segments; made when missing. One process at a time. */
  dir: string
  /** Shortest time between the end of one fsync and the next one in busy times, so that they share it. Default 4 ms. */
  gatherMs?: number
  /** A segment is closed above this. Default 32 MiB. */
  segmentBytesMax?: number
  /** Segments younger than this are never forgotten. Default 1 h. */
  retainMs?: number
  /** For metrics: duration of write and fsync in ms, and how many records shared it. */
  onCommit?: (durationMs: number, records: number) => void
  /** Told once when the tail of the last segment was torn and cut off. */
  onTornTail?: (file: string, bytes: number) => void
}
