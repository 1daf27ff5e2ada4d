/**
 * What became of queued jobs that were dispatched here, so that none is run twice however late it comes again.
 *
 * The worker asks again whenever it does not know: Postgres was away, it was killed, the connection broke. Answers are kept
 * by bytes; that a job was answered, by number. Whatever is forgotten raises the time since which everything is known, and a
 * job that was first dispatched before then is not run on a guess: its answer comes through the receipts' stream.
 */
import { NewestKeys } from '@isochrone/domain'
import type { DispatchResponse } from '@isochrone/protocol'

/** `unknown`: it may have been answered here, or not; nothing must be run. */
export type JobKnowledge = 'new' | 'begun' | 'finished' | 'unknown'

/** As a checkpoint holds it. */
export interface JobMemoryRecord {
  sinceMs: number
  /** Request id, first attempt number never used, 1 where it was answered, when it began. */
  known: [requestId: string, nextAttempt: number, finished: 0 | 1, beganAtMs: number][]
}

export interface JobMemoryLimits {
  jobsMax: number
  answersBytesMax: number
}

interface Known {
  nextAttempt: number
  finished: boolean
  beganAtMs: number
}

const LIMITS: JobMemoryLimits = { jobsMax: 20_000, answersBytesMax: 64 * 1024 * 1024 }

export class JobMemory {
  /** Jobs that began at or after this are all known. Before anything is restored: nothing is. */
  #sinceMs = Number.POSITIVE_INFINITY
  #known = new Map<string, Known>()
  #newest: NewestKeys<string>
  readonly #answers = new Map<string, { response: DispatchResponse; bytes: number }>()
  #answersBytes = 0
  readonly #limits: JobMemoryLimits

  constructor(limits: JobMemoryLimits = LIMITS) {
    this.#limits = limits
    this.#newest = new NewestKeys(limits.jobsMax)
  }

  /** For a journal that begins now: there is nothing before. */
  beginAt(nowMs: number): void {
    this.#sinceMs = nowMs
  }

  get hasBegun(): boolean {
    return Number.isFinite(this.#sinceMs)
  }

  began(requestId: string, attempt: number, startedAtMs: number): void {
    const known = this.#known.get(requestId)
    if (known) known.nextAttempt = Math.max(known.nextAttempt, attempt + 1)
    else this.#add(requestId, { nextAttempt: attempt + 1, finished: false, beganAtMs: startedAtMs })
  }

  answered(requestId: string, response: DispatchResponse, atMs: number): void {
    const known = this.#known.get(requestId)
    if (known) known.finished = true
    else this.#add(requestId, { nextAttempt: 1, finished: true, beganAtMs: atMs })
    this.#keep(requestId, response)
  }

  nextAttempt(requestId: string): number {
    return this.#known.get(requestId)?.nextAttempt ?? 0
  }

  answerOf(requestId: string): DispatchResponse | undefined {
    return this.#answers.get(requestId)?.response
  }

  /** @param firstDispatchedAtMs when the job was dispatched first, as its row says; null where this is the first time. */
  knows(requestId: string, firstDispatchedAtMs: number | null): JobKnowledge {
    const known = this.#known.get(requestId)
    if (known) return known.finished ? 'finished' : 'begun'
    return firstDispatchedAtMs === null || firstDispatchedAtMs >= this.#sinceMs ? 'new' : 'unknown'
  }

  record(): JobMemoryRecord {
    return {
      sinceMs: this.#sinceMs,
      known: [...this.#known].map(([id, { nextAttempt, finished, beganAtMs }]) => [
        id,
        nextAttempt,
        finished ? 1 : 0,
        beganAtMs,
      ]),
    }
  }

  /** Answers that were read back stay: a checkpoint holds none. */
  restore({ sinceMs, known }: JobMemoryRecord): void {
    this.#sinceMs = sinceMs
    const later = this.#known
    this.#known = new Map()
    this.#newest = new NewestKeys(this.#limits.jobsMax)
    for (const [id, nextAttempt, finished, beganAtMs] of known) {
      this.#add(id, { nextAttempt, finished: finished === 1, beganAtMs })
    }
    for (const [id, { nextAttempt, finished, beganAtMs }] of later) {
      const restored = this.#known.get(id)
      if (!restored) this.#add(id, { nextAttempt, finished, beganAtMs })
      else {
        restored.nextAttempt = Math.max(restored.nextAttempt, nextAttempt)
        restored.finished ||= finished
      }
    }
  }

  #add(requestId: string, known: Known): void {
    this.#known.set(requestId, known)
    const over = this.#newest.add(requestId)
    const forgotten = over === undefined ? undefined : this.#known.get(over)
    if (over === undefined || !forgotten) return
    this.#known.delete(over)
    this.#sinceMs = Math.max(this.#sinceMs, forgotten.beganAtMs + 1)
  }

  #keep(requestId: string, response: DispatchResponse): void {
    const bytes = 2 * (JSON.stringify(response.answer)?.length ?? 0) + 512
    const before = this.#answers.get(requestId)
    if (before) this.#answersBytes -= before.bytes
    this.#answers.delete(requestId)
    if (bytes > this.#limits.answersBytesMax / 4) return
    this.#answers.set(requestId, { response, bytes })
    this.#answersBytes += bytes
    for (const [id, kept] of this.#answers) {
      if (this.#answersBytes <= this.#limits.answersBytesMax) break
      this.#answers.delete(id)
      this.#answersBytes -= kept.bytes
    }
  }
}
