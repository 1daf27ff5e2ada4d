/**
 * An answer in sealed parts. Key and nonce follow RFC 9458, section 4.4: HKDF over the secret that was exported from the
 * request's HPKE context, salted with its encapsulated key and a fresh nonce of the node, so that even a request that is
 * served twice never meets the same key twice. Part `n` is sealed under the nonce xor `n`, the last one with other associated
 * data: parts that are missing, repeated, reordered or taken from elsewhere do not open, and an end that was cut off is noticed.
 */
import type { webcrypto } from 'node:crypto'
import { fromBase64Url, toBase64Url } from './base64url.ts'
import { sealedPart, type SealedPart } from './envelope.ts'
import { aesKey, joined, labels, padded, textOf, utf8, type Bytes } from './suite.ts'

export interface AnswerSecret {
  /** Exported from the HPKE context. */
  secret: Bytes
  enc: Bytes
}

export interface AnswerSealer {
  /** Seals the next part, JSON text. Calls must wait for one another. */
  part(json: string, end?: boolean): Promise<SealedPart>
}

export interface AnswerOpener {
  /** The JSON text of the next part. Throws a `RangeError` for anything but the next part of this answer. */
  open(part: unknown): Promise<{ json: string; end: boolean }>
  /** The part that says that it is the last one was opened. */
  readonly ended: boolean
  /** The sealing key of the node that answers, once it has begun. */
  readonly key: string | null
}

const NONCE_BYTES = 32
const parts = { middle: utf8('part'), end: utf8('end') } as const

interface PartKey {
  key: webcrypto.CryptoKey
  nonce: Bytes
}

/** For the node with the public key `key`. */
export async function sealAnswer(key: string, answer: AnswerSecret): Promise<AnswerSealer> {
  const salt = crypto.getRandomValues(new Uint8Array(NONCE_BYTES))
  const derived = await derive(answer, salt, 'encrypt')
  let n = 0
  let ended = false
  return {
    async part(json, end = false) {
      if (ended) throw new RangeError('an answer that has ended')
      const at = n++
      ended = end
      const data = await crypto.subtle.encrypt(paramsOf(derived, at, end), derived.key, padded(json))
      return {
        n: at,
        ...(at === 0 && { key, nonce: toBase64Url(salt) }),
        data: toBase64Url(new Uint8Array(data)),
        ...(end && { end }),
      }
    },
  }
}

/** `secrets`: by the public keys that the request was sealed to. The first part says which one answers. */
export function openAnswer(secrets: ReadonlyMap<string, AnswerSecret>): AnswerOpener {
  let derived: PartKey | null = null
  let key: string | null = null
  let next = 0
  let ended = false
  return {
    async open(part) {
      const { n, data, end = false, ...first } = sealedPart.parse(part)
      if (ended) throw new RangeError('a part behind the end')
      if (n !== next) throw new RangeError(`part ${n} where ${next} was due`)
      if (derived === null) {
        const answer = first.key === undefined ? undefined : secrets.get(first.key)
        if (!answer || first.nonce === undefined) throw new RangeError('an answer of a node that was not asked')
        derived = await derive(answer, fromBase64Url(first.nonce), 'decrypt')
        key = first.key ?? null
      } else if (first.key !== undefined || first.nonce !== undefined) throw new RangeError('a second beginning')
      const json = await crypto.subtle
        .decrypt(paramsOf(derived, n, end), derived.key, fromBase64Url(data))
        .catch((cause: unknown) => {
          throw new RangeError('a part that was not sealed by the node', { cause })
        })
      next++
      ended = end
      return { json: textOf(json).trimEnd(), end }
    },
    get ended() {
      return ended
    },
    get key() {
      return key
    },
  }
}

async function derive({ secret, enc }: AnswerSecret, salt: Bytes, use: 'encrypt' | 'decrypt'): Promise<PartKey> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const bits = (label: string, bytes: number) =>
    crypto.subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt: joined(enc, salt), info: utf8(label) },
      base,
      bytes * 8,
    )
  const key = await aesKey(new Uint8Array(await bits(labels.key, 32)), use)
  return { key, nonce: new Uint8Array(await bits(labels.nonce, 12)) }
}

function paramsOf({ nonce }: PartKey, n: number, end: boolean): webcrypto.AesGcmParams {
  const iv = Uint8Array.from(nonce)
  const view = new DataView(iv.buffer)
  view.setUint32(8, (view.getUint32(8) ^ n) >>> 0)
  return { name: 'AES-GCM', iv, additionalData: end ? parts.end : parts.middle }
}
