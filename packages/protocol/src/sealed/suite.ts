/**
 * The one cipher suite of sealed requests: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
 * AES-256-GCM, all of it from the platform's WebCrypto.
 */
import type { webcrypto } from 'node:crypto'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'

export const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})

/** What separates our keys from those that anybody else derives from the same secret. */
export const labels = {
  request: 'isochrone sealed request v1',
  answer: 'isochrone sealed answer v1',
  key: 'isochrone sealed answer v1 key',
  nonce: 'isochrone sealed answer v1 nonce',
} as const

export type Bytes = Uint8Array<ArrayBuffer>

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array | ArrayBuffer): string => new TextDecoder().decode(bytes)

/** Lengths tell little: texts end in spaces up to a multiple of this. JSON means the same with them. */
export const PADDED_TO = 256

/** JSON text as bytes, padded. */
export function padded(json: string): Bytes {
  const bytes = utf8(json)
  const out = new Uint8Array(Math.max(1, Math.ceil(bytes.length / PADDED_TO)) * PADDED_TO).fill(0x20)
  out.set(bytes)
  return out
}

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export const aesKey = (key: Bytes, use: 'encrypt' | 'decrypt'): Promise<webcrypto.CryptoKey> =>
  crypto.subtle.importKey('raw', key, 'AES-GCM', false, [use])

/**
 * What each wrapped key is bound to: header and ciphertext. Without it, whoever may open the request could put another
 * body under the same key for the others.
 */
export async function transcriptOf(header: Bytes, ciphertext: Bytes): Promise<Bytes> {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, header.length)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined(utf8(labels.request), length, header, ciphertext)))
}
