/**
 * Encodes a GGUF v3 file (little-endian) in memory: metadata, tensor directory, aligned float32 tensors.
 *
 * Only what our demo model needs: no quantised types, no nested arrays. Source: the GGUF specification of the ggml
 * project. Pure: the same input gives the same bytes on every machine.
 */

export type GgufValue =
  | { readonly type: 'u32'; readonly value: number }
  | { readonly type: 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'string[]'; readonly value: readonly string[] }
  | { readonly type: 'i32[]'; readonly value: readonly number[] }

/** `shape` in ggml order: the fastest-varying dimension first. */
export type GgufTensor = { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array }

const VERSION = 3
const ALIGNMENT_BYTES = 32
const typeCode = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const
const TENSOR_F32 = 0

/**
 * The bytes of a GGUF file.
 * @throws {RangeError} when a tensor's shape and data disagree.
 */
export function encodeGguf(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Buffer {
  const header: Buffer[] = [Buffer.from('GGUF'), u32(VERSION), u64(tensors.length), u64(Object.keys(metadata).length)]
  for (const [key, value] of Object.entries(metadata)) header.push(text(key), encodeValue(value))

  const blobs: Buffer[] = []
  let offset = 0
  for (const tensor of tensors) {
    const elements = tensor.shape.reduce((product, size) => product * size, 1)
    if (elements !== tensor.data.length) {
      throw new RangeError(`tensor ${tensor.name}: shape holds ${elements} elements, data ${tensor.data.length}`)
    }
    header.push(text(tensor.name), u32(tensor.shape.length), ...tensor.shape.map(u64), u32(TENSOR_F32), u64(offset))
    const blob = padded(floats(tensor.data))
    blobs.push(blob)
    offset += blob.length
  }
  return Buffer.concat([padded(Buffer.concat(header)), ...blobs])
}

function encodeValue(entry: GgufValue): Buffer {
  switch (entry.type) {
    case 'u32':
      return Buffer.concat([u32(typeCode.u32), u32(entry.value)])
    case 'f32':
      return Buffer.concat([u32(typeCode.f32), floats(Float32Array.of(entry.value))])
    case 'bool':
      return Buffer.concat([u32(typeCode.bool), Buffer.from([entry.value ? 1 : 0])])
    case 'string':
      return Buffer.concat([u32(typeCode.string), text(entry.value)])
    case 'string[]':
      return Buffer.concat([arrayHead(typeCode.string, entry.value.length), ...entry.value.map(text)])
    case 'i32[]':
      return Buffer.concat([arrayHead(typeCode.i32, entry.value.length), ...entry.value.map(i32)])
  }
}

function arrayHead(elementType: number, length: number): Buffer {
  return Buffer.concat([u32(typeCode.array), u32(elementType), u64(length)])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([u64(bytes.length), bytes])
}

function floats(values: Float32Array): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (let i = 0; i < values.length; i++) bytes.writeFloatLE(values[i] ?? 0, i * 4)
  return bytes
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % ALIGNMENT_BYTES
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(ALIGNMENT_BYTES - rest)])
}
