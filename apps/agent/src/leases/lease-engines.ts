/**
 * The engines that this node runs for leases, one for each, beside its own: started, metered and stopped by a gateway's order.
 *
 * The node signs a reading only for an engine that it runs, at the price of the terms, and for no time twice: where its last
 * reading ended is on disk before the signature leaves. An engine that no gateway has spoken of for long is stopped.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  addressToBytes32,
  decodeStruct,
  leasePriceMicroUsd,
  signStruct,
  termsHashOf,
  type Hex,
  type LeaseOrder,
  type LeaseOrderAnswer,
  type LeaseReceipt,
  type SigningDomain,
  type StructJson,
} from '@isochrone/protocol'
import { replaceFile, type Logger } from '@isochrone/runtime'
import { z } from 'zod'
import type { RunningEngine } from '../engines/start-engine.ts'
import { StreamCapacity } from '../link/stream-capacity.ts'
import type { NodeKeyPair } from '../node/node-key.ts'

export interface LeasedEngine {
  readonly engine: RunningEngine
  readonly capacity: StreamCapacity
}

export interface LeaseEnginesOptions {
  dataDir: string
  nodeKey: NodeKeyPair
  /** Starts an engine for so many GPUs. Rejects where the node serves no such model. */
  start: (model: string, gpus: number) => Promise<RunningEngine>
  concurrencyMax: number
  logger: Logger
  nowMs?: () => number
}

interface Entry {
  ready: Promise<LeasedEngine>
  running: LeasedEngine | null
  gpus: number
  startedAtMs: number
  heardAtMs: number
}

const LEASES_MAX = 64
/** A gateway reads each minute. */
const SILENCE_MS_MAX = 600_000
const SWEEP_MS = 30_000
/** Clocks of a gateway and a node differ by less. */
const CLOCK_MS_MAX = 5_000
/** Readings that ended so long ago are forgotten. */
const KEPT_MS = 45 * 86_400_000

const signedTo = z.record(z.string().regex(/^0x[0-9a-f]{64}$/), z.int().min(0))

export class LeaseEngines {
  readonly #options: LeaseEnginesOptions
  readonly #entries = new Map<Hex, Entry>()
  readonly #signedTo: Map<Hex, number>
  readonly #timer: NodeJS.Timeout
  #writing: Promise<void> = Promise.resolve()

