/** Adding and doubling points in Jacobian coordinates: (x, y, z) stands for the point (x / z², y / z³). */
import { i32, wasmFunction, type Call, type Code, type WasmFunction } from '../wasm-code.ts'
import { at, type NumberName } from './layout.ts'

const named =
  (call: Call) =>
  (name: string, ...args: NumberName[]): Code =>
    call(name, ...args.map((arg) => i32.const(at[arg])))

/**
 * `addPoint()`: (x, y, z) becomes (x, y, z) + (pointX, pointY, 1) in eight products and three squares: "madd" of the Explicit-Formulas
 * Database for Jacobian coordinates (https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-0.html). z is 0 where the two were equal
 * or opposite, and stays 0 from there on.
 */
export function addPointCode(callAt: Call): WasmFunction {
  const call = named(callAt)
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

/**
 * `doublePoint()`: (x, y, z) becomes twice that. With d = −2y, v = xd² = 4xy² and m = −3x² it is x' = m² − 2v,
 * −y' = m(v − x') − d²·dy and −z' = dz: both signs turned is the same point.
 */
export function doublePointCode(callAt: Call): WasmFunction {
  const call = named(callAt)
  return wasmFunction([]).of(
    call('square', 'hh', 'x'),
    call('subtractTwice', 'h', 'zero', 'hh', 'hh'),
    call('subtractTwice', 'r', 'zero', 'zero', 'y'),
    call('square', 'rr', 'r'),
    call('multiply', 's', 'r', 'y'),
    call('multiply', 'v', 'x', 'rr'),
    call('square', 'hhh', 'h'),
    call('subtractTwice', 'x', 'hhh', 'zero', 'v'),
    call('subtract', 'w', 'v', 'x'),
    call('productDifference', 'y', 'h', 'w', 'rr', 's'),
    call('multiply', 'z', 'z', 'r'),
  )
}
