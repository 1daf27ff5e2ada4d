/**
 * The Merkle tree over an epoch's receipts: tagged, double-hashed leaves, sorted; a complete binary tree with sorted
 * pairs, the shape of OpenZeppelin's `SimpleMerkleTree`, which is its test oracle. `ReceiptAnchor.verify` checks it.
 *
 * The tag keeps one kind of receipt from passing as another; the double hash keeps an inner node from passing as a leaf.
 * A tree that proofs are asked of is one flat buffer: 64 bytes a leaf, and no object per node. A root alone is folded from
 * the leaves where they lie, with 8 bytes a leaf to sort them by.
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

/** Leaves to build on: hex texts, one buffer of 32 bytes each, or what was gathered. */
export type Leaves = readonly Hex[] | Uint8Array | LeafBuffer

/**
 * The tree over these leaves. Throws on an empty list (an empty epoch is not anchored) and on bytes that are no whole
 * number of leaves.
 */
export function merkleTree(leaves: Leaves): MerkleTree {
  const flat = gathered(leaves)
  const { size } = flat
  const order = sortedOrder(flat)
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

/**
 * Root over the leaves, in whatever order they come. Throws on an empty list. Goes down the tree a path at a time, so
 * that no more than a hash for each level is held at once.
 */
export function merkleRoot(leaves: Leaves): Hex {
  const flat = gathered(leaves)
  const order = sortedOrder(flat)
  const last = 2 * flat.size - 2
  const hashAt = (index: number): Uint8Array =>
    index >= flat.size - 1
      ? flat.at(order[last - index] as number)
      : hashPair(hashAt(2 * index + 1), hashAt(2 * index + 2))
  return bytesToHex(hashAt(0))
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

/** Leaves as they come. Grows by chunks, which are never moved: no copy is held beside the original. */
export class LeafBuffer {
  #chunks: Uint8Array[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The leaf at this place, as they came: a view, not to be written to. */
  at(index: number): Uint8Array {
    return node(this.#chunks[Math.floor(index / CHUNK_LEAVES)] as Uint8Array, index % CHUNK_LEAVES)
  }

  /** One leaf, or many behind one another. */
  add(leaves: Uint8Array): void {
    invariant(leaves.length % 32 === 0, 'a leaf has 32 bytes')
    for (let from = 0; from < leaves.length; from += 32) {
      const place = this.#size++ % CHUNK_LEAVES
      if (place === 0) this.#chunks.push(new Uint8Array(CHUNK_LEAVES * 32))
      const chunk = this.#chunks.at(-1) as Uint8Array
      chunk.set(leaves.length === 32 ? leaves : leaves.subarray(from, from + 32), place * 32)
    }
  }

  /** Gives the memory back. */
  clear(): void {
    this.#chunks = []
    this.#size = 0
  }
}

const CHUNK_LEAVES = 1_024

function gathered(leaves: Leaves): LeafBuffer {
  if (leaves instanceof LeafBuffer) {
    invariant(leaves.size > 0, 'a Merkle tree has at least one leaf')
    return leaves
  }
  invariant(leaves.length > 0, 'a Merkle tree has at least one leaf')
  const flat = new LeafBuffer()
  if (leaves instanceof Uint8Array) flat.add(leaves)
  else for (const leaf of leaves) flat.add(leafOf(leaf))
  return flat
}

function leafOf(hex: Hex): Uint8Array {
  const bytes = hexToBytes(hex)
  invariant(bytes.length === 32, 'a leaf has 32 bytes')
  return bytes
}

/**
 * Indexes of the leaves in byte order. A leaf's first bits and its index share one double, because a typed array of
 * doubles sorts without calling a comparator; the few leaves whose first bits are alike are compared in full. The
 * doubles become the indexes where they stand.
 */
function sortedOrder(leaves: LeafBuffer): Float64Array {
  const { size } = leaves
  const stride = 2 ** Math.ceil(Math.log2(size + 1))
  const drop = 2 ** Math.max(0, Math.log2(stride) + 32 - 53)
  const keys = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const leaf = leaves.at(i)
    const first =
      (leaf[0] as number) * 2 ** 24 + (((leaf[1] as number) << 16) | ((leaf[2] as number) << 8) | (leaf[3] as number))
    keys[i] = Math.floor(first / drop) * stride + i
  }
  keys.sort()
  for (let from = 0; from < size;) {
    let to = from
    const prefix = Math.floor((keys[from] as number) / stride)
    for (; to < size && Math.floor((keys[to] as number) / stride) === prefix; to++) {
      keys[to] = (keys[to] as number) % stride
    }
    if (to - from > 1) keys.subarray(from, to).sort((a, b) => Buffer.compare(leaves.at(a), leaves.at(b)))
    from = to
  }
  return keys
}

function buildTree(leaves: LeafBuffer, order: Float64Array): Uint8Array {
  const nodes = 2 * order.length - 1
  const tree = new Uint8Array(nodes * 32)
  order.forEach((leaf, i) => tree.set(leaves.at(leaf), (nodes - 1 - i) * 32))
  for (let i = order.length - 2; i >= 0; i--) tree.set(hashPair(node(tree, 2 * i + 1), node(tree, 2 * i + 2)), i * 32)
  return tree
}

/** For each leaf as given, where it stands in byte order. */
function positionsOf(order: Float64Array): Uint32Array {
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
