/**
 * Small damage to bytes: what a structure-aware generator would never write. Cheap, and the same for the same seed.
 */
import type { Prng } from '@isochrone/domain'

/** Pieces at which parsers of JSON, HTTP and UTF-8 have gone wrong before. */
const pieces: readonly Buffer[] = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\\',
  '\\u0000',
  '\\ud800',
  'null',
  '-0',
  '1e999',
  '9'.repeat(400),
  '"__proto__":{"a":1},',
  '"model":"x",',
  '"routing":null,',
  '"routing":{"max_price":{}},',
  '"stream":true,',
  '\u0000',
  '\ufeff',
  '\r\n',
  '\n',
  ' ',
  '\u{1f600}',
  '[['.repeat(200),
  '{"a":'.repeat(200),
].map((text) => Buffer.from(text))
const noText: readonly Buffer[] = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xe2, 0x28],
  [0x80],
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
].map((each) => Buffer.from(each))
const inserted = pieces.concat(noText)

/** One to four changes; the argument stays as it is. */
export function mutate(whole: Buffer, rng: Prng): Buffer {
  let out = whole
  for (let changes = 1 + rng.below(4); changes > 0; changes--) out = change(out, rng)
  return out
}

function change(whole: Buffer, rng: Prng): Buffer {
  const at = rng.below(whole.length + 1)
  const length = Math.min(whole.length - at, 1 + rng.below(rng.below(4) === 0 ? 64 : 4))
  const part = whole.subarray(at, at + length)
  switch (rng.below(7)) {
    case 0: {
      const out = Buffer.from(whole)
      if (at < out.length) out[at] = (out[at] ?? 0) ^ (1 << rng.below(8))
      return out
    }
    case 1:
      return Buffer.concat([whole.subarray(0, at), whole.subarray(at + length)])
    case 2:
      return Buffer.concat([whole.subarray(0, at), part, whole.subarray(at)])
    case 3:
      return whole.subarray(0, at)
    case 4: {
      const out = Buffer.from(whole)
      out.fill(rng.below(256), at, at + length)
      return out
    }
    default:
      return Buffer.concat([whole.subarray(0, at), inserted[rng.below(inserted.length)] ?? part, whole.subarray(at)])
  }
}
