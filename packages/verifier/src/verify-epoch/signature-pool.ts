/**
 * Checks signatures beside the reading of the file: batches go to worker threads, and reading waits when enough batches
 * are under way, so that memory stays flat however large the file is. Batches are used again when they come back.
 */
import { Worker } from 'node:worker_threads'
import { bytesToHex, hexToBytes, type Hex } from '@isochrone/protocol'
import {
  buffersOf,
  recoverBatch,
  type CheckedBatch,
  type SignatureBatch,
  type SignatureBytes,
} from './recover-batch.ts'

export interface SignatureToCheck {
  /** 32 bytes. */
  digest: Uint8Array
  signature: Hex
  /** Address, lower case. */
  signer: Hex
  /** What to say when it is another's: a text that many share, and the number of the receipt where it is one's. */
  line: number
  what: string
  seq: number | null
}

export interface WrongSignature {
  line: number
  what: string
  signer: Hex
  found: Hex | null
}

const BATCH = 512
/** Batches under way for each thread: one in work, one waiting. */
const BATCHES_PER_THREAD = 2
/**
 * MiB. A thread holds its code, one batch and short texts; without a limit the engine lets garbage pile up in proportion
 * to how much was made, which is to the epoch.
 */
const HEAP_LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 }

/** A batch being filled: the bytes that are sent, and what to say of each. */
interface Filled extends SignatureBytes {
  lines: Uint32Array
  seqs: Float64Array
  whats: string[]
}

/** With no threads, batches are checked where they are filled. */
export class SignaturePool {
  readonly #threads: number
  readonly #workers: Worker[] = []
  readonly #wrong: (wrong: WrongSignature) => void
  readonly #underWay = new Map<number, Filled>()
  /** Came back, and can be filled again. */
  readonly #spare: Filled[] = []
  #batch = newBatch()
  #count = 0
  #nextId = 0
  #checked = 0
  #failure: Error | null = null
  #wake: (() => void) | null = null

  constructor(threads: number, wrong: (wrong: WrongSignature) => void) {
    this.#threads = threads
    this.#wrong = wrong
  }

  get checked(): number {
    return this.#checked
  }

  /** True when reading should wait for {@link ready}. */
  get isBusy(): boolean {
    return this.#underWay.size >= Math.max(1, this.#threads) * BATCHES_PER_THREAD
  }

  add({ digest, signature, signer, line, what, seq }: SignatureToCheck): void {
    const i = this.#count++
    this.#batch.digests.set(digest, i * 32)
    this.#batch.signatures.set(hexToBytes(signature), i * 65)
    this.#batch.signers.set(hexToBytes(signer), i * 20)
    this.#batch.lines[i] = line
    this.#batch.whats[i] = what
    this.#batch.seqs[i] = seq ?? NO_SEQ
    if (i + 1 === BATCH) this.#send()
  }

  /** Resolves when there is room for another batch. Throws when a thread failed. */
  async ready(): Promise<void> {
    await this.#until(() => !this.isBusy)
  }

  /** Resolves when everything that was added is checked. */
  async finish(): Promise<void> {
    if (this.#count > 0) this.#send()
    await this.#until(() => this.#underWay.size === 0)
  }

  /** Asks the threads to end. They are never stopped from outside: native code in one would take the process with it. */
  async close(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        // One that ended by itself has no number any more.
        if (worker.threadId < 0) return
        const ended = new Promise((resolve) => worker.once('exit', resolve))
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
        worker.postMessage(null)
        await ended
      }),
    )
  }

  #send(): void {
    const id = this.#nextId++
    const { digests, signatures, signers } = this.#batch
    const batch: SignatureBatch = { id, count: this.#count, digests, signatures, signers }
    this.#underWay.set(id, this.#batch)
    this.#batch = this.#spare.pop() ?? newBatch()
    this.#count = 0
    if (this.#threads > 0) this.#workerFor(id % this.#threads).postMessage(batch, buffersOf(batch))
    else this.#done(recoverBatch(batch))
  }

  /** Started when there is work for it: a small epoch needs one thread, or none. */
  #workerFor(index: number): Worker {
    const known = this.#workers[index]
    if (known) return known
    const worker = new Worker(new URL('signature-worker.ts', import.meta.url), { resourceLimits: HEAP_LIMITS })
    worker.on('message', (batch: CheckedBatch) => this.#done(batch))
    const fail = (error: Error) => {
      this.#failure ??= error
      this.#wake?.()
    }
    worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => {
      if (this.#underWay.size > 0) fail(new Error('A thread that checks signatures ended'))
    })
    this.#workers[index] = worker
    return worker
  }

  #done({ id, count, wrong, digests, signatures, signers }: CheckedBatch): void {
    const { lines, seqs, whats } = this.#underWay.get(id) as Filled
    this.#underWay.delete(id)
    this.#checked += count
    for (const [i, found] of wrong) {
      const [line, seq, what] = [lines[i] as number, seqs[i] as number, whats[i] as string]
      const signer = bytesToHex(signers.subarray(i * 20, i * 20 + 20))
      this.#wrong({ line, what: seq === NO_SEQ ? what : `${what} receipt ${seq}`, signer, found })
    }
    // The bytes that were sent are gone from here; those that came back take their place.
    this.#spare.push({ digests, signatures, signers, lines, seqs, whats })
    this.#wake?.()
  }

  async #until(isDone: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure
      if (isDone()) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
  }
}

/** No receipt has it: lanes number from 1. */
const NO_SEQ = -1

const newBatch = (): Filled => ({
  digests: new Uint8Array(BATCH * 32),
  signatures: new Uint8Array(BATCH * 65),
  signers: new Uint8Array(BATCH * 20),
  lines: new Uint32Array(BATCH),
  seqs: new Float64Array(BATCH),
  whats: [],
})
