/** Bytes as lower-case hex behind `0x`, and back. Decoding goes by a table: it runs a dozen times for each receipt. */
export type Hex = `0x${string}`

/** Value of each ASCII character as a hex digit; 256 where it is none. */
const digits = new Uint16Array(128).fill(256)
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16)
  digits[digit.charCodeAt(0)] = value
  digits[digit.toUpperCase().charCodeAt(0)] = value
}

/** For hashes and signatures: asking so few bytes for their `.buffer` takes them out of V8's heap, each into memory of its own. */
let few: Buffer | undefined
const FEW = 128

/** Lower-case hex behind `0x`. Keeps nothing of it. */
export function bytesToHex(bytes: Uint8Array): Hex {
  const { length } = bytes
  if (length > FEW) return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('hex')}`
  few ??= Buffer.alloc(FEW)
  few.set(bytes)
  const hex: Hex = `0x${few.toString('hex', 0, length)}`
  few.fill(0, 0, length)
  return hex
}

/** Bytes of a hex text behind `0x`, in either case. Throws RangeError when it is not whole bytes of hex. */
export function hexToBytes(hex: string): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, (hex.length >> 1) - 1))
  if (!writeHex(hex, bytes, 0, bytes.length)) throw new RangeError(`Not hex bytes: ${hex.slice(0, 80)}`)
  return bytes
}

/** Writes a text of exactly `length` bytes of hex; false (with the target in disorder) when it is anything else. */
export function writeHex(hex: string, target: Uint8Array, offset: number, length: number): boolean {
  if (hex.length !== 2 + 2 * length || hex.charCodeAt(0) !== 48 || hex.charCodeAt(1) !== 120) return false
  let seen = 0
  for (let i = 0, at = 2; i < length; i++, at += 2) {
    const high = hex.charCodeAt(at)
    const low = hex.charCodeAt(at + 1)
    // What is no digit leaves a bit above the byte in `seen`, and so does a character beyond the table.
    const value = ((digits[high & 127] as number) << 4) | (digits[low & 127] as number)
    seen |= value | (((high | low) & 0xff80) << 1)
    target[offset + i] = value
  }
  return seen < 256
}
