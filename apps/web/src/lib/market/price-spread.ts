/** Where prices of the market stand on a line, and one's own among them. */

export interface PriceSpread {
  /** Of each price, ascending: 0 at the left end, 1 at the right. */
  places: number[]
  /** Quarter, half and three quarters of the offers ask at most this. */
  quartiles: [number, number, number]
  /** Undefined while it is no amount. */
  own: number | undefined
  least: bigint
  most: bigint
  /** How many offers ask less than one's own, the same, and more. */
  less: number
  same: number
  more: number
}

/**
 * Equal distances are equal ratios, as prices differ by magnitudes; a free offer stands at the left end.
 *
 * @param values µUSD, ascending, at least one.
 * @param own µUSD; undefined while what was typed is no amount. It widens the line where it is outside.
 */
export function priceSpread(values: readonly bigint[], own: bigint | undefined): PriceSpread {
  const all = own === undefined ? [...values] : [...values, own]
  const paid = all.filter((value) => value > 0n).map(Number)
  const low = Math.log(Math.min(...paid))
  const high = Math.log(Math.max(...paid))
  const placeOf = (value: bigint): number => {
    if (value <= 0n) return 0
    // All alike: one point, in the middle.
    return high === low ? 0.5 : (Math.log(Number(value)) - low) / (high - low)
  }
  const places = values.map(placeOf)
  const at = (share: number): number => places[Math.max(0, Math.ceil(share * places.length) - 1)] ?? 0
  const count = (is: (value: bigint) => boolean) => (own === undefined ? 0 : values.filter(is).length)
  return {
    places,
    quartiles: [at(0.25), at(0.5), at(0.75)],
    own: own === undefined ? undefined : placeOf(own),
    least: values[0] ?? 0n,
    most: values.at(-1) ?? 0n,
    less: count((value) => value < (own ?? 0n)),
    same: count((value) => value === own),
    more: count((value) => value > (own ?? 0n)),
  }
}

/** More rows than this are not read: tenths of the market say it shorter. */
const ROWS_MAX = 40

/** Each price once, ascending, with how many offers ask it; of many prices those that every further tenth of the offers asks at most. */
export function priceRows(values: readonly bigint[]): { microUsd: bigint; offers: string }[] {
  const counted = [...Map.groupBy(values, (value) => value)]
  if (counted.length <= ROWS_MAX) return counted.map(([microUsd, { length }]) => ({ microUsd, offers: String(length) }))
  return Array.from({ length: 11 }, (_, tenth) => ({
    microUsd: values[Math.max(0, Math.ceil((tenth / 10) * values.length) - 1)] ?? 0n,
    offers: tenth === 0 ? 'least' : `${tenth * 10} % at most`,
  }))
}
