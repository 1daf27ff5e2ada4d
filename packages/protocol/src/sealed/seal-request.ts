/**
 * Seals a request to several nodes at once: the body once under a fresh content key, that key for each node under HPKE.
 *
 * Each node's answer comes under a secret exported from its own HPKE context: who can read the request is every node that
 * it was sealed to, who can read the answer is the client and the node that served, alone.
 */
import { openAnswer, type AnswerOpener } from './answer-cipher.ts'
import { fromBase64Url, toBase64Url } from './base64url.ts'
import type { SealedEnvelope, SealedHeader } from './envelope.ts'
import { aesKey, labels, padded, suite, transcriptOf, utf8, type Bytes } from './suite.ts'

export interface SealedRequest {
  envelope: SealedEnvelope
  /** Opens the answer of whichever node served. */
  answer: AnswerOpener
}

/** A content key is used once, so its nonce may be zero. */
export const BODY_NONCE = new Uint8Array(12)

/** `body` is JSON text as it would have been sent in clear. Throws where a key of the header is no X25519 key. */
export async function sealRequest(header: SealedHeader, body: string): Promise<SealedRequest> {
  const headerBytes = utf8(JSON.stringify(header))
  const contentKey = crypto.getRandomValues(new Uint8Array(32))
  const ciphertext = new Uint8Array(
    await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: BODY_NONCE, additionalData: headerBytes },
      await aesKey(contentKey, 'encrypt'),
      padded(body),
    ),
  )
  const transcript = await transcriptOf(headerBytes, ciphertext)
  const recipients = []
  const secrets = new Map<string, { secret: Bytes; enc: Bytes }>()
  for (const key of header.keys) {
    const sender = await suite.createSenderContext({
      recipientPublicKey: await suite.kem.deserializePublicKey(keyBytes(key)),
      info: utf8(labels.request),
    })
    const enc = new Uint8Array(sender.enc)
    const wrapped = new Uint8Array(await sender.seal(contentKey, transcript))
    secrets.set(key, { enc, secret: new Uint8Array(await sender.export(utf8(labels.answer), 32)) })
    recipients.push({ enc: toBase64Url(enc), wrapped: toBase64Url(wrapped) })
  }
  return {
    envelope: { header: toBase64Url(headerBytes), recipients, ciphertext: toBase64Url(ciphertext) },
    answer: openAnswer(secrets),
  }
}

/** A fresh id for a header. */
export const newSealedId = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(16)))

/** Of a public key in hex. */
export function keyBytes(key: string): Bytes {
  return Uint8Array.from(key.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** Of bytes, in hex. */
export const keyHex = (bytes: Uint8Array): `0x${string}` =>
  `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`

/** The header as its sender wrote it. Throws on what is no JSON. */
export function headerOf({ header }: Pick<SealedEnvelope, 'header'>): { bytes: Bytes; json: unknown } {
  const bytes = fromBase64Url(header)
  return { bytes, json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
}
