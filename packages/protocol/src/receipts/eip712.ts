/**
 * EIP-712 hashing of our structures (https://eips.ethereum.org/EIPS/eip-712), without intermediate text.
 *
 * Every field is static, so a structure is one buffer of 32-byte words. It is kept from call to call, and a field that is
 * the same as in the call before (its node, its terms) is not written again. viem's `hashTypedData` is the test oracle.
 */
import { invariant } from '@isochrone/domain'
import { writeHex, type Hex } from '../crypto/hex.ts'
import { hashInput, hashInputInto, keccak256, keccakInput, type KeccakInput } from '../crypto/keccak.ts'
import { structFields, type FieldType, type StructName } from './fields.ts'
import type { Struct } from './types.ts'

/** What binds a signature to one chain and one contract. */
export interface SigningDomain {
  chainId: number
  /** Address of the contract that accepts the signature. */
  verifyingContract: Hex
}

const DOMAIN_NAME = 'Isochrone'
const DOMAIN_VERSION = '1'
const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8')
const DOMAIN_TYPE_HASH = keccak256(
  utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
)

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** One structure's encoding, reused: nothing between filling and hashing it waits. */
interface Layout {
  names: readonly string[]
  types: readonly FieldType[]
  input: KeccakInput
  view: DataView
  /** What the words of the buffer hold. */
  written: unknown[]
}

const layouts = Object.fromEntries(
  Object.entries(structFields).map(([name, fields]) => {
    const input = keccakInput(32 + 32 * fields.length)
    input.bytes.set(keccak256(utf8(`${name}(${fields.map(([field, type]) => `${type} ${field}`).join(',')})`)))
    const names = fields.map(([field]) => field)
    return [name, { names, types: fields.map(([, type]) => type), input, view: viewOf(input.bytes), written: [] }]
  }),
) as unknown as Record<StructName, Layout>

const separators = new Map<Hex, Map<number, Uint8Array>>()

/** The domain separator, cached per chain and contract. */
export function domainSeparator({ chainId, verifyingContract }: SigningDomain): Uint8Array {
  const known = separators.get(verifyingContract)?.get(chainId)
  if (known) return known
  const buffer = new Uint8Array(160)
  const view = viewOf(buffer)
  buffer.set(DOMAIN_TYPE_HASH, 0)
  buffer.set(keccak256(utf8(DOMAIN_NAME)), 32)
  buffer.set(keccak256(utf8(DOMAIN_VERSION)), 64)
  writeWord(buffer, view, 96, 'uint64', chainId)
  writeWord(buffer, view, 128, 'address', verifyingContract)
  const separator = keccak256(buffer)
  const chains = separators.get(verifyingContract) ?? new Map<number, Uint8Array>()
  separators.set(verifyingContract, chains.set(chainId, separator))
  return separator
}

/** `hashStruct` of EIP-712, as hex: the `workHash` of a work receipt, the leaf material of a delivery receipt. */
export function structHash<N extends StructName>(name: N, value: Struct<N>): Hex {
  return `0x${hashInput(encode(name, value)).toString('hex')}`
}

/** {@link structHash} as bytes. */
export function structHashBytes<N extends StructName>(name: N, value: Struct<N>): Uint8Array {
  return new Uint8Array(hashInput(encode(name, value)))
}

/** The 32 bytes that are signed. */
export function structDigest<N extends StructName>(domain: SigningDomain, name: N, value: Struct<N>): Uint8Array {
  return new Uint8Array(structDigestInPlace(domain, name, value))
}

/** {@link structDigest} where the struct hash is known already. */
export function digestOfHash(domain: SigningDomain, hash: Uint8Array): Uint8Array {
  digestInput.bytes.set(hash, DIGEST_HASH_AT)
  return new Uint8Array(digestInPlace(domain))
}

