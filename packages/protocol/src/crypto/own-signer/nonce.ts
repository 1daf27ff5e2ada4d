/**
 * The nonce of RFC 6979, section 3.2, with HMAC-SHA-256: from a key and a digest always the same one, and from nothing else.
 *
 * One in 2¹²⁸ nonces is out of range, for which the RFC asks for another: that is left to a library (see {@link ./own-signer.ts}).
 */
import { HASHING_AT } from './layout.ts'
import { SHA256_FIRST_STATE } from './sha256-code.ts'
import type { SignerModule } from './signer-module.ts'

const BLOCK_BYTES = 64
const STATE_BYTES = 32
const IPAD = 0x36363636
const OPAD = 0x5c5c5c5c

const places = ['first', 'key', 'inner', 'outer', 'inPad', 'outPad', 'digest', 'value', 'long1', 'long2'] as const
const place = Object.fromEntries(places.map((name, i) => [name, HASHING_AT + i * BLOCK_BYTES])) as Record<
  (typeof places)[number],
  number
>
/** V ‖ one byte ‖ key ‖ digest takes two blocks. */
const TAG_AT = place.long1 + STATE_BYTES
const KEY_AT = TAG_AT + 1
const DIGEST_AT = KEY_AT + 32

/** Everything between lies at addresses that are the same for each call; `wipe` clears what could tell the key. */
export function createNonces({ memory, functions: { compress, pad } }: SignerModule) {
  const put = (bytes: Uint8Array | number[], at: number): void => memory.set(bytes, at)
  put(SHA256_FIRST_STATE, place.first)
  memory.fill(0x36, place.inPad, place.inPad + BLOCK_BYTES)
  memory.fill(0x5c, place.outPad, place.outPad + BLOCK_BYTES)
  // A hash of a block of padding and 32 bytes, as a block of its own, and the end of one of 97 bytes.
  for (const at of [place.digest, place.value]) putEnd(at + 32, at + BLOCK_BYTES, BLOCK_BYTES + 32)
  putEnd(DIGEST_AT + 32, place.long2 + BLOCK_BYTES, BLOCK_BYTES + 97)

  function putEnd(from: number, to: number, length: number): void {
    memory.fill(0, from, to)
    memory[from] = 0x80
    put([(length * 8) >> 8, (length * 8) & 0xff], to - 2)
  }

  /** The states after a block of the key and either padding. */
  function takeKey(): void {
    pad(place.inPad, place.key, IPAD)
    pad(place.outPad, place.key, OPAD)
    compress(place.first, place.inPad, place.inner)
    compress(place.first, place.outPad, place.outer)
  }

  /** HMAC of V alone, written to `to`. */
  function ofValue(to: number): void {
    compress(place.inner, place.value, place.digest)
    compress(place.outer, place.digest, to)
  }

  /** HMAC of V ‖ tag ‖ key ‖ digest, which is the next key. */
  function ofLong(tag: number): void {
    memory.copyWithin(place.long1, place.value, place.value + STATE_BYTES)
    memory[TAG_AT] = tag
    compress(place.inner, place.long1, place.digest)
    compress(place.digest, place.long2, place.digest)
    compress(place.outer, place.digest, place.key)
  }

  return {
    /** Writes the nonce, 32 bytes, most significant first. */
    write(to: number, privateKey: Uint8Array, digest: Uint8Array): void {
      put(privateKey, KEY_AT)
      put(digest, DIGEST_AT)
      memory.fill(0, place.key, place.key + STATE_BYTES)
      memory.fill(1, place.value, place.value + STATE_BYTES)
      for (const tag of [0, 1]) {
        takeKey()
        ofLong(tag)
        takeKey()
        ofValue(place.value)
      }
      ofValue(to)
    },
    wipe(): void {
      for (const at of [place.key, place.inner, place.outer, place.digest, place.value]) {
        memory.fill(0, at, at + STATE_BYTES)
      }
      for (const at of [place.inPad, place.outPad]) memory.fill(0, at, at + STATE_BYTES)
      memory.fill(0, place.long1, DIGEST_AT + 32)
    },
  }
}
