/**
 * The hardware challenge: an exact product of two int8 matrices that nobody could know before the nonce.
 *
 * Both sides derive the matrices from nonce, node and order; the node commits to its product by a hash before it shows it.
 * Every number is an integer below 2⁵³, so the same product comes out on every machine, CPU or GPU.
 */
import { prng, type PrngState } from '@isochrone/domain'
import { bytesToHex, hexToBytes, keccak256, type Hex } from '../crypto/keccak.ts'

/** Rows and columns at most: the product is shown whole, four bytes an entry. */
export const MATMUL_ORDER_MAX = 512
export const MATMUL_ORDER_MIN = 16
const INT8_PRODUCT_MAX = 128 * 128

export type MatmulChallenge = {
  readonly nonce: Hex
  /** Bytes32 of the node: two nodes never get the same matrices. */
  readonly nodeId: Hex
  /** Rows and columns. */
  readonly order: number
}

/** The two factors, row by row. Throws RangeError for an order out of bounds. */
export function matmulFactors({ nonce, nodeId, order }: MatmulChallenge): { a: Int8Array; b: Int8Array } {
  if (!Number.isInteger(order) || order < MATMUL_ORDER_MIN || order > MATMUL_ORDER_MAX) {
    throw new RangeError(`The order of a challenge is ${MATMUL_ORDER_MIN} to ${MATMUL_ORDER_MAX}`)
  }
  return { a: draw(nonce, nodeId, 'a', order * order), b: draw(nonce, nodeId, 'b', order * order) }
}

/** The exact product, row by row. */
export function multiplyInt8(a: Int8Array, b: Int8Array, order: number): Int32Array {
  const product = new Int32Array(order * order)
  for (let row = 0; row < order; row++) {
    const out = product.subarray(row * order, (row + 1) * order)
    for (let inner = 0; inner < order; inner++) {
      const factor = a[row * order + inner] as number
      const start = inner * order
      for (let column = 0; column < order; column++) {
        out[column] = (out[column] as number) + factor * (b[start + column] as number)
      }
    }
  }
  return product
}

/** What the node sends before the product: it binds the product to this challenge. */
export function matmulCommitment(challenge: MatmulChallenge, product: Int32Array): Hex {
  const head = Buffer.concat([hexToBytes(challenge.nonce), hexToBytes(challenge.nodeId)])
  const order = Buffer.alloc(4)
  order.writeUInt32BE(challenge.order)
  return bytesToHex(keccak256(Buffer.concat([head, order, productBytes(product)])))
}

/** Little-endian, four bytes an entry. */
export function productBytes(product: Int32Array): Buffer {
  const bytes = Buffer.alloc(product.length * 4)
  product.forEach((value, index) => bytes.writeInt32LE(value, index * 4))
  return bytes
}

/** Null when it is not a product of that order. */
export function productFromBytes(bytes: Uint8Array, order: number): Int32Array | null {
  if (bytes.length !== order * order * 4) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Int32Array.from({ length: order * order }, (_, index) => view.getInt32(index * 4, true))
}

/**
 * Freivalds' check (R. Freivalds, 1977): A·(B·r) = C·r for `vectors` random r of 20 bits, in O(order²). A right product always
 * passes; a wrong one passes with probability ≤ 2^(−20·vectors). `seed` must be unknown before the commitment.
 */
export function isMatmulProduct(
  challenge: MatmulChallenge,
  product: Int32Array,
  { seed, vectors = 3 }: { seed: Hex; vectors?: number },
): boolean {
  const { order } = challenge
  if (product.length !== order * order) return false
  // Larger entries are wrong anyway, and would carry the sums beyond 2⁵³.
  if (product.some((value) => Math.abs(value) > order * INT8_PRODUCT_MAX)) return false
  const { a, b } = matmulFactors(challenge)
  const random = prng(stateOf(keccak256(Buffer.from(`${seed}freivalds`, 'utf8'))))
  for (let round = 0; round < vectors; round++) {
    const r = Float64Array.from({ length: order }, () => random.uint32() >>> 12)
    const left = apply(a, apply(b, r, order), order)
    const right = apply(product, r, order)
    if (left.some((value, index) => value !== right[index])) return false
  }
  return true
}

function apply(matrix: Int8Array | Int32Array, vector: Float64Array, order: number): Float64Array {
  const out = new Float64Array(order)
  for (let row = 0; row < order; row++) {
    let sum = 0
    const start = row * order
    for (let column = 0; column < order; column++) {
      sum += (matrix[start + column] as number) * (vector[column] as number)
    }
    out[row] = sum
  }
  return out
}

function draw(nonce: Hex, nodeId: Hex, label: string, length: number): Int8Array {
  const seed = Buffer.concat([hexToBytes(nonce), hexToBytes(nodeId), Buffer.from(label, 'utf8')])
  const random = prng(stateOf(keccak256(seed)))
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random.uint32())
  return Int8Array.from({ length }, (_, index) => ((words[index >>> 2] as number) >>> ((index & 3) * 8)) & 0xff)
}

function stateOf(hash: Uint8Array): PrngState {
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength)
  return [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)]
}
