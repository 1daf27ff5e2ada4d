/**
 * The answer that is kept for an idempotency key, sealed: who has neither the key nor the body cannot read it, so that a
 * store or its backup holds no prompt and no answer.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

export interface KeptAnswer {
  /** Of an error that was billed; absent: 200. */
  httpStatus?: number
  headers: Record<string, string>
  body: string
}

/** What seals an answer; never stored. */
export interface Seal {
  orgId: string
  idempotencyKey: string
  /** Of path and body: see `fingerprintOf`. */
  fingerprint: string
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** SHA-256 in hexadecimal. */
export const fingerprintOf = (path: string, body: Uint8Array): string =>
  createHash('sha256').update(path).update('\0').update(body).digest('hex')

/** The name of a claim: of the organisation and its key, in one way only. */
export const claimNameOf = (orgId: string, idempotencyKey: string): string =>
  createHash('sha256').update(orgId).update('\0').update(idempotencyKey).digest('hex')

export function sealAnswer(seal: Seal, answer: KeptAnswer): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(seal), nonce)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(answer), 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
}

/** Throws where it was sealed with something else. */
export function openAnswer(seal: Seal, text: string): KeptAnswer {
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', keyOf(seal), bytes.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  const opened = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  return JSON.parse(opened.toString('utf8')) as KeptAnswer
}

const keyOf = ({ orgId, idempotencyKey, fingerprint }: Seal): Buffer =>
  Buffer.from(hkdfSync('sha256', idempotencyKey, fingerprint, `isochrone idempotency ${orgId}`, 32))