/** {@link structDigest}, good until the next hash; {@link lastStructHash} tells the struct hash in it. */
export function structDigestInPlace<N extends StructName>(
  domain: SigningDomain,
  name: N,
  value: Struct<N>,
): Uint8Array {
  hashInputInto(encode(name, value), digestInput, DIGEST_HASH_AT)
  return digestInPlace(domain)
}

/** The struct hash that the last digest was made of, as hex. */
export function lastStructHash(): Hex {
  return `0x${digestHash.toString('hex')}`
}

// 0x1901 ‖ domain separator ‖ struct hash (EIP-712).
const DIGEST_HASH_AT = 34
const digestInput = keccakInput(DIGEST_HASH_AT + 32)
digestInput.bytes.set([0x19, 0x01])
const digestHash = digestInput.bytes.subarray(DIGEST_HASH_AT)
/** Whose separator the digest's input holds. */
let digestDomain: SigningDomain | null = null

function digestInPlace({ chainId, verifyingContract }: SigningDomain): Uint8Array {
  if (digestDomain?.chainId !== chainId || digestDomain.verifyingContract !== verifyingContract) {
    digestInput.bytes.set(domainSeparator({ chainId, verifyingContract }), 2)
    digestDomain = { chainId, verifyingContract }
  }
  return hashInput(digestInput)
}

/** The same structure as viem and browser wallets take it (`eth_signTypedData_v4`). */
export function typedDataOf<N extends StructName>(domain: SigningDomain, name: N, value: Struct<N>) {
  const fields = structFields[name].map(([field, type]) => ({ name: field, type: type as string }))
  const message: Record<string, unknown> = {}
  for (const [field, type] of structFields[name]) {
    const item = (value as Record<string, unknown>)[field]
    message[field] = type === 'uint64' ? BigInt(item as number) : item
  }
  return {
    domain: {
      name: DOMAIN_NAME,
      version: DOMAIN_VERSION,
      chainId: domain.chainId,
      verifyingContract: domain.verifyingContract,
    },
    types: { [name]: fields } as Record<string, { name: string; type: string }[]>,
    primaryType: name as string,
    message,
  }
}

function encode<N extends StructName>(name: N, value: Struct<N>): KeccakInput {
  const { names, types, input, view, written } = layouts[name]
  const source = value as Record<string, unknown>
  for (let i = 0; i < names.length; i++) {
    const item = source[names[i] as string]
    if (item === written[i] && item !== undefined) continue
    // A value that is refused leaves its word in disorder.
    written[i] = undefined
    writeWord(input.bytes, view, 32 + 32 * i, types[i] as FieldType, item)
    written[i] = item
  }
  return input
}

/** Writes those bytes of a word that its type lets be other than zero. */
function writeWord(buffer: Uint8Array, view: DataView, offset: number, type: FieldType, value: unknown): void {
  switch (type) {
    case 'bytes32':
      return writeBytes(buffer, offset, 32, type, value)
    case 'bytes8':
      return writeBytes(buffer, offset, 8, type, value)
    case 'address':
      return writeBytes(buffer, offset + 12, 20, type, value)
    case 'uint128':
      invariant(typeof value === 'bigint' && value >= 0n && value <= UINT128_MAX, 'uint128 out of range')
      view.setBigUint64(offset + 16, value >> 64n)
      view.setBigUint64(offset + 24, BigInt.asUintN(64, value))
      return
    default:
      invariant(
        typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < uintLimits[type],
        'a number is out of the range of its field',
      )
      if (type === 'uint64') view.setUint32(offset + 24, value / TWO_32)
      view.setUint32(offset + 28, value)
  }
}

const UINT128_MAX = (1n << 128n) - 1n
const TWO_32 = 2 ** 32
const uintLimits = { uint8: 2 ** 8, uint16: 2 ** 16, uint32: TWO_32, uint64: 2 ** 64 } as const

function writeBytes(buffer: Uint8Array, offset: number, length: number, type: FieldType, value: unknown): void {
  invariant(typeof value === 'string' && writeHex(value, buffer, offset, length), `a ${type} is hex`)
}
