/**
 * The keys that requests may be sealed to, and what was opened with them.
 *
 * Private halves live in this process's memory alone: never on disk, and gone with the process or an hour after the key
 * was last published, so what was sealed earlier can be opened by nobody any more. A request is opened once, while it is
 * fresh; what cannot be said for certain is refused.
 */
import type { Clock } from '@isochrone/domain'
import { addressToBytes32, signStruct, type SigningDomain, type StreamOpen } from '@isochrone/protocol'
import {
  createSealingKeyPair,
  openRequest,
  readHeader,
  SEALED_AGE_MS_MAX,
  SEALED_AHEAD_MS_MAX,
  sealedEnvelope,
  type AnswerSealer,
  type SealedEnvelope,
  type SealedHeader,
  type SealedRefusal,
  type SealingKey,
  type SealingKeyPair,
} from '@isochrone/protocol/sealed'
import type { NodeKeyPair } from '../node/node-key.ts'

/** How long a key is sealed to, and after which part of it the next one is published beside it. */
export const KEY_LIFE_MS = 3_600_000
const RENEW_AFTER_MS = KEY_LIFE_MS / 2
/** A request may wait that long between its sealing and its opening. */
const KEPT_AFTER_MS = SEALED_AGE_MS_MAX
/** Of one window of freshness: 160 requests a second. */
const IDS_MAX = 100_000

export type OpenedBody =
  | {
      readonly ok: true
      readonly body: Uint8Array
      readonly sealer: AnswerSealer
      /** For `markOpened`, once the node takes it. */
      readonly header: SealedHeader
    }
  | RefusedBody

export interface RefusedBody {
  readonly ok: false
  /** Null for what passes. */
  readonly code: SealedRefusal | null
  readonly message: string
  /** Another node may be able to. */
  readonly elsewhere: boolean
}

interface Held extends SealingKeyPair {
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

export class SealingKeys {
  readonly #clock: Clock
  readonly #idsMax: number
  /** Newest last. */
  #held: Held[] = []
  /** Requests that were opened → when they are too old anyway. */
  readonly #opened = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined

  private constructor(clock: Clock, idsMax: number) {
    this.#clock = clock
    this.#idsMax = idsMax
  }

  /** `idsMax`: requests that are told apart at a time. */
  static async create(clock: Clock, idsMax = IDS_MAX): Promise<SealingKeys> {
    const keys = new SealingKeys(clock, idsMax)
    await keys.renew()
    keys.#timer = setInterval(() => void keys.renew(), RENEW_AFTER_MS).unref()
    return keys
  }

  /** Publishes a new key beside those that still stand, and forgets those that nothing fresh can be sealed to. */
  async renew(): Promise<void> {
    const pair = await createSealingKeyPair()
    const nowMs = this.#clock.nowMs()
    // From a little before now: other clocks may be behind.
    const key = { ...pair, notBeforeMs: nowMs - SEALED_AHEAD_MS_MAX, notAfterMs: nowMs + KEY_LIFE_MS }
    this.#held = [...this.#held.filter(({ notAfterMs }) => notAfterMs + KEPT_AFTER_MS > nowMs), key]
    for (const listener of this.#listeners) listener()
  }

  /** Those to be published now, each signed by the node key for the gateway's chain. */
  published(domain: SigningDomain, nodeKey: NodeKeyPair): SealingKey[] {
    const nodeId = addressToBytes32(nodeKey.address)
    const nowMs = this.#clock.nowMs()
    const current = this.#held.filter(({ notAfterMs }) => notAfterMs > nowMs).slice(-4)
    return current.map(({ publicKey, notBeforeMs, notAfterMs }) => {
      const { signature } = signStruct(
        domain,
        'SealingKey',
        { nodeId, publicKey, notBeforeMs, notAfterMs },
        nodeKey.privateKey,
      )
      return { publicKey, notBeforeMs, notAfterMs, signature }
    })
  }

  /** Called when other keys are to be published. Returns the way to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The body as the client wrote it, opened for `open`. Whoever runs it marks it first. Never throws. */
  async open(open: StreamOpen, body: Uint8Array): Promise<OpenedBody> {
    const envelope = envelopeOf(body)
    if (envelope === null) return altered('the body is no sealed request')
    const { envelope: sealed, header } = envelope
    const nowMs = this.#clock.nowMs()
    const key = this.#held.find(({ publicKey }) => header.keys.includes(publicKey))
    if (!key || key.notAfterMs + KEPT_AFTER_MS <= nowMs) {
      return { ...refusal('sealed_key_unknown', 'not sealed to a key that this node has now'), elsewhere: true }
    }
    const bound = header.path === open.path && header.model === open.model && open.tokensOutMax <= header.max_tokens
    if (!bound) return altered('path, model or limit are not those that were sealed')
    const isFresh = header.at > nowMs - SEALED_AGE_MS_MAX && header.at < nowMs + SEALED_AHEAD_MS_MAX
    if (!isFresh || header.at > key.notAfterMs)
      return refusal('sealed_expired', 'sealed too long ago, or to an old key')
    const opened = await openRequest(key, sealed).catch(() => null)
    if (opened === null) return altered('what came is not what was sealed')
    if (this.#opened.has(header.id)) return replayed
    return { ok: true, body: Buffer.from(opened.body, 'utf8'), sealer: await opened.answer(), header }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#held = []
  }

  /**
   * Marks a request that the node is about to run, so that it runs once. A refusal where it was marked before, and where
   * there are too many to tell: that passes, since marks are forgotten when their requests are too old anyway.
   */
  markOpened({ id, at }: SealedHeader): RefusedBody | null {
    if (this.#opened.has(id)) return replayed
    if (this.#opened.size >= this.#idsMax) {
      const nowMs = this.#clock.nowMs()
      for (const [known, untilMs] of this.#opened) if (untilMs <= nowMs) this.#opened.delete(known)
      if (this.#opened.size >= this.#idsMax) return full
    }
    this.#opened.set(id, at + SEALED_AGE_MS_MAX)
    return null
  }
}

function envelopeOf(body: Uint8Array): { envelope: SealedEnvelope; header: SealedHeader } | null {
  try {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
    const envelope = sealedEnvelope.parse((JSON.parse(text) as { sealed?: unknown }).sealed)
    return { envelope, header: readHeader(envelope).header }
  } catch {
    return null
  }
}

const refusal = (code: SealedRefusal, message: string) => ({ ok: false, code, message, elsewhere: false }) as const
const replayed = refusal('sealed_replayed', 'this request was opened before')
const full: RefusedBody = {
  ok: false,
  code: null,
  message: 'this node has opened as many as it can tell apart',
  elsewhere: true,
}
const altered = (message: string) => refusal('sealed_altered', message)
