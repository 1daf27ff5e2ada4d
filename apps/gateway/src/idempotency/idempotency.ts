/**
 * Idempotency keys: the same key and body within 24 hours give the same answer, whichever gateway is asked, and are billed
 * once. A retry waits for the request that is under way; another body under the key is refused.
 *
 * What cost nothing may be tried again under its key. What failed and was billed has its error as its answer. What was billed
 * and cannot be repeated (its answer was too large to keep, its gateway died) is refused and names the request, because
 * running it again would bill it twice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, type Clock } from '@isochrone/domain'
import type { IdempotencyStore } from './idempotency-store.ts'
import { claimNameOf, openAnswer, sealAnswer, type KeptAnswer, type Seal } from './kept-answer.ts'

/** This request runs; what it comes to is told once. */
export interface Claim {
  /** Keeps what was answered, so that a retry gets it too. Null: it was too large. Never rejects. */
  keep(answer: KeptAnswer | null): Promise<void>
  /** Nothing was billed: the key is free again. Never rejects. */
  release(): Promise<void>
}

export interface Idempotency {
  /**
   * The claim, or the answer that is there already. Throws `state_conflict` for another body and for what cannot be
   * repeated, `capacity_unavailable` where keys cannot be checked now.
   */
  enter(seal: Seal, requestId: string, signal: AbortSignal): Promise<{ claim: Claim } | { answer: KeptAnswer }>
}

/** Of an answer, sealed. */
const ANSWER_BYTES_MAX = 1024 * 1024
export const KEY_LENGTH_MAX = 255
const POLL_MS = 100
/** No request runs longer: its gateway has died. */
const RUNNING_MS_MAX = 35 * 60_000

interface Entry {
  fingerprint: string
  requestId: string
  atMs: number
  /** Absent while it runs, null where it was not kept. */
  answer?: string | null
}

export function createIdempotency(store: IdempotencyStore, clock: Clock): Idempotency {
  function claimOf(name: string, seal: Seal, entry: Entry): Claim {
    // Whoever was answered is not told of a store that is away: the claim then stands without an answer.
    const put = async (answer: string | null): Promise<void> =>
      store.put(name, JSON.stringify({ ...entry, answer })).catch(() => {})
    return {
      async keep(answer) {
        const sealed = answer === null ? null : sealAnswer(seal, answer)
        const fits = sealed !== null && sealed.length <= ANSWER_BYTES_MAX
        const kept = fits && (await store.mayKeep(seal.orgId, sealed.length).catch(() => false))
        await put(kept ? sealed : null)
      },
      release: () => store.release(name).catch(() => {}),
    }
  }

  return {
    async enter(seal, requestId, signal) {
      const name = claimNameOf(seal.orgId, seal.idempotencyKey)
      const entry: Entry = { fingerprint: seal.fingerprint, requestId, atMs: clock.nowMs() }
      for (;;) {
        const known = await store
          .claim(name, JSON.stringify(entry))
          .catch((cause: unknown) => Promise.reject(away(cause)))
        if (known === null) return { claim: claimOf(name, seal, entry) }
        const other = JSON.parse(known) as Entry
        if (other.fingerprint !== seal.fingerprint) throw conflict('This idempotency key was used with another body.')
        if (typeof other.answer === 'string') return { answer: openAnswer(seal, other.answer) }
        if (other.answer === null) {
          throw conflict(
            `This was answered as ${other.requestId}; its answer is too large to be repeated. Use a new key.`,
          )
        }
        if (clock.nowMs() - other.atMs > RUNNING_MS_MAX) {
          throw conflict(`The gateway that ran ${other.requestId} under this key did not finish it. Use a new key.`)
        }
        await sleep(POLL_MS, undefined, { signal }).catch(() => Promise.reject(gone()))
      }
    },
  }
}

const gone = (): AppError => new AppError('invalid_input', { publicMessage: 'The client closed the request.' })

const conflict = (publicMessage: string): AppError =>
  new AppError('state_conflict', { publicMessage, details: { reason: 'idempotency_conflict' } })

const away = (cause: unknown): AppError =>
  new AppError('capacity_unavailable', {
    publicMessage: 'Idempotency keys cannot be checked at this moment. Try again shortly, or without a key.',
    retryAfterS: 2,
    cause,
  })
