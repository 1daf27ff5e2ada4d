/**
 * EIP-712 in the reader's own browser, with viem: struct hashes, signers, leaves and Merkle paths of what a page shows.
 * It shares no code with our servers, so that agreeing with them means something.
 */
import { structFields, type StructName as ProtocolStruct } from '@isochrone/protocol/receipt-fields'
import { concat, encodeAbiParameters, hashStruct, keccak256, recoverTypedDataAddress, type Hex } from 'viem'

export interface SigningDomain {
  chainId: number
  verifyingContract: Hex
}

/** Fields as they travel in JSON: integers above 53 bits as decimal text. */
export type Fields = Record<string, string | number>
export type StructName = Extract<
  ProtocolStruct,
  'DeliveryReceipt' | 'WorkReceipt' | 'LeaseReceipt' | 'EpochAnchor' | 'Terms' | 'PerformanceRecord' | 'SlaCounts'
>

/** Tags of leaves, see the protocol's `merkle.ts`. */
const leafTags = { WorkReceipt: 1n, DeliveryReceipt: 2n, LeaseReceipt: 3n, SlaCounts: 4n } as const

/** EIP-712 `hashStruct`. */
export function structHashOf(name: StructName, fields: Fields): Hex {
  const { types, message } = typedParts(name, fields)
  return hashStruct({ data: message, types, primaryType: name })
}

/** Lower-case address of whoever signed; null when nobody can have. */
export async function signerOf(
  name: StructName,
  fields: Fields,
  signature: string,
  domain: SigningDomain,
): Promise<string | null> {
  const { types, message } = typedParts(name, fields)
  const address = await recoverTypedDataAddress({
    domain: { name: 'Isochrone', version: '1', ...domain },
    types,
    primaryType: name,
    message,
    signature: signature as Hex,
  }).catch(() => null)
  return address?.toLowerCase() ?? null
}

/** keccak(keccak(tag ‖ structHash)): what stands in a tree. */
export function leafOf(kind: keyof typeof leafTags, structHash: Hex): Hex {
  const types = [{ type: 'uint256' }, { type: 'bytes32' }] as const
  return keccak256(keccak256(encodeAbiParameters(types, [leafTags[kind], structHash])))
}

/** One level of a proof: two hashes side by side, and what they hash to. */
export interface PathStep {
  left: Hex
  right: Hex
  /** Which of the two was on the way; the other is its sibling from the proof. */
  own: 'left' | 'right'
  parent: Hex
}

/** From a leaf up, by the siblings of a proof. Pairs are sorted: the tree says nothing of left and right. */
export function merklePath(leaf: Hex, proof: readonly Hex[]): PathStep[] {
  let hash = leaf
  return proof.map((sibling) => {
    const own = hash < sibling ? 'left' : 'right'
    const [left, right] = own === 'left' ? [hash, sibling] : [sibling, hash]
    hash = keccak256(concat([left, right]))
    return { left, right, own, parent: hash }
  })
}

function typedParts(name: StructName, fields: Fields) {
  const list = structFields[name] as readonly (readonly [string, string])[]
  const types = { [name]: list.map(([field, type]) => ({ name: field, type })) }
  const message = Object.fromEntries(
    list.map(([field, type]) => [field, isWide(type) ? BigInt(fields[field] ?? 0) : fields[field]]),
  )
  return { types, message: message as Record<string, unknown> }
}

const isWide = (type: string): boolean => type === 'uint64' || type === 'uint128'
