/** Where everything lies in the memory of {@link ./signer-module.ts}, in bytes; other modules have their numbers at the same places. */
import { SLOT_BYTES } from './limbs-code.ts'

/** A nonce is read in windows of this many bits; see {@link ./base-table.ts}. */
export const WINDOW_BITS = 6
export const WINDOWS = 43
/** Points kept for a window: those with a positive digit. */
export const ENTRIES = 1 << (WINDOW_BITS - 1)
/** x and y, as limbs. */
export const ENTRY_BYTES = 2 * SLOT_BYTES

const numbers = [
  'x',
  'y',
  'z',
  'pointX',
  'pointY',
  'zz',
  'u',
  's',
  'h',
  'r',
  'hh',
  'hhh',
  'v',
  'rr',
  'w',
  'inverse',
  'nonce',
  'key',
  'digest',
  'signatureR',
  'signatureS',
  // Constants from here on.
  'one',
  'zero',
  'montgomerySquared',
  // For {@link ../known-signers/known-signers.ts}.
  'allOnes',
  'montgomeryHalf',
] as const
export type NumberName = (typeof numbers)[number]

/** The numbers of a signature, a slot each. */
export const at = Object.fromEntries(numbers.map((name, i) => [name, 64 + i * SLOT_BYTES])) as Record<
  NumberName,
  number
>
/** Blocks of 64 bytes; see {@link ./nonce.ts}. */
export const HASHING_AT = 2_048
/** x, y and z of the point that every sum starts at. */
export const START_AT = 4_096
export const TABLE_AT = 8_192
/** For making the table. */
export const SCRATCH_AT = TABLE_AT + WINDOWS * ENTRIES * ENTRY_BYTES
export const PAGES = 3
