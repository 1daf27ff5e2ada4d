/** Which numbers of a provider count. */

/** Larger ones are broken: sums and squares of them would leave the doubles. Prices in µUSD, times in ms, tokens. */
export const USABLE_MAX = 1e12

/** The number where it is finite, not negative and no larger than anything real; else `otherwise`. */
export const usableOr = (value: number | null | undefined, otherwise: number): number =>
  value !== null && value !== undefined && value >= 0 && value <= USABLE_MAX ? value : otherwise

/** A broken price is too high for every cap. */
export const priceOr = (value: number): number => usableOr(value, Number.MAX_SAFE_INTEGER)
