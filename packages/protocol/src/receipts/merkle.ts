/**
 * The Merkle tree over an epoch's receipts: tagged, double-hashed leaves, sorted; a complete binary tree with sorted
 * pairs, the shape of OpenZeppelin's `SimpleMerkleTree`, which is its test oracle. `ReceiptAnchor.verify` checks it.
 *
 * The tag keeps one kind of receipt from passing as another; the double hash keeps an inner node from passing as a leaf.
 * The whole tree is one flat buffer: 64 bytes a leaf, and no object per node.
 */
import { invariant } from '@isochrone/domain'
import { bytesToHex, hexToBytes, keccak256, type Hex } from '../crypto/keccak.ts'
import { structHashBytes } from './eip712.ts'
import type { Struct } from './types.ts'

const leafTags = { WorkReceipt: 1, DeliveryReceipt: 2, LeaseReceipt: 3, SlaCounts: 4 } as const
export type ReceiptKind = keyof typeof leafTags

/** keccak(keccak(tag as uint8 word ‖ structHash)). */
export function receiptLeaf<K extends ReceiptKind>(kind: K, receipt: Struct<K>): Hex {
  return bytesToHex(leafBytesOfHash(kind, structHashBytes(kind, receipt)))
}

/** {@link receiptLeaf} where the struct hash is known already. */
export function leafOfHash(kind: ReceiptKind, hash: Hex): Hex {
  return bytesToHex(leafBytesOfHash(kind, hexToBytes(hash)))
}

/** {@link leafOfHash} in bytes. */
export function leafBytesOfHash(kind: ReceiptKind, hash: Uint8Array): Uint8Array {
  leafWords[31] = leafTags[kind]
  leafWords.set(hash, 32)
  return keccak256(keccak256(leafWords))
}

const leafWords = new Uint8Array(64)

/** A built tree. It keeps 64 bytes a leaf. */
export interface MerkleTree {
  root: Hex
  /** Leaves. */
  size: number
  /** Siblings from the leaf at this index, in the order in which leaves were given, up to the root. */
  proofOf(index: number): Hex[]
}

/**
 * The tree over these leaves: hex texts, or one buffer of 32 bytes each. Throws on an empty list (an empty epoch is not
 * anchored) and on bytes that are no whole number of leaves.
 */
export function merkleTree(leaves: readonly Hex[] | Uint8Array): MerkleTree {
  const flat = leaves instanceof Uint8Array ? leaves : flatten(leaves)
  invariant(flat.length > 0, 'a Merkle tree has at least one leaf')
  invariant(flat.length % 32 === 0, 'a leaf has 32 bytes')
  const size = flat.length / 32
  const order = sortedOrder(flat, size)
  const tree = buildTree(flat, order)
  let positions: Uint32Array | null = null
  return {
    root: bytesToHex(node(tree, 0)),
    size,
    proofOf(index) {
      if (!Number.isInteger(index) || index < 0 || index >= size) throw new RangeError('The leaf is not in this tree')
      positions ??= positionsOf(order)
      return proofAt(tree, 2 * size - 2 - (positions[index] as number))
    },
  }
}

/** Root over the leaves, in whatever order they come. Throws on an empty list. */
export function merkleRoot(leaves: readonly Hex[] | Uint8Array): Hex {
  return merkleTree(leaves).root
}

/** Siblings from the leaf up to the root. Throws RangeError when the leaf is not in the tree. For many, {@link merkleTree}. */
export function merkleProof(leaves: readonly Hex[], leaf: Hex): Hex[] {
  const wanted = leaf.toLowerCase()
  return merkleTree(leaves).proofOf(leaves.findIndex((item) => item.toLowerCase() === wanted))
}

export function verifyMerkleProof(root: Hex, leaf: Hex, proof: readonly Hex[]): boolean {
  let hash: Uint8Array = hexToBytes(leaf)
  for (const sibling of proof) hash = hashPair(hash, hexToBytes(sibling))
  return bytesToHex(hash) === root.toLowerCase()
}

/** Leaves as they come, in one growing buffer. */
export class LeafBuffer {
  #bytes = new Uint8Array(32 * 1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** All leaves so far. Valid until the next `add`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size * 32)
  }

  add(leaf: Uint8Array): void {
    invariant(leaf.length % 32 === 0, 'a leaf has 32 bytes')
    const end = this.#size * 32 + leaf.length
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(leaf, this.#size * 32)
    this.#size += leaf.length / 32
  }
}

function flatten(leaves: readonly Hex[]): Uint8Array {
  const flat = new Uint8Array(leaves.length * 32)
  leaves.forEach((leaf, i) => {
    const bytes = hexToBytes(leaf)
    invariant(bytes.length === 32, 'a leaf has 32 bytes')
    flat.set(bytes, i * 32)
  })
  return flat
}

/**
 * Indexes of the leaves in byte order. A leaf's first bits and its index share one double, because a typed array of
 * doubles sorts without calling a comparator; the few leaves whose first bits are alike are compared in full.
 */
function sortedOrder(flat: Uint8Array, size: number): Uint32Array {
  const stride = 2 ** Math.ceil(Math.log2(size + 1))
  const drop = 2 ** Math.max(0, Math.log2(stride) + 32 - 53)
  const view = new DataView(flat.buffer, flat.byteOffset)
  const keys = new Float64Array(size)
  for (let i = 0; i < size; i++) keys[i] = Math.floor(view.getUint32(i * 32) / drop) * stride + i
  keys.sort()
  const order = new Uint32Array(size)
  for (let i = 0; i < size; i++) order[i] = (keys[i] as number) % stride
  for (let from = 0; from < size;) {
    let to = from + 1
    const prefix = Math.floor((keys[from] as number) / stride)
    while (to < size && Math.floor((keys[to] as number) / stride) === prefix) to++
    if (to - from > 1) order.subarray(from, to).sort((a, b) => Buffer.compare(node(flat, a), node(flat, b)))
    from = to
  }
  return order
}

function buildTree(flat: Uint8Array, order: Uint32Array): Uint8Array {
  const nodes = 2 * order.length - 1
  const tree = new Uint8Array(nodes * 32)
  order.forEach((leaf, i) => tree.set(node(flat, leaf), (nodes - 1 - i) * 32))
  for (let i = order.length - 2; i >= 0; i--) tree.set(hashPair(node(tree, 2 * i + 1), node(tree, 2 * i + 2)), i * 32)
  return tree
}

/** For each leaf as given, where it stands in byte order. */
function positionsOf(order: Uint32Array): Uint32Array {
  const positions = new Uint32Array(order.length)
  order.forEach((leaf, position) => {
    positions[leaf] = position
  })
  return positions
}

function proofAt(tree: Uint8Array, leafNode: number): Hex[] {
  const proof: Hex[] = []
  for (let index = leafNode; index > 0; index = (index - 1) >> 1) {
    proof.push(bytesToHex(node(tree, index % 2 === 1 ? index + 1 : index - 1)))
  }
  return proof
}

const node = (tree: Uint8Array, index: number): Uint8Array => tree.subarray(index * 32, index * 32 + 32)

function hashPair(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Buffer.compare(a, b) < 0 ? keccak256(a, b) : keccak256(b, a)
}
