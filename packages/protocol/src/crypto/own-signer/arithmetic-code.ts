/**
 * Arithmetic of the curve by name, for every module that reckons with its points: numbers modulo p and n, and points. What each function
 * does stands where its code is written; all of them take the same steps at the same addresses whatever they are given.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Call, WasmFunction, WasmModule } from '../wasm-code.ts'
import {
  canonicalCode,
  multiplyCode,
  productDifferenceCode,
  squareCode,
  subtractCode,
  subtractTwiceCode,
} from './field-code.ts'
import { inverseCode } from './inverse-code.ts'
import { addPointCode } from './point-code.ts'
import { addCode, montgomeryCode, packCode, reduceCode, reverseCode, unpackCode } from './scalar-code.ts'

const { n: ORDER, p: PRIME } = secp256k1.Point.CURVE()

export const arithmeticNames = [
  'multiply',
  'square',
  'productDifference',
  'subtract',
  'subtractTwice',
  'canonical',
  'addPoint',
  'invertModuloP',
  'invertModuloN',
  'montgomery',
  'reduce',
  'add',
  'unpack',
  'pack',
  'reverse',
] as const
export type ArithmeticFunction = (typeof arithmeticNames)[number]
export type ArithmeticModule = WasmModule<ArithmeticFunction>

export function arithmeticCode(call: Call): Record<ArithmeticFunction, WasmFunction> {
  return {
    multiply: multiplyCode(),
    square: squareCode(),
    productDifference: productDifferenceCode(),
    subtract: subtractCode(),
    subtractTwice: subtractTwiceCode(),
    canonical: canonicalCode(),
    addPoint: addPointCode(call),
    invertModuloP: inverseCode(PRIME),
    invertModuloN: inverseCode(ORDER),
    montgomery: montgomeryCode(ORDER),
    reduce: reduceCode(ORDER),
    add: addCode(),
    unpack: unpackCode(),
    pack: packCode(),
    reverse: reverseCode(),
  }
}
