/**
 * An append-only file of JSON lines with group commit: everything that waits is written and fsynced together.
 *
 * Guarantee: when `append` resolves, its line survives a crash of the process and of the machine. A half-written last
 * line, which only a crash leaves, is cut off when the log is opened; it was promised to nobody.
 */
import { fdatasync, writeSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'

type Waiting = { readonly line: string; readonly resolve: () => void; readonly reject: (error: unknown) => void }

const sync = promisify(fdatasync)
/** How long a line may wait for another one to share its sync with. */
const SOON_MS = 50
/** Lines that wait at most before they are written whoever comes. */
const SOON_LINES_MAX = 256

export class AppendLog {
  readonly #file: FileHandle
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined
  #isDue = false
  #soon: NodeJS.Timeout | undefined
  #failure: unknown

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Opens or creates the log and hands each whole line to `onLine`, in order. Throws when a whole line is no JSON. */
  static async open(path: string, onLine: (value: unknown) => void): Promise<AppendLog> {
    const file = await open(path, 'a+', 0o600)
    try {
      const wholeBytes = await readLines(file, (line) => onLine(JSON.parse(line)))
      if (wholeBytes < (await file.stat()).size) await file.truncate(wholeBytes)
    } catch (error) {
      await file.close()
      throw error
    }
    return new AppendLog(file)
  }

  /** Resolves when the line is on disk. After a failed write every later append fails too: the log is not trusted. */
  append(value: unknown): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(value)}\n`, resolve, reject })
      this.#start()
    })
  }

  /** {@link append} for what nobody waits for: it goes with the next line that somebody waits for, or a moment later. */
  appendSoon(value: unknown): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(value)}\n`, resolve, reject })
      if (this.#waiting.length >= SOON_LINES_MAX) this.#start()
      else this.#soon ??= setTimeout(() => this.#start(), SOON_MS)
    })
  }

  async close(): Promise<void> {
    this.#start()
    await this.#flushing
    this.#failure ??= new Error('the log is closed')
    await this.#file.close()
  }

  #start(): void {
    this.#isDue = true
    this.#flushing ??= this.#flush()
  }

  async #flush(): Promise<void> {
    // Let everything that is appended in this turn join the first batch.
    await Promise.resolve()
    while (this.#isDue) {
      this.#isDue = false
      const batch = this.#waiting
      this.#waiting = []
      clearTimeout(this.#soon)
      this.#soon = undefined
      try {
        if (this.#failure) throw this.#failure
        this.#write(batch.map((item) => item.line).join(''))
        await sync(this.#file.fd)
        for (const item of batch) item.resolve()
      } catch (error) {
        this.#failure = error
        for (const item of batch) item.reject(error)
      }
    }
    this.#flushing = undefined
  }

  /** Into the kernel's memory, which takes microseconds: a thread would cost more than the write. */
  #write(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file.fd, bytes, at, bytes.length - at)
  }
}

const READ_BYTES = 1024 * 1024
const LINE_FEED = 10

/** Hands on each whole line and resolves with the bytes they take. The log outgrows any string: one line is held at a time. */
async function readLines(file: FileHandle, onLine: (line: string) => void): Promise<number> {
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  let held: Buffer[] = []
  let position = 0
  let wholeBytes = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position)
    if (bytesRead === 0) return wholeBytes
    let start = 0
    for (let end = buffer.indexOf(LINE_FEED); end >= 0 && end < bytesRead; end = buffer.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...held, buffer.subarray(start, end)]).toString('utf8')
      held = []
      start = end + 1
      if (line !== '') onLine(line)
      wholeBytes = position + start
    }
    held.push(Buffer.from(buffer.subarray(start, bytesRead)))
    position += bytesRead
  }
}
