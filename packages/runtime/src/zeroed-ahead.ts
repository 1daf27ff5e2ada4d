/**
 * Room at the end of a file that is on the disk as zeros before records come: a sync of records that overwrite them writes
 * nothing but these. Of a file that grows, every sync waits for the file system's own journal, and for what others have in it.
 *
 * Room is made a piece at a time, beside the writing, and never over what is written. Where there is none, because a record
 * is large or the disk is full, the file grows as any file does.
 */
import type { FileHandle } from 'node:fs/promises'

const PIECE_BYTES_MAX = 1024 * 1024
const zeros = Buffer.alloc(PIECE_BYTES_MAX)

export class ZeroedAhead {
  readonly #file: FileHandle
  readonly #bytesMax: number
  /** Where what is known to be written or zeroed ends. */
  #endByte: number
  #making: Promise<void> | null = null
  #hasFailed = false

  /** `fileBytes` of records are in the file; no room is made beyond `bytesMax`. */
  constructor(file: FileHandle, fileBytes: number, bytesMax: number) {
    this.#file = file
    this.#endByte = fileBytes
    this.#bytesMax = bytesMax
  }

  /** To be asked before each write, up to `toByte`: what it has to wait for, if anything. */
  before(toByte: number): Promise<void> | undefined {
    if (toByte <= this.#endByte) return undefined
    if (this.#making) return this.#making.then(() => this.before(toByte))
    this.#endByte = toByte
    return undefined
  }

  /** To be told after each write: records end at `fileBytes`. Begins with the next piece before the last one is used up. */
  after(fileBytes: number): void {
    const isEnough = this.#endByte - fileBytes > PIECE_BYTES_MAX / 2
    if (!isEnough && !this.#hasFailed && this.#endByte < this.#bytesMax) this.#making ??= this.#make()
  }

  /** Resolves when no room is being made. Never rejects. */
  async settled(): Promise<void> {
    await this.#making
  }

  async #make(): Promise<void> {
    const bytes = Math.min(PIECE_BYTES_MAX, this.#bytesMax - this.#endByte)
    try {
      for (let done = 0; done < bytes;) {
        done += (await this.#file.write(zeros, 0, bytes - done, this.#endByte + done)).bytesWritten
      }
      await this.#file.datasync()
      this.#endByte += bytes
    } catch {
      // A disk that is full or broken fails the write that needs it, and is told then.
      this.#hasFailed = true
    }
    this.#making = null
  }
}
