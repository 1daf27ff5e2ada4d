/**
 * Idempotency keys: the same key and body within 24 hours give the same answer, whichever gateway is asked, and are billed
 * once. A retry waits for the request that is under way; another body under the key is refused.
 *
 * What cost nothing may be tried again under its key. What failed and was billed has its error as its answer. What was billed
 * and cannot be repeated (its answer was too large to keep, its gateway died) is refused and names the request, because
 * running it again would bill it twice. While a request runs its gateway says so every few seconds; a retry does not wait
 * for one of which nobody says it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, type Clock } from '@isochrone/domain'
import { KEPT_MS, type IdempotencyStore } from './idempotency-store.ts'
import { createSealing, type KeptAnswer, type Keyed } from './kept-answer.ts'

/** This request runs; what it comes to is told once. */
export interface Claim {
  /** Keeps what was answered, so that a retry gets it too. Null: it was too large. Never rejects. */
  keep(answer: KeptAnswer | null): Promise<void>
  /** Nothing was billed: the key is free again. Never rejects. */
  release(): Promise<void>
}

export interface Idempotency {
  /**
   * The claim, or the answer that is there already. Throws `forbidden` where the store is outside the organisation's
   * residency, `state_conflict` for another body and for what cannot be repeated, `capacity_unavailable` where keys cannot
   * be checked now.
   */
  enter(keyed: Keyed, requestId: string, signal: AbortSignal): Promise<{ claim: Claim } | { answer: KeptAnswer }>
}

export interface IdempotencyOptions {
  store: IdempotencyStore
  clock: Clock
  /** The same at every gateway of the store; keys are derived from it, and it is used for nothing else here. */
  secret: string
  /** Throws `forbidden` where nothing of this organisation may be kept in the store. */
  requireInside: (orgId: string) => void
}

/** Of an answer, sealed. */
const ANSWER_BYTES_MAX = 1024 * 1024
export const KEY_LENGTH_MAX = 255
const POLL_MS = 100
/** Between two words that a request is under way. */
const SAY_MS = 2_000
/** A gateway that has its store back says it again sooner than this. */
const UNSAID_MS_MAX = 4_000
/** No request runs longer: six attempts of an hour each and their waits end before. */
export const RUNNING_MS_MAX = 7 * 60 * 60_000
/** When a retry may find the answer of a gateway that was only away. */
const LOOK_AGAIN_S = 10

interface Entry {
  fingerprint: string
  requestId: string
  atMs: number
  /** Absent while it runs, null where it was not kept. */
  answer?: string | null
}

export function createIdempotency({ store, clock, secret, requireInside }: IdempotencyOptions): Idempotency {
  const sealing = createSealing(secret)
  const running = sayThatTheyRun(store)

  function claimOf(name: string, keyed: Keyed, entry: Entry): Claim {
    const value = JSON.stringify(entry)
    // Whoever was answered is not told of a store that is away: the claim then stands without an answer.
    async function put(answer: string | null): Promise<void> {
      const leftMs = entry.atMs + KEPT_MS - clock.nowMs()
      if (leftMs > 0) await store.put(name, value, JSON.stringify({ ...entry, answer }), leftMs).catch(() => {})
      running.ended(name)
    }
    running.began(name)
    return {
      async keep(answer) {
        const sealed = answer === null ? null : sealing.seal(keyed, answer)
        const fits = sealed !== null && sealed.length <= ANSWER_BYTES_MAX
        const kept = fits && (await store.mayKeep(keyed.orgId, sealed.length).catch(() => false))
        await put(kept ? sealed : null)
      },
      async release() {
        await store.release(name, value).catch(() => {})
        running.ended(name)
      },
    }
  }

  /** Null while it runs. Throws where it can have no answer. */
  function answerIn(known: Entry, keyed: Keyed): KeptAnswer | null {
    if (known.fingerprint !== sealing.fingerprintOf(keyed)) {
      throw conflict('This idempotency key was used with another body.')
    }
    if (typeof known.answer === 'string') return sealing.open(keyed, known.answer)
    if (known.answer === null) {
      throw conflict(`This was answered as ${known.requestId}; its answer is too large to be repeated. Use a new key.`)
    }
    if (clock.nowMs() - known.atMs <= RUNNING_MS_MAX) return null
    throw conflict(`The gateway that ran ${known.requestId} under this key did not finish it. Use a new key.`)
  }

  return {
    async enter(keyed, requestId, signal) {
      requireInside(keyed.orgId)
      const name = sealing.nameOf(keyed)
      const entry: Entry = { fingerprint: sealing.fingerprintOf(keyed), requestId, atMs: clock.nowMs() }
      const ask = async <T>(work: Promise<T>): Promise<T> => work.catch((cause: unknown) => Promise.reject(away(cause)))
      let saidAtMs = clock.nowMs()
      for (;;) {
        const known = await ask(store.claim(name, JSON.stringify(entry)))
        if (known === null) return { claim: claimOf(name, keyed, entry) }
        const other = JSON.parse(known) as Entry
        const answer = answerIn(other, keyed)
        if (answer) return { answer }
        if (await ask(store.isRunning(name))) saidAtMs = clock.nowMs()
        else if (clock.nowMs() - saidAtMs >= UNSAID_MS_MAX) throw unheardOf(other.requestId)
        await sleep(POLL_MS, undefined, { signal }).catch(() => Promise.reject(gone()))
      }
    },
  }
}

/** Says of what has begun here and not ended that it runs, at once and every few seconds. */
function sayThatTheyRun(store: IdempotencyStore) {
  const running = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const say = (names: readonly string[]): void => void store.sayRunning(names).catch(() => {})
  return {
    began(name: string): void {
      running.add(name)
      say([name])
      timer ??= setInterval(() => say([...running]), SAY_MS).unref()
    },
    ended(name: string): void {
      running.delete(name)
      if (running.size > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}

const gone = (): AppError => new AppError('invalid_input', { publicMessage: 'The client closed the request.' })

const conflict = (publicMessage: string, retryAfterS?: number): AppError =>
  new AppError('state_conflict', {
    publicMessage,
    ...(retryAfterS !== undefined && { retryAfterS }),
    details: { reason: 'idempotency_conflict' },
  })

/** It may have been billed, and its gateway may come back with the answer. */
const unheardOf = (requestId: string): AppError =>
  conflict(
    `The gateway that ran ${requestId} under this key is not heard of any more, and the request may have been billed: it is not run again. A retry gets its answer if that gateway is only away; else use a new key.`,
    LOOK_AGAIN_S,
  )

const away = (cause: unknown): AppError =>
  new AppError('capacity_unavailable', {
    publicMessage: 'Idempotency keys cannot be checked at this moment. Try again shortly, or without a key.',
    retryAfterS: 2,
    cause,
  })
