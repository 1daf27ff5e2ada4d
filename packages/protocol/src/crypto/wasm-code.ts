/**
 * WebAssembly's binary format (https://webassembly.github.io/spec/core/binary), as far as our own modules use it: code is put
 * together from functions that read like the expressions they stand for.
 *
 * Such a module works on memory that its caller writes to directly, so nothing is copied in or out of it.
 */

/** Bytes, and code within code: flattened once, when the module is assembled. */
export type Code = readonly (number | Code)[]
export type ValueType = keyof typeof valueTypes

const valueTypes = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const
const PAGE_BYTES = 65_536

/** LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return [...bytes, value]
}

/** LEB128 of a constant of 64 bits; one whose top bit is set is a negative number here. */
export function signed(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asIntN(64, value)
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

const binary =
  (...opcode: number[]) =>
  (left: Code, right: Code): Code => [left, right, ...opcode]
const unary =
  (...opcode: number[]) =>
  (of: Code): Code => [of, ...opcode]
const load =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code => [address, ...opcode, 0, ...unsigned(offset)]
const store =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [address, value, ...opcode, 0, ...unsigned(offset)]
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)]

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number, value: Code): Code => [value, 0x21, ...unsigned(local)]

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value | 0))],
  load: load(0x28),
  load8: load(0x2d),
  load16: load(0x2f),
  store: store(0x36),
  store8: store(0x3a),
  equal: binary(0x46),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shiftLeft: binary(0x74),
  shiftRight: binary(0x75),
  shiftRightUnsigned: binary(0x76),
  rotateLeft: binary(0x77),
  rotateRight: binary(0x78),
  ofI64: unary(0xa7),
}

export const i64 = {
  const: (value: bigint | number): Code => [0x42, ...signed(BigInt(value))],
  load: load(0x29),
  /** Of 32 bits, with their sign. */
  load32: load(0x34),
  store: store(0x37),
  store32: store(0x3e),
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shiftLeft: binary(0x86),
  shiftRight: binary(0x87),
  shiftRightUnsigned: binary(0x88),
}

/** Four numbers of 32 bits at a time. */
export const lanes = {
  load: load(...simd(0)),
  store: store(...simd(11)),
  zero: [...simd(12), ...Array.from({ length: 16 }, () => 0)] as Code,
  all: unary(...simd(17)),
  and: binary(...simd(78)),
  or: binary(...simd(80)),
  xor: binary(...simd(81)),
  add: binary(...simd(174)),
  sub: binary(...simd(177)),
}

/** The body as often as it takes to count a local, which is zero at first, to `end`. */
export function countTo(end: number, counter: number, ...body: Code[]): Code {
  const counted = set(counter, i32.add(get(counter), i32.const(1)))
  const isShort = i32.sub(get(counter), i32.const(end))
  return [0x03, 0x40, body, counted, isShort, 0x0d, 0, 0x0b]
}

export interface WasmFunction {
  params: readonly ValueType[]
  result: ValueType | null
  locals: readonly ValueType[]
  code: Code
}

/** Numbers the locals of a function while its code is written. */
export function wasmFunction(params: readonly ValueType[], result: ValueType | null = null) {
  const locals: ValueType[] = []
  const local = (type: ValueType): number => params.length + locals.push(type) - 1
  return {
    local,
    locals: (count: number, type: ValueType): number[] => Array.from({ length: count }, () => local(type)),
    of: (...code: Code[]): WasmFunction => ({ params, result, locals, code }),
  }
}

/** Calls by name: a function's number is its place among the names. */
export type Call = (name: string, ...args: Code[]) => Code

/** What is used of an interface whose types come with a browser's alone. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

export interface WasmModule<Name extends string> {
  /** Its size is fixed. */
  memory: Uint8Array
  functions: Record<Name, (...args: number[]) => number>
}

/**
 * Assembles and starts a module that exports all its functions and its memory. Throws where the machine has no WebAssembly
 * with instructions of 128 bits.
 * @param pages of 64 KiB.
 */
export function createWasmModule<Name extends string>(
  pages: number,
  names: readonly Name[],
  write: (call: Call) => Record<Name, WasmFunction>,
): WasmModule<Name> {
  const numberOf = new Map<string, number>(names.map((name, i) => [name, i]))
  const functions = write((name, ...args) => [...args, 0x10, ...unsigned(numberOf.get(name) as number)])
  const bytes = moduleBytes(
    pages,
    names.map((name) => ({ name, ...functions[name] })),
  )
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const own = exports as Record<Name, (...args: number[]) => number> & { memory: { buffer: ArrayBuffer } }
  return { memory: new Uint8Array(own.memory.buffer, 0, pages * PAGE_BYTES), functions: own }
}

function moduleBytes(pages: number, functions: readonly (WasmFunction & { name: string })[]): Uint8Array {
  const text = (value: string) => [value.length, ...Buffer.from(value)]
  const types = functions.map(({ params, result }) => [
    0x60,
    params.length,
    ...params.map((type) => valueTypes[type]),
    ...(result === null ? [0] : [1, valueTypes[result]]),
  ])
  const exported = functions.map(({ name }, i) => [...text(name), 0, ...unsigned(i)])
  const bodies = functions.map(({ locals, code }) => {
    const declared = locals.flatMap((type) => [1, valueTypes[type]])
    const body = [...unsigned(locals.length), ...declared, ...flattened(code), 0x0b]
    return [...unsigned(body.length), ...body]
  })
  return Uint8Array.from([
    ...Buffer.from('\0asm\u0001\0\0\0', 'latin1'),
    ...section(1, types),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(5, [[1, ...unsigned(pages), ...unsigned(pages)]]),
    ...section(7, [[...text('memory'), 2, 0], ...exported]),
    ...section(10, bodies),
  ])
}

function flattened(code: Code, into: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') into.push(part)
    else flattened(part, into)
  }
  return into
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = [...unsigned(items.length), ...items.flat()]
  return [id, ...unsigned(content.length), ...content]
}
