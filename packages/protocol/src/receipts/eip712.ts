/**
 * EIP-712 hashing of our structures (https://eips.ethereum.org/EIPS/eip-712), without intermediate text.
 *
 * Every field is static, so a structure is one buffer of 32-byte words. viem's `hashTypedData` is the test oracle.
 */
import { invariant } from '@isochrone/domain'
import { bytesToHex, hexToBytes, keccak256, type Hex } from '../crypto/keccak.ts'
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

const typeHashes = Object.fromEntries(
  Object.entries(structFields).map(([name, fields]) => [
    name,
    keccak256(utf8(`${name}(${fields.map(([field, type]) => `${type} ${field}`).join(',')})`)),
  ]),
) as Record<StructName, Uint8Array>

const separators = new Map<string, Uint8Array>()

/** The domain separator, cached per chain and contract. */
export function domainSeparator(domain: SigningDomain): Uint8Array {
  const key = `${domain.chainId}:${domain.verifyingContract.toLowerCase()}`
  const known = separators.get(key)
  if (known) return known
  const buffer = new Uint8Array(160)
  buffer.set(DOMAIN_TYPE_HASH, 0)
  buffer.set(keccak256(utf8(DOMAIN_NAME)), 32)
  buffer.set(keccak256(utf8(DOMAIN_VERSION)), 64)
  writeWord(buffer, 96, 'uint64', domain.chainId)
  writeWord(buffer, 128, 'address', domain.verifyingContract)
  const separator = keccak256(buffer)
  separators.set(key, separator)
  return separator
}

/** `hashStruct` of EIP-712, as hex: the `workHash` of a work receipt, the leaf material of a delivery receipt. */
export function structHash<N extends StructName>(name: N, value: Struct<N>): Hex {
  return bytesToHex(structHashBytes(name, value))
}

/** The 32 bytes that are signed. */
export function structDigest<N extends StructName>(domain: SigningDomain, name: N, value: Struct<N>): Uint8Array {
  return keccak256(PREFIX, domainSeparator(domain), structHashBytes(name, value))
}

/** The same structure as viem and browser wallets take it (`eth_signTypedData_v4`). */
export function typedDataOf<N extends StructName>(domain: SigningDomain, name: N, value: Struct<N>) {
  const fields = structFields[name].map(([field, type]) => ({ name: field, type: type as string }))
  const message: Record<string, unknown> = {}
  for (const [field, type] of structFields[name]) {
    const item = (value as Record<string, unknown>)[field]
    message[field] = type === 'uint64' || type === 'uint128' ? BigInt(item as number | bigint) : item
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

const PREFIX = new Uint8Array([0x19, 0x01])

function structHashBytes<N extends StructName>(name: N, value: Struct<N>): Uint8Array {
  const fields = structFields[name]
  const buffer = new Uint8Array(32 + 32 * fields.length)
  buffer.set(typeHashes[name], 0)
  let offset = 32
  for (const [field, type] of fields) {
    writeWord(buffer, offset, type, (value as Record<string, unknown>)[field])
    offset += 32
  }
  return keccak256(buffer)
}

function writeWord(buffer: Uint8Array, offset: number, type: FieldType, value: unknown): void {
  if (type === 'bytes32' || type === 'bytes8') {
    const bytes = hexToBytes(String(value))
    invariant(bytes.length === (type === 'bytes32' ? 32 : 8), `${type} has ${bytes.length} bytes`)
    buffer.set(bytes, offset)
  } else if (type === 'address') {
    const bytes = hexToBytes(String(value))
    invariant(bytes.length === 20, 'an address has 20 bytes')
    buffer.set(bytes, offset + 12)
  } else if (type === 'uint128') {
    invariant(typeof value === 'bigint' && value >= 0n && value < 1n << 128n, 'uint128 out of range')
    const view = new DataView(buffer.buffer, buffer.byteOffset)
    view.setBigUint64(offset + 16, value >> 64n)
    view.setBigUint64(offset + 24, value & 0xffff_ffff_ffff_ffffn)
  } else {
    invariant(
      typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** Number(type.slice(4)),
      `${type} out of range`,
    )
    const view = new DataView(buffer.buffer, buffer.byteOffset)
    view.setUint32(offset + 24, Math.floor(value / 4_294_967_296))
    view.setUint32(offset + 28, value % 4_294_967_296)
  }
}
