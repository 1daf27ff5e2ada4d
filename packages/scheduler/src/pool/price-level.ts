/** Price levels, 12 % wide: prices inside one are alike for sampling; bills and caps always use the exact price. */
const WIDTH = Math.log(1.12)
/** Above any price in µUSD per million tokens that a double holds exactly. */
const LEVEL_MAX = 330

/** Level of a price in µUSD per 10⁶ tokens, never falling as the price rises; a broken price is in the highest. */
export function levelOf(price: number): number {
  if (!(price >= 0)) return LEVEL_MAX
  return Math.min(LEVEL_MAX, Math.floor(Math.log(price + 1) / WIDTH))
}

/** No price of the level is lower. A hair is taken off for the rounding of logarithms. */
export function levelFloor(level: number): number {
  return (Math.exp(level * WIDTH) - 1) * (1 - 1e-9)
}

/** The bucket of a cell: three tokens in for one out, a usual mix. Only the order of sampling depends on it. */
export function blendedLevel(levelIn: number, levelOut: number): number {
  return levelOf(3 * Math.exp(levelIn * WIDTH) + Math.exp(levelOut * WIDTH))
}
