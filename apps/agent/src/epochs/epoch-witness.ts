/**
 * Answers the notices of closed epochs: keeps a copy of each file, and signs this node's performance record if it follows
 * from the receipts.
 *
 * One at a time for each lane, so that a burst of notices never competes with the engine, and no lane waits for another
 * one's files. What was signed is on disk before it leaves:
 * a node never signs two records for one (lane, epoch, version), which would convict it.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAppError } from '@isochrone/domain'
import {
  addressToBytes32,
  signStruct,
  structHash,
  type EpochNotice,
  type Hex,
  type RecordAnswer,
} from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { z } from 'zod'
import type { NodeKeyPair } from '../node/node-key.ts'
import { AppendLog } from '../receipts/append-log.ts'
import type { ReceiptLog } from '../receipts/receipt-log.ts'
import { checkEpochFile, checkNotice, type CheckedNotice } from './check-epoch.ts'
import { Disagreement, type EpochPeer } from './check-receipt.ts'
import { EpochStore, type EpochStoreLimits } from './epoch-store.ts'
import { DEFAULT_FETCH_PACE, fetchEpochFile, OtherFile, TooSlow, type FetchPace } from './fetch-epoch-file.ts'

export interface EpochWitnessOptions {
  /** The agent's data directory; copies go to `epochs` below it. */
  dataDir: string
  nodeKey: NodeKeyPair
  receipts: ReceiptLog
  limits: EpochStoreLimits
  /** How slow a gateway may serve a file. */
  pace?: FetchPace
  logger: Logger
}

/** Notices of one lane that may wait for their turn. */
const WAITING_MAX = 64
/** Lanes whose notices are answered at once: an agent dials a few gateways. */
const QUEUES_MAX = 16
const SIGNED_MAX = 20_000

const signedLine = z.object({ lane: z.string(), epoch: z.int(), version: z.int(), recordHash: z.string() })

export class EpochWitness {
  readonly #options: EpochWitnessOptions
  readonly #store: EpochStore
  readonly #log: AppendLog
  /** `lane:epoch:version` → hash of the record that was signed; oldest first. */
  readonly #signed: Map<string, string>
  readonly #stop = new AbortController()
  /** Of the lanes that have something to answer. */
  readonly #queues = new Map<Hex, { tail: Promise<unknown>; waiting: number }>()

  private constructor(options: EpochWitnessOptions, store: EpochStore, log: AppendLog, signed: Map<string, string>) {
    this.#options = options
    this.#store = store
    this.#log = log
    this.#signed = signed
  }

  static async open(options: EpochWitnessOptions): Promise<EpochWitness> {
    const dir = join(options.dataDir, 'epochs')
    const store = await EpochStore.open(dir, options.limits)
    const signed = new Map<string, string>()
    const log = await AppendLog.open(join(dir, 'signed.jsonl'), (line) => {
      const { lane, epoch, version, recordHash } = signedLine.parse(line)
      remember(signed, keyOf(lane, epoch, version), recordHash)
    })
    return new EpochWitness(options, store, log, signed)
  }

