/**
 * The Merkle tree over an epoch's receipts: tagged, double-hashed leaves, sorted; a complete binary tree with sorted
 * pairs, the shape of OpenZeppelin's `SimpleMerkleTree`, which is its test oracle. `ReceiptAnchor.verify` checks it.
 *
 * The tag keeps one kind of receipt from passing as another; the double hash keeps an inner node from passing as a leaf.
 */
import { invariant } from '@isochrone/domain'
import { bytesToHex, hexToBytes, keccak256, type Hex } from '../crypto/keccak.ts'
import { structHash } from './eip712.ts'
import type { Struct } from './types.ts'

const leafTags = { WorkReceipt: 1, DeliveryReceipt: 2, LeaseReceipt: 3, SlaCounts: 4 } as const
export type ReceiptKind = keyof typeof leafTags

/** keccak(keccak(tag as uint8 word ‖ structHash)). */
export function receiptLeaf<K extends ReceiptKind>(kind: K, receipt: Struct<K>): Hex {
  const buffer = new Uint8Array(64)
  buffer[31] = leafTags[kind]
  buffer.set(hexToBytes(structHash(kind, receipt)), 32)
  return bytesToHex(keccak256(keccak256(buffer)))
}

/** Root over the leaves, in whatever order they come. Throws on an empty list: an empty epoch is not anchored. */
export function merkleRoot(leaves: readonly Hex[]): Hex {
  const tree = buildTree(leaves)
  return bytesToHex(node(tree, 0))
}

/** Siblings from the leaf up to the root. Throws RangeError when the leaf is not in the tree. */
export function merkleProof(leaves: readonly Hex[], leaf: Hex): Hex[] {
  const tree = buildTree(leaves)
  const size = tree.length / 32
  let index = -1
  for (let i = size - 1; i >= size - leaves.length; i--) {
    if (bytesToHex(node(tree, i)) === leaf.toLowerCase()) index = i
  }
  if (index < 0) throw new RangeError('The leaf is not in this tree')
  const proof: Hex[] = []
  for (; index > 0; index = (index - 1) >> 1) {
    proof.push(bytesToHex(node(tree, index % 2 === 1 ? index + 1 : index - 1)))
  }
  return proof
}

export function verifyMerkleProof(root: Hex, leaf: Hex, proof: readonly Hex[]): boolean {
  let hash: Uint8Array = hexToBytes(leaf)
  for (const sibling of proof) hash = hashPair(hash, hexToBytes(sibling))
  return bytesToHex(hash) === root.toLowerCase()
}

function buildTree(leaves: readonly Hex[]): Uint8Array {
  invariant(leaves.length > 0, 'a Merkle tree has at least one leaf')
  const sorted = leaves.map((leaf) => hexToBytes(leaf)).toSorted((a, b) => Buffer.compare(a, b))
  const size = 2 * sorted.length - 1
  const tree = new Uint8Array(size * 32)
  sorted.forEach((leaf, i) => tree.set(leaf, (size - 1 - i) * 32))
  for (let i = sorted.length - 2; i >= 0; i--) tree.set(hashPair(node(tree, 2 * i + 1), node(tree, 2 * i + 2)), i * 32)
  return tree
}

const node = (tree: Uint8Array, index: number): Uint8Array => tree.subarray(index * 32, index * 32 + 32)

function hashPair(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Buffer.compare(a, b) < 0 ? keccak256(a, b) : keccak256(b, a)
}
