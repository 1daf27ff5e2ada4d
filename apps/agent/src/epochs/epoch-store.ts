/**
 * Copies of epoch files, each beside the anchor that its lane signed: with both, what the lane said cannot be taken back.
 *
 * Bounded by count and by bytes; the oldest go first.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeStruct, type EpochAnchor, type EpochNotice, type Hex } from '@isochrone/protocol'

export interface EpochStoreLimits {
  filesMax: number
  bytesMax: number
}

/** A month of hourly epochs of one lane. */
export const DEFAULT_EPOCH_LIMITS: EpochStoreLimits = { filesMax: 720, bytesMax: 4 * 2 ** 30 }

interface Copy {
  name: string
  bytes: number
}

const COPY = /^0x[0-9a-f]{64}-\d{1,16}\.jsonl\.gz$/

export class EpochStore {
  readonly #dir: string
  readonly #limits: EpochStoreLimits
  /** Oldest first. */
  readonly #copies: Copy[]

  private constructor(dir: string, limits: EpochStoreLimits, copies: Copy[]) {
    this.#dir = dir
    this.#limits = limits
    this.#copies = copies
  }

  /** Makes the directory when there is none; clears what a crash left half fetched. */
  static async open(dir: string, limits: EpochStoreLimits): Promise<EpochStore> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const found: (Copy & { atMs: number })[] = []
    for (const name of await readdir(dir)) {
      if (name.endsWith('.next')) await rm(join(dir, name), { force: true })
      if (!COPY.test(name)) continue
      const { size, mtimeMs } = await stat(join(dir, name))
      found.push({ name, bytes: size, atMs: mtimeMs })
    }
    const store = new EpochStore(
      dir,
      limits,
      found.toSorted((a, b) => a.atMs - b.atMs),
    )
    await store.#prune()
    return store
  }

  /** A file above this could not be kept without dropping itself. */
  get fileBytesMax(): number {
    return this.#limits.bytesMax
  }

  has(lane: Hex, epoch: number): boolean {
    return this.#copies.some(({ name }) => name === nameOf(lane, epoch))
  }

  /** What the lane signed about the copy that is kept. Rejects when there is none. */
  async anchorOf(lane: Hex, epoch: number): Promise<EpochAnchor> {
    const text = await readFile(anchorPathOf(this.pathOf(lane, epoch)), 'utf8')
    return decodeStruct('EpochAnchor', (JSON.parse(text) as { anchor?: unknown }).anchor)
  }

  /** A second anchor that the lane signed for an epoch whose file is kept: with the first one it convicts the lane. */
  async keepContradiction(lane: Hex, epoch: number, chainId: number, notice: EpochNotice): Promise<string> {
    const path = this.pathOf(lane, epoch).replace(/\.jsonl\.gz$/, '.contradiction.json')
    await writeFile(path, evidenceOf(chainId, notice), { mode: 0o600 })
    return path
  }

  pathOf(lane: Hex, epoch: number): string {
    return join(this.#dir, nameOf(lane, epoch))
  }

  /** Where a file is fetched to before it is kept. */
  draftPathOf(lane: Hex, epoch: number): string {
    return `${this.pathOf(lane, epoch)}.next`
  }

  /** Keeps the draft of that name, with its anchor. */
  async keep(lane: Hex, epoch: number, chainId: number, notice: EpochNotice): Promise<void> {
    await writeFile(anchorPathOf(this.pathOf(lane, epoch)), evidenceOf(chainId, notice), { mode: 0o600 })
    await rename(this.draftPathOf(lane, epoch), this.pathOf(lane, epoch))
    const name = nameOf(lane, epoch)
    const known = this.#copies.findIndex((copy) => copy.name === name)
    if (known >= 0) this.#copies.splice(known, 1)
    this.#copies.push({ name, bytes: notice.fileBytes })
    await this.#prune()
  }

  async #prune(): Promise<void> {
    let bytes = this.#copies.reduce((sum, copy) => sum + copy.bytes, 0)
    while (this.#copies.length > this.#limits.filesMax || bytes > this.#limits.bytesMax) {
      const oldest = this.#copies.shift()
      if (!oldest) return
      bytes -= oldest.bytes
      const path = join(this.#dir, oldest.name)
      await rm(path, { force: true })
      await rm(anchorPathOf(path), { force: true })
    }
  }
}

function evidenceOf(chainId: number, { anchor, anchorSignature, receiptAnchor }: EpochNotice): string {
  return `${JSON.stringify({ chainId, receiptAnchor, anchor, anchorSignature })}\n`
}

const nameOf = (lane: Hex, epoch: number): string => `${lane}-${epoch}.jsonl.gz`
const anchorPathOf = (path: string): string => path.replace(/\.jsonl\.gz$/, '.anchor.json')