  /** `url` is that of the file, at the gateway that the link was dialled at. Null when the agent stops. */
  answer(notice: EpochNotice, peer: EpochPeer, url: string): Promise<RecordAnswer | null> {
    const of = { epoch: Number(notice.record.epoch), version: Number(notice.record.version) }
    const { lane } = peer
    const queue = this.#queues.get(lane) ?? { tail: Promise.resolve(), waiting: 0 }
    if (queue.waiting >= WAITING_MAX || (queue.waiting === 0 && this.#queues.size >= QUEUES_MAX)) {
      return Promise.resolve({ ...of, signature: null, reason: 'this node is busy with other epochs' })
    }
    this.#queues.set(lane, queue)
    queue.waiting += 1
    const answer = queue.tail
      .then(() => this.#decide(notice, peer, url))
      .finally(() => {
        queue.waiting -= 1
        if (queue.waiting === 0) this.#queues.delete(lane)
      })
    queue.tail = answer
    return answer.then((decided) => decided && { ...of, ...decided })
  }

  /** What is kept, for whoever gives it out. */
  get copies(): Pick<EpochStore, 'copiesOf' | 'pathOf'> {
    return this.#store
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#queues.values()].map(({ tail }) => tail))
    await this.#log.close()
  }

  /** Never rejects. */
  async #decide(
    notice: EpochNotice,
    peer: EpochPeer,
    url: string,
  ): Promise<Pick<RecordAnswer, 'signature' | 'reason'> | null> {
    const { logger } = this.#options
    try {
      if (this.#stop.signal.aborted) return null
      return { signature: await this.#agree(notice, peer, url), reason: null }
    } catch (error) {
      if (this.#stop.signal.aborted) return null
      const reason = reasonOf(error)
      logger.warn({ err: error, epoch: notice.record.epoch, reason }, 'a performance record was not signed')
      return { signature: null, reason }
    }
  }

  async #agree(notice: EpochNotice, peer: EpochPeer, url: string): Promise<Hex> {
    const { nodeKey, receipts, logger } = this.#options
    const nodeId = addressToBytes32(nodeKey.address)
    const checked = checkNotice(notice, peer, nodeId)
    const { record } = checked
    const recordHash = structHash('PerformanceRecord', record)
    const key = keyOf(peer.lane, record.epoch, record.version)
    const before = this.#signed.get(key)
    if (before !== undefined && before !== recordHash) {
      throw new Disagreement('this node has signed another record of the epoch')
    }
    if (before === undefined) {
      await this.#check(notice, checked, peer, url, nodeId)
      await this.#log.append({ lane: peer.lane, epoch: record.epoch, version: record.version, recordHash })
      remember(this.#signed, key, recordHash)
      await receipts.spanChecked(peer.lane, checked.anchor.fromSeq, checked.anchor.toSeq)
      logger.info({ epoch: record.epoch, earnedMicroUsd: record.earned.toString() }, 'performance record signed')
    }
    const domain = { chainId: peer.domain.chainId, verifyingContract: notice.slaLedger as Hex }
    return signStruct(domain, 'PerformanceRecord', record, nodeKey.privateKey).signature
  }

  /** The copy is kept when it is the one that the lane signed for and tells of this node, also when the node disagrees. */
  async #check(notice: EpochNotice, checked: CheckedNotice, peer: EpochPeer, url: string, nodeId: Hex): Promise<void> {
    const { anchor } = checked
    const { lane } = peer
    const { fileBytes } = notice
    const { receipts, logger, pace = DEFAULT_FETCH_PACE } = this.#options
    const said = this.#store.contradictedBy(anchor)
    if (said) {
      const evidence = await this.#store.keepContradiction(said, peer.domain.chainId, notice, anchor.epoch)
      logger.error(
        { lane, epoch: anchor.epoch, saidIn: said.epoch, evidence },
        'a lane has signed two anchors that clash',
      )
      throw new Disagreement(
        said.epoch === anchor.epoch
          ? 'the lane has signed another anchor of this epoch before'
          : `the lane has signed for some of these numbers before, in epoch ${said.epoch}`,
      )
    }
    const delivered = receipts.deliveredOf(lane, anchor.fromSeq, anchor.toSeq)
    const file = { notice, checked, peer, nodeId, delivered, receipts }
    if (this.#store.has(lane, anchor.epoch)) {
      const { disagreement } = await checkEpochFile({ ...file, path: this.#store.pathOf(lane, anchor.epoch) })
      if (disagreement) throw disagreement
      return
    }
    if (fileBytes > this.#store.fileBytesMaxOf(lane)) {
      throw new Disagreement(`a file of ${fileBytes} bytes is too large to keep`)
    }
    const path = this.#store.draftPathOf(lane, anchor.epoch)
    try {
      await fetchEpochFile({ url, fileBytes, dataHash: anchor.dataHash, path, signal: this.#stop.signal, pace })
      const { isOfNode, disagreement, corrections } = await checkEpochFile({ ...file, path })
      if (corrections.count > 0) {
        const refundMicroUsd = corrections.refundMicroUsd.toString()
        const about = { lane, epoch: anchor.epoch, count: corrections.count, refundMicroUsd }
        logger.warn(about, 'a lane pays less for receipts of this node than they say, by its recount of their tokens')
      }
      if (isOfNode && !(await this.#store.keep(anchor, peer.domain.chainId, notice))) {
        logger.warn({ lane, epoch: anchor.epoch }, 'no copy was kept: there are copies of too many lanes')
      }
      if (disagreement) throw disagreement
    } finally {
      await rm(path, { force: true })
    }
  }
}

const keyOf = (lane: string, epoch: number, version: number): string => `${lane}:${epoch}:${version}`

function remember(signed: Map<string, string>, key: string, recordHash: string): void {
  signed.set(key, recordHash)
  const [oldest] = signed.keys()
  if (signed.size > SIGNED_MAX && oldest !== undefined) signed.delete(oldest)
}

/** For the record, and for the provider who reads it: one sentence. */
function reasonOf(error: unknown): string {
  if (error instanceof Disagreement || error instanceof OtherFile || error instanceof TooSlow) {
    return error.message.slice(0, 300)
  }
  if (isAppError(error)) return error.publicMessage.slice(0, 300)
  return `the file could not be fetched: ${error instanceof Error ? error.message : 'unknown'}`.slice(0, 300)
}
