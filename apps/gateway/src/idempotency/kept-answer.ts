/**
 * What is kept for an idempotency key: names, fingerprints and sealed answers, all under a secret that the gateways share.
 *
 * Without that secret the store or its backup says nothing of a key, a prompt or an answer, and a guess of one cannot be
 * checked. With it an answer still opens only for who has the key and the body.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'

export interface KeptAnswer {
  /** Of an error that was billed; absent: 200. */
  httpStatus?: number
  headers: Record<string, string>
  body: string
}

/** What a request says under its key; never stored. */
export interface Keyed {
  orgId: string
  idempotencyKey: string
  /** Of path and body: see `digestOf`. */
  digest: string
}

export interface Sealing {
  /** The name of a claim: of the organisation and its key. */
  nameOf(keyed: Keyed): string
  /** The same for the same body alone. */
  fingerprintOf(keyed: Keyed): string
  seal(keyed: Keyed, answer: KeptAnswer): string
  /** Throws where it was sealed with something else. */
  open(keyed: Keyed, text: string): KeptAnswer
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** SHA-256 in hexadecimal: a guessed body can be checked against it, so it is for stores that may hold the body. */
export const digestOf = (path: string, body: Uint8Array): string =>
  createHash('sha256').update(path).update('\0').update(body).digest('hex')

/** AES-256-GCM, under keys of the secret's own for each use (HKDF, RFC 5869). */
export function createSealing(secret: string): Sealing {
  const root = Buffer.from(hkdfSync('sha256', secret, '', 'isochrone idempotency keys', 32))
  const derive = (use: 'name' | 'fingerprint' | 'answer', ...of: string[]): Buffer =>
    createHmac('sha256', root)
      .update(JSON.stringify([use, ...of]))
      .digest()
  const sealKeyOf = ({ orgId, idempotencyKey, digest }: Keyed): Buffer =>
    derive('answer', orgId, idempotencyKey, digest)
  return {
    nameOf: ({ orgId, idempotencyKey }) => derive('name', orgId, idempotencyKey).toString('hex'),
    fingerprintOf: ({ orgId, idempotencyKey, digest }) =>
      derive('fingerprint', orgId, idempotencyKey, digest).toString('hex'),
    seal(keyed, answer) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealKeyOf(keyed), nonce)
      const sealed = Buffer.concat([cipher.update(JSON.stringify(answer), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
    },
    open(keyed, text) {
      const bytes = Buffer.from(text, 'base64')
      const decipher = createDecipheriv('aes-256-gcm', sealKeyOf(keyed), bytes.subarray(0, NONCE_BYTES))
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const opened = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
      return JSON.parse(opened.toString('utf8')) as KeptAnswer
    },
  }
}
