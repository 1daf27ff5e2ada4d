/**
 * The closed epochs of this lane: what it signed about each, beside the files. The journal forgets them in time; this
 * small file does not.
 */
import { existsSync } from 'node:fs'
import { open, readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { EpochClosedEntry, Hex, StructJson } from '@isochrone/protocol'
import { makeDirectory, syncDirectory } from '@isochrone/runtime'
import { z } from 'zod'
import { epochFileName } from './write-epoch.ts'

export interface ClosedEpoch {
  anchor: StructJson
  anchorSignature: Hex
  fileBytes: number
  closedAtMs: number
}

/** Kept in memory, newest last: more than a year of hourly epochs. */
const EPOCHS_MAX = 10_000

const indexLine = z.object({
  anchor: z.record(z.string(), z.union([z.string(), z.number()])),
  anchorSignature: z.string().transform((text) => text as Hex),
  fileBytes: z.int(),
  closedAtMs: z.int(),
})

export class EpochIndex {
  readonly #lane: Hex
  readonly #dir: string
  readonly #path: string
  /** Oldest first. */
  readonly #closed = new Map<number, ClosedEpoch>()
  #lastEpoch = 0

  private constructor(lane: Hex, dir: string) {
    this.#lane = lane
    this.#dir = dir
    this.#path = join(dir, `${lane}.index.jsonl`)
  }

  /** A line that a crash cut off is dropped: the journal still has that epoch, and whoever replays it adds it again. */
  static async open(lane: Hex, dir: string): Promise<EpochIndex> {
    await makeDirectory(dir)
    const index = new EpochIndex(lane, dir)
    const text = existsSync(index.#path) ? await readFile(index.#path, 'utf8') : ''
    const wholeText = text.slice(0, text.lastIndexOf('\n') + 1)
    if (wholeText.length < text.length) await truncate(index.#path, Buffer.byteLength(wholeText))
    for (const line of wholeText.split('\n')) if (line !== '') index.#remember(indexLine.parse(JSON.parse(line)))
    return index
  }

  /** Resolves when the epoch is on disk; one that is known already changes nothing. */
  async add(entry: Pick<EpochClosedEntry, 'anchor' | 'anchorSignature' | 'closedAtMs'>): Promise<void> {
    const epoch = Number(entry.anchor.epoch)
    if (epoch <= this.#lastEpoch) return
    const { size } = await stat(this.pathOf(epoch))
    const { anchor, anchorSignature, closedAtMs } = entry
    const closed = { anchor, anchorSignature: anchorSignature as Hex, fileBytes: size, closedAtMs }
    const isFirst = this.#closed.size === 0
    const file = await open(this.#path, 'a')
    try {
      await file.appendFile(`${JSON.stringify(closed)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    if (isFirst) await syncDirectory(this.#dir)
    this.#remember(closed)
  }

  get(epoch: number): ClosedEpoch | undefined {
    return this.#closed.get(epoch)
  }

  /** Newest first, below `before` when given. */
  list(limit: number, before = Infinity): ClosedEpoch[] {
    const found: ClosedEpoch[] = []
    for (const closed of [...this.#closed.values()].toReversed()) {
      if (Number(closed.anchor.epoch) >= before) continue
      found.push(closed)
      if (found.length === limit) break
    }
    return found
  }

  /** Path of the file of a closed epoch. A file that a crash left without its anchor is none. */
  fileOf(epoch: number): string | undefined {
    const path = this.pathOf(epoch)
    if (this.#closed.get(epoch)) return path
    const [oldest] = this.#closed.keys()
    const isForgotten = oldest !== undefined && epoch < oldest
    return isForgotten && existsSync(path) ? path : undefined
  }

  pathOf(epoch: number): string {
    return join(this.#dir, epochFileName(this.#lane, epoch))
  }

  #remember(closed: ClosedEpoch): void {
    this.#lastEpoch = Number(closed.anchor.epoch)
    this.#closed.set(this.#lastEpoch, closed)
    const [oldest] = this.#closed.keys()
    if (this.#closed.size > EPOCHS_MAX && oldest !== undefined) this.#closed.delete(oldest)
  }
}
