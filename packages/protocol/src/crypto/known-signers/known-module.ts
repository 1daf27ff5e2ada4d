/**
 * The module that checks signatures: sums of a multiple of G and one of a known key, by {@link ./comb-table.ts}.
 *
 * Unlike the signer's it reads tables at addresses that its numbers choose, and so all that it is given must be public. It is an
 * instance of its own: no key and no nonce is ever in its memory.
 */
import {
  countTo,
  createWasmModule,
  get,
  i32,
  lanes,
  set,
  wasmFunction,
  type Call,
  type Code,
  type WasmFunction,
} from '../wasm-code.ts'
import { arithmeticCode, arithmeticNames } from '../own-signer/arithmetic-code.ts'
import { at, ENTRY_BYTES } from '../own-signer/layout.ts'
import { doublePointCode } from '../own-signer/point-code.ts'
import { BLOCK_BITS, BLOCK_BYTES, BLOCKS, COMB_BYTES, COMB_ENTRIES, COMBS_AT, TEETH } from './comb-layout.ts'

const names = [...arithmeticNames, 'doublePoint', 'takeEntry', 'sumCombs'] as const
const PAGE_BYTES = 65_536

/**
 * Throws where WebAssembly lacks what it takes.
 * @param keys how many tables it has room for, beside G's.
 */
export function createKnownModule(keys: number) {
  const pages = Math.ceil((COMBS_AT + (keys + 1) * COMB_BYTES) / PAGE_BYTES)
  return createWasmModule<(typeof names)[number]>(pages, names, (call) => ({
    ...arithmeticCode(call),
    doublePoint: doublePointCode(call),
    takeEntry: takeEntryCode(),
    sumCombs: sumCombsCode(call),
  }))
}

export type KnownModule = ReturnType<typeof createKnownModule>

/** `takeEntry(to, table, digit)`: the point of a block that a digit of eight bits stands for. */
function takeEntryCode(): WasmFunction {
  const [to, table, digit] = [0, 1, 2]
  const fn = wasmFunction(['i32', 'i32', 'i32'])
  const [isNegative, entry] = fn.locals(2, 'i32') as [number, number]
  const mask = fn.local('v128')
  const index = i32.and(i32.xor(get(digit), get(isNegative)), i32.const(COMB_ENTRIES - 1))
  const parts = ENTRY_BYTES / 16
  const copied = Array.from({ length: parts }, (_, i) => {
    const part = lanes.load(get(entry), 16 * i)
    // x lies before y; the sign is y's.
    const signed = i < parts / 2 ? part : lanes.sub(lanes.xor(part, get(mask)), get(mask))
    return lanes.store(get(to), signed, 16 * i)
  })
  return fn.of(
    // All ones where the digit is below half.
    set(isNegative, i32.sub(i32.shiftRightUnsigned(get(digit), i32.const(TEETH - 1)), i32.const(1))),
    set(mask, lanes.all(get(isNegative))),
    set(entry, i32.add(get(table), i32.mul(index, i32.const(ENTRY_BYTES)))),
    copied,
  )
}

/**
 * `sumCombs(table)`: into x and y, with the z that stands there, the product of G and the digits at `digest` and that of a key and the
 * digits at `signatureR`. The first point is taken as it is, and so z must be 1.
 */
function sumCombsCode(call: Call): WasmFunction {
  const fn = wasmFunction(['i32'])
  const [bit, doublings] = fn.locals(2, 'i32') as [number, number]
  const digit = (digits: number, block: number): Code => {
    const place = i32.add(get(bit), i32.const(BLOCK_BITS * block))
    const bits = Array.from({ length: TEETH }, (_, tooth) => {
      const word = i32.load(i32.const(digits), 4 * tooth)
      return i32.shiftLeft(i32.and(i32.shiftRightUnsigned(word, place), i32.const(1)), i32.const(tooth))
    })
    return bits.reduce((left, right) => i32.or(left, right))
  }
  const entries = Array.from({ length: BLOCKS }, (_, block) =>
    [
      { table: i32.const(COMBS_AT), digits: at.digest },
      { table: get(0), digits: at.signatureR },
    ].map(({ table, digits }) => [i32.add(table, i32.const(block * BLOCK_BYTES)), digit(digits, block)] as const),
  ).flat()
  const column = (isFirst: boolean): Code =>
    entries.map(([table, wanted], i) =>
      isFirst && i === 0
        ? call('takeEntry', i32.const(at.x), table, wanted)
        : [call('takeEntry', i32.const(at.pointX), table, wanted), call('addPoint')],
    )
  return fn.of(
    set(bit, i32.const(BLOCK_BITS - 1)),
    column(true),
    countTo(BLOCK_BITS - 1, doublings, call('doublePoint'), set(bit, i32.sub(get(bit), i32.const(1))), column(false)),
  )
}
