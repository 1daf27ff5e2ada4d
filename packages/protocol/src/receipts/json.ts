/**
 * Signed structures as JSON: numbers stay numbers, bigints become decimal text. Decoding checks every field's type and
 * range, because this is the border where another party's data comes in.
 */
import { AppError } from '@isochrone/domain'
import { structFields, type FieldList, type FieldType, type StructName } from './fields.ts'
import type { Struct, StructOf } from './types.ts'

export type StructJson = Record<string, string | number>

export function encodeStruct<N extends StructName>(name: N, value: Struct<N>): StructJson {
  const source = value as Record<string, unknown>
  const out: StructJson = {}
  for (const [field] of structFields[name]) {
    const item = source[field]
    out[field] = typeof item === 'bigint' ? item.toString() : (item as string | number)
  }
  return out
}

/** Throws `invalid_input` naming the field when something is missing, of another type or out of range. */
export function decodeStruct<N extends StructName>(name: N, json: unknown): Struct<N> {
  return decodeFields(name, structFields[name], json) as Struct<N>
}

/** {@link decodeStruct} for a list of fields that is not signed as a structure. `name` says in errors what it is. */
export function decodeFields<F extends FieldList>(name: string, fields: F, json: unknown): StructOf<F> {
  if (typeof json !== 'object' || json === null) throw invalid(name, name)
  const source = json as Record<string, unknown>
  const out: Record<string, unknown> = {}
  for (const [field, type] of fields) {
    const value = decodeField(type, source[field])
    if (value === undefined) throw invalid(name, field)
    out[field] = value
  }
  return out as StructOf<F>
}

/** Undefined where the field is missing, of another type or out of range. */
function decodeField(type: FieldType, value: unknown): string | number | bigint | undefined {
  if (type === 'uint128') {
    if (typeof value !== 'string' || !/^\d{1,39}$/.test(value)) return undefined
    const parsed = BigInt(value)
    return parsed < UINT128_LIMIT ? parsed : undefined
  }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 && value < uintLimits[type] ? value : undefined
  }
  return typeof value === 'string' && value.length === hexLengths[type] && HEX.test(value) ? value : undefined
}

const HEX = /^0x[0-9a-f]+$/
const UINT128_LIMIT = 1n << 128n
/** 0: no number, no text is one. */
const uintLimits: Readonly<Record<FieldType, number>> = {
  uint8: 2 ** 8,
  uint16: 2 ** 16,
  uint32: 2 ** 32,
  uint64: 2 ** 64,
  uint128: 0,
  address: 0,
  bytes8: 0,
  bytes32: 0,
}
const hexLengths: Readonly<Record<FieldType, number>> = {
  uint8: 0,
  uint16: 0,
  uint32: 0,
  uint64: 0,
  uint128: 0,
  address: 42,
  bytes8: 18,
  bytes32: 66,
}

function invalid(name: string, field: string): AppError {
  return new AppError('invalid_input', { publicMessage: `${name}: the field ${field} is missing or not valid.`, field })
}
