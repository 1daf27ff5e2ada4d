/** The node's side: opens a request that was sealed to its key, and makes the sealer of its answer. */
import type { webcrypto } from 'node:crypto'
import { sealAnswer, type AnswerSealer } from './answer-cipher.ts'
import { fromBase64Url } from './base64url.ts'
import { sealedHeader, type SealedEnvelope, type SealedHeader } from './envelope.ts'
import { BODY_NONCE, headerOf, keyHex } from './seal-request.ts'
import { aesKey, labels, suite, textOf, transcriptOf, utf8, type Bytes } from './suite.ts'

export interface SealingKeyPair {
  readonly pair: webcrypto.CryptoKeyPair
  readonly publicKey: `0x${string}`
}

export interface OpenedRequest {
  header: SealedHeader
  /** JSON text as the client wrote it. */
  body: string
  /** A sealer of its own for each call: two answers to one request share no key. */
  answer: () => Promise<AnswerSealer>
}

/** A key pair whose private half never leaves this process's memory. */
export async function createSealingKeyPair(): Promise<SealingKeyPair> {
  const pair = await suite.kem.generateKeyPair()
  const publicKey = keyHex(new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)))
  return { pair, publicKey }
}

/** The checked header of an envelope. Throws on what is none. */
export function readHeader(envelope: SealedEnvelope): { header: SealedHeader; bytes: Bytes } {
  const { bytes, json } = headerOf(envelope)
  const header = sealedHeader.parse(json)
  if (header.keys.length !== envelope.recipients.length) throw new RangeError('as many keys as recipients')
  if (new Set(header.keys).size !== header.keys.length) throw new RangeError('a key that is named twice')
  return { header, bytes }
}

/** Throws where the envelope is not what was sealed to this key. */
export async function openRequest(
  { pair, publicKey }: SealingKeyPair,
  envelope: SealedEnvelope,
): Promise<OpenedRequest> {
  const { header, bytes } = readHeader(envelope)
  const recipient = envelope.recipients[header.keys.indexOf(publicKey)]
  if (!recipient) throw new RangeError('not sealed to this key')
  const enc = fromBase64Url(recipient.enc)
  const ciphertext = fromBase64Url(envelope.ciphertext)
  const context = await suite.createRecipientContext({ recipientKey: pair, enc, info: utf8(labels.request) })
  const contentKey = await context.open(fromBase64Url(recipient.wrapped), await transcriptOf(bytes, ciphertext))
  const body = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: BODY_NONCE, additionalData: bytes },
    await aesKey(new Uint8Array(contentKey), 'decrypt'),
    ciphertext,
  )
  const secret = new Uint8Array(await context.export(utf8(labels.answer), 32))
  return { header, body: textOf(body).trimEnd(), answer: () => sealAnswer(publicKey, { secret, enc }) }
}
