/**
 * Opens the journal of a directory: takes its lock, cuts a torn tail, and goes on numbering where the last record ends.
 *
 * Only the last segment can have a torn tail, because the next one begins after a sync. Damage anywhere else stops the
 * start: receipts would be missing, and a person has to look. The cut tail is kept in a file beside. Zeros behind the last
 * record are no damage: they are room for the next ones.
 */
import { constants, fdatasync, writeSync } from 'node:fs'
import { open, rm, stat, truncate, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '@isochrone/domain'
import { makeDirectory, syncDirectory, ZeroedAhead } from '@isochrone/runtime'
import { unwritten, writeFrame, type Unwritten } from './frame.ts'
import { createGroupCommit } from './group-commit.ts'
import type { Journal, JournalRecord, OpenJournalOptions } from './journal.ts'
import { lockDirectory } from './lock-directory.ts'
import { createRecentRecords } from './recent-records.ts'
import { listSegments, readSegment, segmentAt, tailBytesOf, type Segment } from './segments.ts'

/** A file handle's own costs a chain of promises for each commit. */
const datasync = promisify(fdatasync)
/** Of records that share a buffer: each that is kept keeps all of it. */
const TOGETHER_BYTES_MAX = 256 * 1024

/** Throws `state_conflict` when another process has it open, `internal` when durable records are damaged. */
export async function openJournal(options: OpenJournalOptions): Promise<Journal> {
  const { dir, gatherMs = 4, segmentBytesMax = 32 * 1024 * 1024, retainMs = 3_600_000 } = options
  await makeDirectory(dir)
  const unlock = await lockDirectory(dir)
  let segments: Segment[]
  let lastIndex: number
  let file: FileHandle
  let fileBytes: number
  let room: ZeroedAhead
  try {
    segments = await listSegments(dir)
    lastIndex = await recover(segments, options)
    const last = segments.at(-1) ?? segmentAt(dir, 1)
    if (segments.length === 0) segments.push(last)
    file = await open(last.path, constants.O_RDWR | constants.O_CREAT)
    fileBytes = (await file.stat()).size
    room = await roomIn(file, fileBytes)
    await syncDirectory(dir)
  } catch (error) {
    await unlock()
    throw error
  }
  let writtenIndex = lastIndex
  const recent = createRecentRecords()
  let nextIndex = lastIndex + 1
  const listeners: (() => void)[] = []
  const readers: (() => number)[] = []

  const commit = createGroupCommit({ write, sync, gatherMs, onCommit: options.onCommit })

  /** Into the kernel's memory, which takes microseconds: a thread would cost more than the write. */
  function write(frames: Unwritten[]): Promise<void> | void {
    const bytes = frames.reduce((sum, { length }) => sum + length, 0)
    if (fileBytes >= segmentBytesMax) return rotate().then(() => writeNow(frames, bytes))
    const slow = room.before(fileBytes + bytes)
    if (slow) return slow.then(() => writeNow(frames, bytes))
    writeNow(frames, bytes)
  }

  function writeNow(frames: Unwritten[], length: number): void {
    if (length > TOGETHER_BYTES_MAX && frames.length > 1) {
      for (const frame of frames) writeNow([frame], frame.length)
      return
    }
    // Not a piece of a slab: the newest records are kept, and a slab would be kept with each.
    const bytes = Buffer.allocUnsafeSlow(length)
    let end = 0
    for (const frame of frames) {
      const payload = writeFrame(bytes, end, frame)
      recent.push({ index: ++writtenIndex, kind: frame.kind, payload })
      end += frame.length
    }
    for (let offset = 0; offset < length;) {
      offset += writeSync(file.fd, bytes, offset, length - offset, fileBytes + offset)
    }
    fileBytes += length
    room.after(fileBytes)
  }

  async function roomIn(segment: FileHandle, bytes: number): Promise<ZeroedAhead> {
    const ahead = new ZeroedAhead(segment, bytes, segmentBytesMax)
    ahead.after(bytes)
    await ahead.settled()
    return ahead
  }

  async function sync(records: number): Promise<void> {
    await datasync(file.fd)
    lastIndex += records
    for (const listener of listeners) listener()
  }

  async function rotate(): Promise<void> {
    const segment = segmentAt(dir, writtenIndex + 1)
    const next = await open(segment.path, 'wx+')
    await syncDirectory(dir)
    const nextRoom = await roomIn(next, 0)
    const full = file
    await room.settled()
    await full.truncate(fileBytes)
    // A later sync reaches the new file alone.
    await full.datasync()
    file = next
    fileBytes = 0
    room = nextRoom
    segments.push(segment)
    await full.close()
  }

  /** Where the last reader stopped, so that following the journal does not scan a segment again and again. */
  let bookmark = { index: 0, path: '', offset: 0 }

  async function* read(fromIndex: number): AsyncGenerator<JournalRecord> {
    let at = Math.max(fromIndex, segments[0]?.firstIndex ?? 1)
    while (at <= lastIndex) {
      const held = recent.at(at)
      if (held) {
        at++
        yield held
        continue
      }
      const segment = segments.findLast(({ firstIndex }) => firstIndex <= at)
      if (!segment) return
      const startedAt = at
      const known = bookmark.index === at && bookmark.path === segment.path
      let index = known ? at : segment.firstIndex
      let offset = known ? bookmark.offset : 0
      for await (const frame of readSegment(segment, offset)) {
        // The segment may grow while it is read: what is not yet synced must not leave.
        if (index > lastIndex) return
        offset += frame.bytes
        index++
        if (index <= at) continue
        at = index
        bookmark = { index, path: segment.path, offset }
        yield { index: index - 1, kind: frame.kind, payload: frame.payload }
      }
      if (at === startedAt) throw damaged(segment)
    }
  }

  async function forgetBelow(index: number): Promise<void> {
    if (readers.length === 0) return
    const floor = Math.min(index, ...readers.map((nextIndex) => nextIndex()))
    for (;;) {
      const [oldest, second] = segments
      if (!oldest || !second || second.firstIndex > floor) return
      if (Date.now() - (await stat(oldest.path)).mtimeMs < retainMs) return
      segments.shift()
      await rm(oldest.path, { force: true })
    }
  }

  return {
    dir,
    append(kind, record, { soon = false } = {}) {
      const { written, durable } = commit.push(unwritten(kind, record), soon)
      return { index: nextIndex++, written, durable }
    },
    read,
    get firstIndex() {
      return segments[0]?.firstIndex ?? lastIndex + 1
    },
    get lastIndex() {
      return lastIndex
    },
    onDurable: (listener) => void listeners.push(listener),
    registerReader: (nextIndex) => void readers.push(nextIndex),
    forgetBelow,
    get failure() {
      return commit.failure
    },
    async close() {
      await commit.drain()
      await room.settled()
      await file.truncate(fileBytes)
      await file.close()
      await unlock()
    },
  }
}

/** Number of the last whole record; cuts what follows it in the last segment. */
async function recover(segments: readonly Segment[], { dir, onTornTail }: OpenJournalOptions): Promise<number> {
  let lastIndex = (segments[0]?.firstIndex ?? 1) - 1
  for (const [position, segment] of segments.entries()) {
    if (segment.firstIndex !== lastIndex + 1) throw damaged(segment)
    const frames = readSegment(segment)
    let step = await frames.next()
    for (; !step.done; step = await frames.next()) lastIndex++
    const torn = await tailBytesOf(segment, step.value)
    const isLast = position === segments.length - 1
    if (torn > 0 && !isLast) throw damaged(segment)
    if (torn > 0) await keepTail(segment, step.value, torn, join(dir, `torn-${lastIndex + 1}-${Date.now()}.bin`))
    if (isLast) await truncate(segment.path, step.value)
    if (torn > 0) onTornTail?.(segment.path, torn)
  }
  return lastIndex
}

async function keepTail(segment: Segment, offset: number, bytes: number, target: string): Promise<void> {
  const file = await open(segment.path, 'r')
  try {
    const tail = Buffer.alloc(bytes)
    await file.read(tail, 0, bytes, offset)
    await writeFile(target, tail)
  } finally {
    await file.close()
  }
}

function damaged({ path }: Segment): AppError {
  return new AppError('internal', {
    publicMessage: `The journal file ${path} is damaged or one is missing before it. Restore it; receipts are in it.`,
    details: { path },
  })
}
