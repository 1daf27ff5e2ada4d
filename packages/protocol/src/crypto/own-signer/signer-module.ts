/**
 * The module that signs: its memory, and its functions by name. What each does stands where its code is written.
 *
 * Whatever it is given, it takes the same steps at the same addresses: no branch and no address depends on a key or a nonce.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  countTo,
  createWasmModule,
  get,
  i32,
  set,
  wasmFunction,
  type Call,
  type Code,
  type WasmFunction,
} from '../wasm-code.ts'
import { at, ENTRIES, ENTRY_BYTES, PAGES, TABLE_AT, WINDOW_BITS, WINDOWS, type NumberName } from './layout.ts'
import {
  canonicalCode,
  multiplyCode,
  productDifferenceCode,
  selectEntryCode,
  squareCode,
  subtractCode,
  subtractTwiceCode,
} from './field-code.ts'
import { inverseCode } from './inverse-code.ts'
import { addCode, montgomeryCode, packCode, padCode, reduceCode, reverseCode, unpackCode } from './scalar-code.ts'
import { compressCode } from './sha256-code.ts'

const { n: ORDER, p: PRIME } = secp256k1.Point.CURVE()

const names = [
  'multiply',
  'square',
  'productDifference',
  'subtract',
  'subtractTwice',
  'canonical',
  'select',
  'addPoint',
  'addWindows',
  'invertModuloP',
  'invertModuloN',
  'montgomery',
  'reduce',
  'add',
  'unpack',
  'pack',
  'reverse',
  'pad',
  'compress',
] as const
export type SignerFunction = (typeof names)[number]

/** Throws where WebAssembly lacks what it takes. */
export function createSignerModule() {
  return createWasmModule<SignerFunction>(PAGES, names, (call) => ({
    multiply: multiplyCode(),
    square: squareCode(),
    productDifference: productDifferenceCode(),
    subtract: subtractCode(),
    subtractTwice: subtractTwiceCode(),
    canonical: canonicalCode(),
    select: selectEntryCode(ENTRIES, ENTRY_BYTES),
    addPoint: addPointCode(call),
    addWindows: addWindowsCode(call),
    invertModuloP: inverseCode(PRIME),
    invertModuloN: inverseCode(ORDER),
    montgomery: montgomeryCode(ORDER),
    reduce: reduceCode(ORDER),
    add: addCode(),
    unpack: unpackCode(),
    pack: packCode(),
    reverse: reverseCode(),
    pad: padCode(),
    compress: compressCode(),
  }))
}

export type SignerModule = ReturnType<typeof createSignerModule>

/** `addWindows()`: adds to the point in x, y, z one of the table for each window of the nonce. */
function addWindowsCode(call: Call): WasmFunction {
  const fn = wasmFunction([])
  const [window, table, bit] = fn.locals(3, 'i32') as [number, number, number]
  const byte = i32.add(i32.const(at.nonce), i32.shiftRightUnsigned(get(bit), i32.const(3)))
  const shifted = i32.shiftRightUnsigned(i32.load16(byte), i32.and(get(bit), i32.const(7)))
  const digit = i32.and(shifted, i32.const((1 << WINDOW_BITS) - 1))
  return fn.of(
    set(table, i32.const(TABLE_AT)),
    countTo(
      WINDOWS,
      window,
      call('select', i32.const(at.pointX), get(table), digit),
      call('addPoint'),
      set(table, i32.add(get(table), i32.const(ENTRIES * ENTRY_BYTES))),
      set(bit, i32.add(get(bit), i32.const(WINDOW_BITS))),
    ),
  )
}

/**
 * `addPoint()`: (x, y, z) becomes (x, y, z) + (pointX, pointY, 1) in eight products and three squares: "madd" of the Explicit-Formulas
 * Database for Jacobian coordinates (https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-0.html).
 */
function addPointCode(callAt: Call): WasmFunction {
  const call = (name: SignerFunction, ...args: NumberName[]): Code =>
    callAt(name, ...args.map((arg) => i32.const(at[arg])))
  return wasmFunction([]).of(
    call('square', 'zz', 'z'),
    call('multiply', 'u', 'pointX', 'zz'),
    call('multiply', 's', 'z', 'zz'),
    call('multiply', 's', 'pointY', 's'),
    call('subtract', 'h', 'u', 'x'),
    call('subtract', 'r', 's', 'y'),
    call('square', 'hh', 'h'),
    call('multiply', 'hhh', 'h', 'hh'),
    call('multiply', 'v', 'x', 'hh'),
    call('square', 'rr', 'r'),
    call('subtractTwice', 'x', 'rr', 'hhh', 'v'),
    call('subtract', 'w', 'v', 'x'),
    call('productDifference', 'y', 'r', 'w', 'y', 'hhh'),
    call('multiply', 'z', 'z', 'h'),
  )
}
