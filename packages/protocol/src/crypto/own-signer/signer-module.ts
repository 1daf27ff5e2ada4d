/**
 * The module that signs: its memory, and its functions by name. What each does stands where its code is written.
 *
 * Whatever it is given, it takes the same steps at the same addresses: no branch and no address depends on a key or a nonce.
 */
import { countTo, createWasmModule, get, i32, set, wasmFunction, type Call, type WasmFunction } from '../wasm-code.ts'
import { arithmeticCode, arithmeticNames } from './arithmetic-code.ts'
import { selectEntryCode } from './field-code.ts'
import { at, ENTRIES, ENTRY_BYTES, PAGES, TABLE_AT, WINDOW_BITS, WINDOWS } from './layout.ts'
import { padCode } from './scalar-code.ts'
import { compressCode } from './sha256-code.ts'

const names = [...arithmeticNames, 'select', 'addWindows', 'pad', 'compress'] as const
export type SignerFunction = (typeof names)[number]

/** Throws where WebAssembly lacks what it takes. */
export function createSignerModule() {
  return createWasmModule<SignerFunction>(PAGES, names, (call) => ({
    ...arithmeticCode(call),
    select: selectEntryCode(ENTRIES, ENTRY_BYTES),
    addWindows: addWindowsCode(call),
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
