/**
 * Performance records after their epoch is closed: asks each node for its signature, waits a bounded time, and publishes
 * what it has, exactly once for each (node, epoch, version).
 *
 * What is due stands in the lane's state, hence in the journal; the records themselves are read back from the epoch's
 * file. So a restart asks again and publishes what the dead process had not. A corrected version is due to nobody here:
 * whoever found the first one invalid asks until it is published.
 */
import type { Clock } from '@isochrone/domain'
import {
  bytes32ToAddress,
  encodeStruct,
  readEpochFileText,
  parseEpochFileLine,
  recoverStructSigner,
  signStruct,
  type EpochNotice,
  type Hex,
  type PerformanceRecord,
  type RecordAnswer,
  type Signed,
  type StructJson,
} from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { createReadStream } from 'node:fs'
import type { ClosedEpoch, EpochIndex } from './epoch-index.ts'
import type { LaneState } from './lane-state.ts'
import type { LaneWriter } from './lane-writer.ts'
import { recomputeRecord } from './recompute-record.ts'
import { domainOf } from './write-epoch.ts'
import type { LaneContracts } from './lane-contracts.ts'

/** For an answer about a small file; a large one has to be fetched and checked first. */
const ANSWER_MS_MIN = 3_000
const ANSWER_MS_MAX = 60_000
const FILE_BYTES_PER_ANSWER_MS = 2_000
/** After a restart nodes have to come back first. */
const RECONNECT_MS = 10_000

/** Says a notice to a node; false when it is not linked. */
export type NoticeListener = (nodeId: Hex, notice: EpochNotice) => boolean

export interface RecordKeeper {
  onNotice(listener: NoticeListener): void
  /** Asks for the records of an epoch that was just closed. Does not wait for the answers. */
  ask(epoch: number): void
  /** What a node that links just now has not answered yet. */
  noticesFor(nodeId: Hex): EpochNotice[]
  /** Signs a later version, asks the node and publishes it. False where there is no such epoch, or the node is not in it. */
  correct(record: { nodeId: Hex; epoch: number; version: number }): Promise<boolean>
  /** An answer that nobody waits for any more changes nothing. */
  answer(nodeId: Hex, answer: RecordAnswer): void
  /** Asks for what an earlier process left. */
  start(): void
  /** Stops waiting; what is due stays due. */
  stop(): Promise<void>
}

export interface RecordKeeperOptions {
  lane: Hex
  privateKey: Hex
  contracts: LaneContracts
  state: LaneState
  writer: LaneWriter
  index: EpochIndex
  clock: Clock
  logger: Logger
  /** Overrides how long answers are waited for, ms. */
  answerMs?: number
}

interface Waiting {
  record: Signed<PerformanceRecord>
  counts: StructJson[]
  notice: EpochNotice
  wasAsked: boolean
}

