/** For tests: random values of every signed structure, over the whole range of each field. */
import fc from 'fast-check'
import { bytesToHex } from '../crypto/keccak.ts'
import { structFields, type FieldType, type StructName } from './fields.ts'
import type { Struct } from './types.ts'

export const hexOf = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => bytesToHex(value))

const arbitraryField: Record<FieldType, fc.Arbitrary<unknown>> = {
  bytes32: hexOf(32),
  bytes8: hexOf(8),
  address: hexOf(20),
  uint8: fc.nat(255),
  uint16: fc.nat(65_535),
  uint32: fc.nat(4_294_967_295),
  uint64: fc.nat(Number.MAX_SAFE_INTEGER),
  uint128: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
}

export function arbitraryStruct<N extends StructName>(name: N): fc.Arbitrary<Struct<N>> {
  const entries = structFields[name].map(([field, type]) => [field, arbitraryField[type]])
  return fc.record(Object.fromEntries(entries)) as fc.Arbitrary<Struct<N>>
}
