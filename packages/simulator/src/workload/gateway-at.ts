/** Which gateway a draw in [0, 1) falls to, by shares that sum to 1. */
export function gatewayAt(draw: number, shares: readonly number[]): number {
  let left = draw
  const at = shares.findIndex((share) => (left -= share) < 0)
  return at < 0 ? shares.length - 1 : at
}
