/**
 * An append-only file of JSON lines with group commit: everything that waits is written and fsynced together.
 *
 * Guarantee: when `append` resolves, its line survives a crash of the process and of the machine. What a crash leaves of the
 * write that was under way is cut off or emptied when the log is opened; it was promised to nobody. Lines overwrite zeros that
 * are on the disk already. In JSON there is no zero byte, so room is never taken for a line, nor a line for room.
 */
import { constants, fdatasync, writeSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { syncDirectory, SyncPace, ZeroedAhead } from '@isochrone/runtime'
import { readLines } from './read-lines.ts'

type Waiting = {
  readonly line: string
  /** Nobody waits for it. */
  readonly soon: boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const sync = promisify(fdatasync)
/** How long a line may wait for another one to share its sync with. */
const SOON_MS = 50
/** How far apart syncs are where many lines are waited for, at least: fewer of them, and what follows them goes together. */
const GATHER_MS = 4
/** Lines that wait at most before they are written whoever comes. */
const SOON_LINES_MAX = 256
/** Bytes of lines that share one write, unless one alone has more. No more than these are ever written and not synced. */
const WRITE_BYTES_MAX = 1024 * 1024

export class AppendLog {
  readonly #file: FileHandle
  readonly #room: ZeroedAhead
  readonly #pace = new SyncPace(GATHER_MS)
  /** Where the lines end. */
  #endByte: number
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined
  #isDue = false
  #soon: NodeJS.Timeout | undefined
  #failure: unknown
  #closing: Promise<void> | undefined

  private constructor(file: FileHandle, room: ZeroedAhead, endByte: number) {
    this.#file = file
    this.#room = room
    this.#endByte = endByte
  }

  /** Opens or creates the log and hands each whole line to `onLine`, in order. Throws when a whole line is no JSON. */
  static async open(path: string, onLine: (value: unknown) => void): Promise<AppendLog> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    try {
      const { endByte, torn } = await readLines(file, (line) => onLine(JSON.parse(line)))
      const [first] = torn
      if (first && endByte - first.fromByte > WRITE_BYTES_MAX) {
        throw new Error(`the log is damaged at byte ${first.fromByte}: restore it, it is evidence`)
      }
      for (const { fromByte, bytes } of torn) writeWhole(file, Buffer.alloc(bytes), fromByte)
      await file.truncate(endByte)
      // A process that was killed may have left lines in the kernel's memory alone.
      await file.datasync()
      // Nor is its name on the disk before its directory is.
      await syncDirectory(dirname(path))
      const room = new ZeroedAhead(file, endByte, Infinity)
      room.after(endByte)
      await room.settled()
      return new AppendLog(file, room, endByte)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Resolves when the line is on disk. After a failed write every later append fails too: the log is not trusted. */
  append(value: unknown): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(value)}\n`, soon: false, resolve, reject })
      this.#start()
    })
  }

  /** {@link append} for what nobody waits for: it goes with the next line that somebody waits for, or a moment later. */
  appendSoon(value: unknown): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(value)}\n`, soon: true, resolve, reject })
      if (this.#waiting.length >= SOON_LINES_MAX) this.#start()
      else this.#soon ??= setTimeout(() => this.#start(), SOON_MS)
    })
  }

  /** Writes what waits, gives the room back, and refuses what comes later. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#start()
    await this.#flushing
    this.#failure ??= new Error('the log is closed')
    try {
      await this.#room.settled()
      await this.#file.truncate(this.#endByte)
    } finally {
      await this.#file.close()
    }
  }

  #start(): void {
    this.#isDue = true
    this.#flushing ??= this.#flush()
  }

  async #flush(): Promise<void> {
    // Let everything that is appended in this turn join the first batch.
    await Promise.resolve()
    while (this.#isDue) {
      const waitMs = this.#closing ? 0 : this.#pace.waitMs
      if (waitMs > 0) await pause(waitMs)
      this.#isDue = false
      clearTimeout(this.#soon)
      this.#soon = undefined
      const batch = this.#takeBatch()
      try {
        if (this.#failure) throw this.#failure
        const bytes = Buffer.from(batch.map((item) => item.line).join(''), 'utf8')
        const slow = this.#room.before(this.#endByte + bytes.length)
        if (slow) await slow
        writeWhole(this.#file, bytes, this.#endByte)
        this.#endByte += bytes.length
        this.#room.after(this.#endByte)
        await sync(this.#file.fd)
        this.#pace.ended(batch.filter(({ soon }) => !soon).length)
        for (const item of batch) item.resolve()
      } catch (error) {
        this.#failure = error
        for (const item of batch) item.reject(error)
      }
    }
    this.#flushing = undefined
  }

  /** What waits, or as much of it as goes into one write: the rest is due then. */
  #takeBatch(): Waiting[] {
    let bytes = 0
    const isOver = ({ line }: Waiting, at: number) => (bytes += Buffer.byteLength(line)) > WRITE_BYTES_MAX && at > 0
    const over = this.#waiting.findIndex(isOver)
    if (over > 0) {
      this.#isDue = true
      return this.#waiting.splice(0, over)
    }
    const batch = this.#waiting
    this.#waiting = []
    return batch
  }
}

/** Into the kernel's memory, which takes microseconds: a thread would cost more than the write. */
function writeWhole({ fd }: FileHandle, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, position + at)
}