  private constructor(options: LeaseEnginesOptions, signed: Map<Hex, number>) {
    this.#options = options
    this.#signedTo = signed
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS)
    this.#timer.unref()
  }

  static async open(options: LeaseEnginesOptions): Promise<LeaseEngines> {
    const text = await readFile(pathIn(options.dataDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}'
      throw error
    })
    return new LeaseEngines(options, new Map(Object.entries(signedTo.parse(JSON.parse(text))) as [Hex, number][]))
  }

  /** The engine that serves a lease now; undefined where there is none. */
  of(leaseId: string): LeasedEngine | undefined {
    return this.#entries.get(leaseId as Hex)?.running ?? undefined
  }

  /** Carries an order out. Never throws: what cannot be done is said so. */
  async carryOut(
    { id, leaseId, order }: LeaseOrder,
    peer: { domain: SigningDomain; lane: Hex },
  ): Promise<LeaseOrderAnswer> {
    const answer = { id, reason: null, signature: null, signedToMs: this.#signedTo.get(leaseId as Hex) ?? null }
    try {
      if (order.kind === 'provision') await this.#provision(leaseId as Hex, order)
      else if (order.kind === 'stop') await this.#stop(leaseId as Hex)
      else return { ...answer, outcome: 'done', signature: await this.#sign(leaseId as Hex, order, peer) }
      return { ...answer, outcome: 'done' }
    } catch (error) {
      const outcome = error instanceof UnknownLease ? 'unknown' : 'refused'
      const reason = (error instanceof Error ? error.message : String(error)).slice(0, 300)
      this.#options.logger.warn({ leaseId, order: order.kind, reason }, 'an order about a lease was not carried out')
      return { ...answer, outcome, reason }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([...this.#entries.keys()].map((leaseId) => this.#stop(leaseId)))
    await this.#writing
  }

  async #provision(leaseId: Hex, { model, gpus }: { model: string; gpus: number }): Promise<void> {
    let entry = this.#entries.get(leaseId)
    if (!entry) {
      if (this.#entries.size >= LEASES_MAX) throw new Error(`this node runs ${LEASES_MAX} leases already`)
      entry = this.#begin(leaseId, model, gpus)
    }
    entry.heardAtMs = this.#nowMs()
    await entry.ready
  }

  #begin(leaseId: Hex, model: string, gpus: number): Entry {
    const { start, concurrencyMax, logger } = this.#options
    const ready = start(model, gpus).then((engine) => ({ engine, capacity: new StreamCapacity(concurrencyMax) }))
    const entry: Entry = { ready, running: null, gpus, startedAtMs: this.#nowMs(), heardAtMs: this.#nowMs() }
    this.#entries.set(leaseId, entry)
    ready.then(
      (running) => {
        entry.running = running
        entry.startedAtMs = this.#nowMs()
        logger.info({ leaseId, model, gpus }, 'an engine runs for a lease')
      },
      () => this.#entries.delete(leaseId),
    )
    return entry
  }

  async #stop(leaseId: Hex): Promise<void> {
    const entry = this.#entries.get(leaseId)
    if (!entry) return
    this.#entries.delete(leaseId)
    entry.running?.capacity.drain()
    const running = await entry.ready.catch(() => null)
    await running?.engine.close()
    this.#options.logger.info({ leaseId }, 'the engine of a lease was stopped')
  }

  async #sign(
    leaseId: Hex,
    { reading: json, terms: termsJson }: { reading: StructJson; terms: StructJson },
    { domain, lane }: { domain: SigningDomain; lane: Hex },
  ): Promise<Hex> {
    const entry = this.#entries.get(leaseId)
    if (!entry?.running) throw new UnknownLease('this node runs no engine for the lease')
    entry.heardAtMs = this.#nowMs()
    const reading = decodeStruct('LeaseReceipt', json)
    const terms = decodeStruct('Terms', termsJson)
    const { nodeKey } = this.#options
    const isOurs = reading.leaseId === leaseId && reading.nodeId === addressToBytes32(nodeKey.address)
    if (!isOurs || reading.lane !== lane || reading.seq !== 0)
      throw new Error('the reading is of another lease, node or lane')
    if (termsHashOf(terms) !== reading.termsHash) throw new Error('the terms are not those that the reading names')
    this.#requireTime(reading, entry)
    if (reading.price !== leasePriceMicroUsd(reading, terms))
      throw new Error('the price does not follow from the terms')
    const { signature } = signStruct(domain, 'LeaseReceipt', reading, nodeKey.privateKey)
    await this.#remember(leaseId, reading.toMs)
    return signature
  }

  #requireTime({ leaseId, fromMs, toMs, gpuMs }: LeaseReceipt, { gpus, startedAtMs }: Entry): void {
    const last = this.#signedTo.get(leaseId) ?? 0
    if (fromMs < last) throw new Error(`the time until ${last} is signed for`)
    if (toMs <= fromMs || gpuMs !== (toMs - fromMs) * gpus) throw new Error('the GPU time is not that of the span')
    if (fromMs < startedAtMs - CLOCK_MS_MAX) throw new Error('the engine did not run then')
    if (toMs > this.#nowMs() + CLOCK_MS_MAX) throw new Error('the span lies in the future')
  }

  /** One write at a time, whole. A signature leaves after it. */
  async #remember(leaseId: Hex, toMs: number): Promise<void> {
    this.#signedTo.set(leaseId, toMs)
    const oldest = this.#nowMs() - KEPT_MS
    for (const [id, endedMs] of this.#signedTo) if (endedMs < oldest) this.#signedTo.delete(id)
    const path = pathIn(this.#options.dataDir)
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(() => replaceFile(path, JSON.stringify(Object.fromEntries(this.#signedTo)), { mode: 0o600 }))
    await this.#writing
  }

  #sweep(): void {
    for (const [leaseId, { heardAtMs }] of this.#entries) {
      if (this.#nowMs() - heardAtMs <= SILENCE_MS_MAX) continue
      this.#stop(leaseId).catch((error: unknown) =>
        this.#options.logger.error({ err: error, leaseId }, 'the engine of a forgotten lease did not stop'),
      )
    }
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)()
  }
}

class UnknownLease extends Error {}

const pathIn = (dataDir: string): string => join(dataDir, 'leases.json')