export function createRecordKeeper(options: RecordKeeperOptions): RecordKeeper {
  const { lane, privateKey, contracts, state, writer, index, logger } = options
  const domain = domainOf(contracts, contracts.slaLedger)
  const listeners: NoticeListener[] = []
  const waiting = new Map<number, Map<Hex, Waiting>>()
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  let stopped = false

  /** From the file, so that there is one truth about what was signed. */
  async function load(epoch: number): Promise<Map<Hex, Waiting>> {
    const closed = index.get(epoch)
    const due = state.recordsDue.get(epoch)
    const loaded = new Map<Hex, Waiting>()
    if (!closed || !due) return loaded
    const counts = new Map<Hex, StructJson[]>()
    for await (const batch of readEpochFileText(createReadStream(index.pathOf(epoch)))) {
      for (const { lineNumber, text } of batch) {
        if (!text.startsWith('{"kind":"counts"') && !text.startsWith('{"kind":"record"')) continue
        const line = parseEpochFileLine(lineNumber, text)
        if (line.kind === 'counts') {
          const ofNode = counts.get(line.counts.nodeId) ?? []
          counts.set(line.counts.nodeId, ofNode)
          ofNode.push(encodeStruct('SlaCounts', line.counts))
        }
        if (line.kind !== 'record' || !due.has(line.record.value.nodeId)) continue
        const { record } = line
        const { nodeId } = record.value
        loaded.set(nodeId, waitingOf(closed, record, counts.get(nodeId) ?? []))
      }
    }
    return loaded
  }

  function waitingOf(closed: ClosedEpoch, record: Signed<PerformanceRecord>, counts: StructJson[]): Waiting {
    const { anchor, anchorSignature, fileBytes } = closed
    const notice: EpochNotice = {
      anchor,
      anchorSignature,
      receiptAnchor: contracts.receiptAnchor,
      filePath: `/v1/epochs/${record.value.epoch}/file`,
      fileBytes,
      record: encodeStruct('PerformanceRecord', record.value),
      recordSignature: record.signature,
      slaLedger: contracts.slaLedger,
    }
    return { record, counts, notice, wasAsked: false }
  }

  function tell(nodeId: Hex, entry: Waiting): void {
    for (const listener of listeners) if (listener(nodeId, entry.notice)) entry.wasAsked = true
  }

  async function run(epoch: number, extraMs: number): Promise<void> {
    waitFor(epoch, await load(epoch), extraMs)
  }

  async function correct({ nodeId, epoch, version }: Parameters<RecordKeeper['correct']>[0]): Promise<boolean> {
    const closed = index.get(epoch)
    if (!closed || stopped) return false
    if (waiting.get(epoch)?.has(nodeId)) return true
    const found = await recomputeRecord({ path: index.pathOf(epoch), lane, epoch, nodeId })
    if (!found) return false
    const record = signStruct(domain, 'PerformanceRecord', { ...found.record, version }, privateKey)
    if (!waiting.get(epoch)?.has(nodeId)) {
      logger.warn({ nodeId, epoch, version }, 'a performance record was found invalid; a corrected one is signed')
      waitFor(epoch, new Map([[nodeId, waitingOf(closed, record, found.counts)]]), 0)
    }
    return true
  }

  function waitFor(epoch: number, entries: ReadonlyMap<Hex, Waiting>, extraMs: number): void {
    if (stopped || entries.size === 0) return
    waiting.set(epoch, new Map([...(waiting.get(epoch) ?? []), ...entries]))
    for (const [nodeId, entry] of entries) tell(nodeId, entry)
    const fileMs = (index.get(epoch)?.fileBytes ?? 0) / FILE_BYTES_PER_ANSWER_MS
    const waitMs = options.answerMs ?? Math.min(ANSWER_MS_MAX, ANSWER_MS_MIN + fileMs) + extraMs
    const timer = setTimeout(() => {
      timers.delete(timer)
      for (const [nodeId, entry] of entries) {
        if (waiting.get(epoch)?.get(nodeId) !== entry) continue
        const reason = entry.wasAsked ? 'The node did not answer in time.' : 'The node was not linked to this gateway.'
        publish(epoch, nodeId, null, reason)
      }
    }, waitMs)
    timers.add(timer)
  }

  function publish(epoch: number, nodeId: Hex, nodeSignature: Hex | null, nodeReason: string | null): void {
    const entries = waiting.get(epoch)
    const entry = entries?.get(nodeId)
    if (!entries || !entry || stopped) return
    entries.delete(nodeId)
    if (entries.size === 0) waiting.delete(epoch)
    const about = { nodeId, epoch, nodeReason }
    if (nodeSignature === null) logger.warn(about, 'a performance record goes out without the node’s signature')
    // A journal that takes nothing any more leaves it due for the next start.
    journalled(entry, nodeSignature, nodeReason).catch((error: unknown) =>
      logger.error({ err: error, ...about }, 'a performance record could not be journalled'),
    )
  }

  async function journalled(
    { record, counts }: Waiting,
    nodeSignature: Hex | null,
    nodeReason: string | null,
  ): Promise<void> {
    await writer.write({
      type: 'performance-signed',
      lane,
      record: encodeStruct('PerformanceRecord', record.value),
      laneSignature: record.signature,
      nodeSignature,
      nodeReason,
      counts,
    })
  }

  function begin(epoch: number, extraMs: number): void {
    if (stopped) return
    const asked = run(epoch, extraMs)
      // It stays due: the next start tries again.
      .catch((error: unknown) => logger.error({ err: error, epoch }, 'performance records could not be read back'))
      .finally(() => running.delete(asked))
    running.add(asked)
  }

  return {
    correct,
    onNotice: (listener) => void listeners.push(listener),
    ask: (epoch) => begin(epoch, 0),
    noticesFor(nodeId) {
      const found: EpochNotice[] = []
      for (const entries of waiting.values()) {
        const entry = entries.get(nodeId)
        if (!entry) continue
        entry.wasAsked = true
        found.push(entry.notice)
      }
      return found
    },
    answer(nodeId, { epoch, version, signature, reason }) {
      const record = waiting.get(epoch)?.get(nodeId)?.record
      if (!record || record.value.version !== version) return
      if (signature === null) return publish(epoch, nodeId, null, reason ?? 'The node gave no reason.')
      const signed = { value: record.value, signature: signature as Hex }
      const isNode = recoverStructSigner(domain, 'PerformanceRecord', signed) === bytes32ToAddress(nodeId)
      if (isNode) publish(epoch, nodeId, signed.signature, null)
      else publish(epoch, nodeId, null, 'The node’s signature does not fit the record.')
    },
    start() {
      for (const epoch of state.recordsDue.keys()) begin(epoch, RECONNECT_MS)
    },
    async stop() {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(running)
    },
  }
}
