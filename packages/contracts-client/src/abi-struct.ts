/** Our signed structures as viem encodes them for a call: 64-bit fields are bigints there and safe integers with us. */
import { structFields, type FieldType, type Hex, type Struct, type StructName } from '@isochrone/protocol'

type AbiValue<T extends FieldType> = T extends 'bytes32' | 'bytes8' | 'address'
  ? Hex
  : T extends 'uint64' | 'uint128'
    ? bigint
    : number

export type AbiStruct<N extends StructName> = {
  [E in (typeof structFields)[N][number] as E[0]]: AbiValue<E[1]>
}

/** `toAbiStruct('Voucher', voucher)` is an argument of a contract call. */
export function toAbiStruct<N extends StructName>(name: N, value: Struct<N>): AbiStruct<N> {
  const fields: readonly (readonly [string, FieldType])[] = structFields[name]
  const entries = fields.map(([field, type]) => {
    const item = (value as Record<string, unknown>)[field]
    return [field, type === 'uint64' ? BigInt(item as number) : item] as const
  })
  return Object.fromEntries(entries) as AbiStruct<N>
}
