/**
 * Hashes of a prompt's leading blocks as a chain, for the prefix index.
 *
 * The chain starts from the organisation's salt, so equal prompts of two organisations share no hash: nobody can find
 * out by timing whether another tenant's prompt is in a cache that routing led it to. Not cryptographic: a collision
 * costs a wrong guess about a cache and nothing else.
 */
import { invariant } from '@isochrone/domain'

export interface PrefixHashOptions {
  /** Bytes in a block (UTF-16 units of a string): what the engine's block of tokens is on average. */
  blockBytes: number
  /** The organisation's id or a secret of it. */
  salt: string
  /** Blocks hashed at most: what bounds the cost of a huge prompt. Default 512. */
  blocksMax?: number | undefined
}

/** One 53-bit number for each whole block, first block first; a shorter last block has no hash. */
export function prefixHashesOf(prompt: string | Uint8Array, options: PrefixHashOptions): number[] {
  const { blockBytes, salt, blocksMax = 512 } = options
  invariant(Number.isSafeInteger(blockBytes) && blockBytes > 0, 'a block has at least one byte')
  const blocks = Math.min(blocksMax, Math.floor(prompt.length / blockBytes))
  const chain = { a: 0x2c1b3c6d, b: 0x297a2d39 }
  absorb(chain, salt, 0, salt.length)
  const hashes: number[] = []
  for (let block = 0; block < blocks; block++) {
    absorb(chain, prompt, block * blockBytes, (block + 1) * blockBytes)
    hashes.push((chain.a >>> 11) * 4_294_967_296 + (chain.b >>> 0))
  }
  return hashes
}

/** Two lanes of multiply and rotate with different constants (those of xxHash32), finished after each block. */
function absorb(chain: { a: number; b: number }, data: string | Uint8Array, from: number, to: number): void {
  let { a, b } = chain
  for (let i = from; i < to; i++) {
    const unit = (typeof data === 'string' ? data.charCodeAt(i) : (data[i] as number)) + 1
    a = Math.imul(((a << 13) | (a >>> 19)) ^ unit, 0x9e3779b1)
    b = Math.imul(((b << 17) | (b >>> 15)) + unit, 0x85ebca77)
  }
  // The length belongs to it, so that a salt and a prompt cannot trade characters.
  chain.a = finish(a ^ (to - from), 0xc2b2ae3d)
  chain.b = finish(b ^ chain.a, 0x27d4eb2f)
}

function finish(value: number, constant: number): number {
  const mixed = Math.imul(value ^ (value >>> 15), constant)
  return mixed ^ (mixed >>> 13)
}
