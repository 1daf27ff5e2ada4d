/** Where tables lie in the memory of {@link ./known-module.ts}, in bytes; its numbers have their places from the signer's layout. */
import { ENTRY_BYTES } from '../own-signer/layout.ts'
import { SLOT_BYTES } from '../own-signer/limbs-code.ts'

/** Bits of a digit: one of each word of 32 bits. */
export const TEETH = 8
/** Parts of a word, each with a table of its own: that saves half of the doublings. */
export const BLOCKS = 2
export const BLOCK_BITS = 32 / BLOCKS
/** Points kept for a block: those with a positive digit. */
export const COMB_ENTRIES = 1 << (TEETH - 1)
export const BLOCK_BYTES = COMB_ENTRIES * ENTRY_BYTES
/** A key's table: 24 KiB. */
export const COMB_BYTES = BLOCKS * BLOCK_BYTES

const POINTS = BLOCKS * COMB_ENTRIES
/** For making a table: points with their z, room to divide them by it, and of each tooth two points. */
export const POINTS_AT = 4_096
export const PRODUCTS_AT = POINTS_AT + POINTS * 3 * SLOT_BYTES
export const TEETH_AT = PRODUCTS_AT + POINTS * SLOT_BYTES
/** The first is G's. */
export const COMBS_AT = TEETH_AT + 2 * TEETH * BLOCKS * ENTRY_BYTES
