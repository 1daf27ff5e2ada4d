/**
 * An append-only file of JSON lines with group commit: everything that waits is written and fsynced together.
 *
 * Guarantee: when `append` resolves, its line survives a crash of the process and of the machine. A half-written last
 * line, which only a crash leaves, is cut off when the log is opened; it was promised to nobody.
 */
import { open, type FileHandle } from 'node:fs/promises'

type Waiting = { readonly line: string; readonly resolve: () => void; readonly reject: (error: unknown) => void }

export class AppendLog {
  readonly #file: FileHandle
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined
  #failure: unknown

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Opens or creates the log and hands each whole line to `onLine`, in order. Throws when a whole line is no JSON. */
  static async open(path: string, onLine: (value: unknown) => void): Promise<AppendLog> {
    const file = await open(path, 'a+', 0o600)
    const text = await file.readFile('utf8')
    const end = text.lastIndexOf('\n') + 1
    if (end < text.length) await file.truncate(Buffer.byteLength(text.slice(0, end)))
    for (const line of text.slice(0, end).split('\n')) {
      if (line !== '') onLine(JSON.parse(line))
    }
    return new AppendLog(file)
  }

  /** Resolves when the line is on disk. After a failed write every later append fails too: the log is not trusted. */
  append(value: unknown): Promise<void> {
    const line = `${JSON.stringify(value)}\n`
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject })
      this.#flushing ??= this.#flush()
    })
  }

  async close(): Promise<void> {
    await this.#flushing
    await this.#file.close()
  }

  async #flush(): Promise<void> {
    // Let everything that is appended in this turn join the first batch.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        if (this.#failure) throw this.#failure
        await this.#file.appendFile(batch.map((item) => item.line).join(''))
        await this.#file.datasync()
        for (const item of batch) item.resolve()
      } catch (error) {
        this.#failure = error
        for (const item of batch) item.reject(error)
      }
    }
    this.#flushing = undefined
  }
}
