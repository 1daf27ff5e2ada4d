/**
 * Checks signatures beside the reading of the file: batches go to worker threads, and reading waits when enough batches
 * are under way, so that memory stays flat however large the file is.
 */
import { Worker } from 'node:worker_threads'
import { hexToBytes, type Hex } from '@isochrone/protocol'
import { recoverBatch, type SignatureBatch } from './recover-batch.ts'

export interface SignatureToCheck {
  /** 32 bytes. */
  digest: Uint8Array
  signature: Hex
  /** Address, lower case. */
  signer: Hex
  /** What to say when it is another's. */
  line: number
  what: string
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

interface Labels {
  lines: number[]
  whats: string[]
  signers: Hex[]
}

/** With no threads, batches are checked where they are filled. */
export class SignaturePool {
  readonly #threads: number
  readonly #workers: Worker[] = []
  readonly #wrong: (wrong: WrongSignature) => void
  readonly #underWay = new Map<number, Labels>()
  #batch = newBatch()
  #labels: Labels = { lines: [], whats: [], signers: [] }
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

  add({ digest, signature, signer, line, what }: SignatureToCheck): void {
    const i = this.#labels.lines.length
    this.#batch.digests.set(digest, i * 32)
    this.#batch.signatures.set(hexToBytes(signature), i * 65)
    this.#batch.signers.set(hexToBytes(signer), i * 20)
    this.#labels.lines.push(line)
    this.#labels.whats.push(what)
    this.#labels.signers.push(signer)
    if (i + 1 === BATCH) this.#send()
  }

  /** Resolves when there is room for another batch. Throws when a thread failed. */
  async ready(): Promise<void> {
    await this.#until(() => !this.isBusy)
  }

  /** Resolves when everything that was added is checked. */
  async finish(): Promise<void> {
    if (this.#labels.lines.length > 0) this.#send()
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
    const batch: SignatureBatch = { id, count: this.#labels.lines.length, ...this.#batch }
    this.#underWay.set(id, this.#labels)
    this.#labels = { lines: [], whats: [], signers: [] }
    this.#batch = newBatch()
    if (this.#threads > 0) {
      const worker = this.#workerFor(id % this.#threads)
      worker.postMessage(batch, [batch.digests.buffer, batch.signatures.buffer, batch.signers.buffer])
    } else {
      this.#done(id, recoverBatch(batch))
    }
  }

  /** Started when there is work for it: a small epoch needs one thread, or none. */
  #workerFor(index: number): Worker {
    const known = this.#workers[index]
    if (known) return known
    const worker = new Worker(new URL('signature-worker.ts', import.meta.url))
    worker.on('message', ({ id, found }: { id: number; found: [number, Hex | null][] }) => this.#done(id, found))
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

  #done(id: number, found: [number, Hex | null][]): void {
    const labels = this.#underWay.get(id) as Labels
    this.#underWay.delete(id)
    this.#checked += labels.lines.length
    for (const [i, signer] of found) {
      const [line, what, expected] = [labels.lines[i] as number, labels.whats[i] as string, labels.signers[i] as Hex]
      this.#wrong({ line, what, signer: expected, found: signer })
    }
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

const newBatch = () => ({
  digests: new Uint8Array(BATCH * 32),
  signatures: new Uint8Array(BATCH * 65),
  signers: new Uint8Array(BATCH * 20),
})
