/**
 * Copies of epoch files, each beside the anchor that its lane signed: with both, what the lane said cannot be taken back.
 *
 * Bounded by count and by bytes, evenly over the lanes that have copies: the lane with the most loses its oldest first, so
 * no lane ever pushes another below its share. Two anchors that contradict each other are kept in a file of their own.
 */
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeStruct, structHash, type EpochAnchor, type EpochNotice, type Hex } from '@isochrone/protocol'
import { makeDirectory, syncDirectory } from '@isochrone/runtime'

export interface EpochStoreLimits {
  filesMax: number
  bytesMax: number
}

/** A month of hourly epochs of one lane. */
export const DEFAULT_EPOCH_LIMITS: EpochStoreLimits = { filesMax: 720, bytesMax: 4 * 2 ** 30 }

/** Lanes with copies. More would leave none of them a share worth having; an agent dials a few gateways. */
const LANES_MAX = 16
/** One convicts a lane; more are kept for the case that its reader doubts. */
const CONTRADICTIONS_PER_LANE_MAX = 16

export interface Copy {
  lane: Hex
  epoch: number
  fromSeq: number
  toSeq: number
  anchorHash: Hex
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
    await makeDirectory(dir, { mode: 0o700 })
    const found: (Copy & { atMs: number })[] = []
    for (const name of await readdir(dir)) {
      if (name.endsWith('.next')) await rm(join(dir, name), { force: true })
      if (!COPY.test(name)) continue
      const path = join(dir, name)
      const { size, mtimeMs } = await stat(path)
      const anchor = await readAnchor(path).catch(() => null)
      // Without what the lane signed about it a file proves nothing.
      if (anchor && nameOf(anchor.lane, anchor.epoch) === name) found.push({ ...copyOf(anchor, size), atMs: mtimeMs })
      else await rm(path, { force: true })
    }
    const store = new EpochStore(
      dir,
      limits,
      found.toSorted((a, b) => a.atMs - b.atMs),
    )
    await store.#prune()
    return store
  }

  /** What one more file of this lane may have: above its share it could not be kept without dropping itself. */
  fileBytesMaxOf(lane: Hex): number {
    return Math.floor(this.#limits.bytesMax / this.#lanesWith(lane))
  }

  has(lane: Hex, epoch: number): boolean {
    return this.#copies.some((copy) => copy.lane === lane && copy.epoch === epoch)
  }

  /** Of every lane. */
  copiesOf(epoch: number): Copy[] {
    return this.#copies.filter((copy) => copy.epoch === epoch)
  }

  /** A copy whose anchor the lane cannot have signed in good faith beside this one: the same epoch, or the same numbers. */
  contradictedBy(anchor: EpochAnchor): Copy | undefined {
    const { lane, epoch, fromSeq, toSeq } = anchor
    const hash = structHash('EpochAnchor', anchor)
    return this.#copies.find(
      (said) =>
        said.lane === lane &&
        said.anchorHash !== hash &&
        (said.epoch === epoch || (fromSeq <= said.toSeq && said.fromSeq <= toSeq)),
    )
  }

  /** Both anchors in one file: together they convict the lane, also when the copy is dropped. The first ones are kept. */
  async keepContradiction(said: Copy, chainId: number, notice: EpochNotice, epoch: number): Promise<string> {
    const { lane } = said
    const path = this.pathOf(lane, epoch).replace(/\.jsonl\.gz$/, '.contradiction.json')
    const kept = (await readdir(this.#dir)).filter(
      (name) => name.startsWith(lane) && name.endsWith('.contradiction.json'),
    )
    if (kept.length >= CONTRADICTIONS_PER_LANE_MAX || kept.some((name) => path.endsWith(name))) return path
    const contradicts = JSON.parse(await readFile(anchorPathOf(this.pathOf(lane, said.epoch)), 'utf8')) as unknown
    const evidence = { ...evidenceOf(chainId, notice), contradicts }
    await writeFile(path, `${JSON.stringify(evidence)}\n`, { mode: 0o600, flush: true })
    await syncDirectory(this.#dir)
    return path
  }

  pathOf(lane: Hex, epoch: number): string {
    return join(this.#dir, nameOf(lane, epoch))
  }

  /** Where a file is fetched to before it is kept. */
  draftPathOf(lane: Hex, epoch: number): string {
    return `${this.pathOf(lane, epoch)}.next`
  }

  /** Keeps the draft of that name, with its anchor. False when there are copies of too many lanes already. */
  async keep(anchor: EpochAnchor, chainId: number, notice: EpochNotice): Promise<boolean> {
    const { lane, epoch } = anchor
    if (this.#lanesWith(lane) > Math.min(LANES_MAX, this.#limits.filesMax)) return false
    const path = this.pathOf(lane, epoch)
    await writeFile(anchorPathOf(path), `${JSON.stringify(evidenceOf(chainId, notice))}\n`, {
      mode: 0o600,
      flush: true,
    })
    await rename(this.draftPathOf(lane, epoch), path)
    await syncDirectory(this.#dir)
    this.#copies.push(copyOf(anchor, notice.fileBytes))
    await this.#prune()
    return true
  }

  /** Lanes with copies, this one included. */
  #lanesWith(lane: Hex): number {
    return new Set([lane, ...this.#copies.map((copy) => copy.lane)]).size
  }

  /** Whoever has the most is above its share as long as all together are above the limit. */
  async #prune(): Promise<void> {
    const { filesMax, bytesMax } = this.#limits
    for (;;) {
      const bytes = this.#copies.reduce((sum, copy) => sum + copy.bytes, 0)
      const isTooMany = this.#copies.length > filesMax
      if (!isTooMany && bytes <= bytesMax) return
      const usage = new Map<Hex, number>()
      for (const copy of this.#copies) {
        usage.set(copy.lane, (usage.get(copy.lane) ?? 0) + (isTooMany ? 1 : copy.bytes))
      }
      const [greediest] = [...usage].toSorted(([, a], [, b]) => b - a)
      const oldest = this.#copies.findIndex(({ lane }) => lane === greediest?.[0])
      const [dropped] = this.#copies.splice(oldest, 1)
      if (!dropped) return
      const path = this.pathOf(dropped.lane, dropped.epoch)
      await rm(path, { force: true })
      await rm(anchorPathOf(path), { force: true })
    }
  }
}

function copyOf(anchor: EpochAnchor, bytes: number): Copy {
  const { lane, epoch, fromSeq, toSeq } = anchor
  return { lane, epoch, fromSeq, toSeq, anchorHash: structHash('EpochAnchor', anchor), bytes }
}

async function readAnchor(path: string): Promise<EpochAnchor> {
  const { anchor } = JSON.parse(await readFile(anchorPathOf(path), 'utf8')) as { anchor?: unknown }
  return decodeStruct('EpochAnchor', anchor)
}

function evidenceOf(chainId: number, { anchor, anchorSignature, receiptAnchor }: EpochNotice): Record<string, unknown> {
  return { chainId, receiptAnchor, anchor, anchorSignature }
}

const nameOf = (lane: Hex, epoch: number): string => `${lane}-${epoch}.jsonl.gz`
const anchorPathOf = (path: string): string => path.replace(/\.jsonl\.gz$/, '.anchor.json')
