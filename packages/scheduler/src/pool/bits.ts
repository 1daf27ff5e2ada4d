/** Bit sets in words of 32 whose members have an order: a bit that comes or goes shifts all bits behind it. */

/** Inserts a bit at a place; `words` are those in use afterwards. What is shifted out of the last word is lost. */
export function insertBit(bits: Int32Array, words: number, place: number, bit: number): void {
  const first = place >>> 5
  for (let w = words - 1; w > first; w--) {
    bits[w] = ((bits[w] as number) << 1) | ((bits[w - 1] as number) >>> 31)
  }
  const word = bits[first] as number
  const below = (1 << (place & 31)) - 1
  bits[first] = (word & below) | ((word & ~below) << 1) | (bit << (place & 31))
}

/** Takes out the bit at a place; `words` are those in use before. */
export function removeBit(bits: Int32Array, words: number, place: number): void {
  const first = place >>> 5
  const word = bits[first] as number
  const below = (1 << (place & 31)) - 1
  bits[first] = (word & below) | ((word >>> 1) & ~below)
  for (let w = first + 1; w < words; w++) {
    const next = bits[w] as number
    bits[w - 1] = (bits[w - 1] as number) | (next << 31)
    bits[w] = next >>> 1
  }
}
