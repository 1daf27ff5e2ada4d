/** Gaps between arrivals with mean 1: Gamma (Marsaglia and Tsang 2000) and Weibull (by inversion). */
import type { Prng } from '@isochrone/domain'

/** Below this a client's fitted shape says "one burst in ten minutes" and a draw would be 0 or the whole window. */
const shapeMin = 0.05
const shapeMax = 10_000

export function gap(rng: Prng, family: 'Gamma' | 'Weibull', fitted: number): number {
  const shape = Math.min(shapeMax, Math.max(shapeMin, fitted))
  if (family === 'Gamma') return gamma(rng, shape) / shape
  return (-Math.log(1 - rng.unit())) ** (1 / shape) / gammaFunction(1 + 1 / shape)
}

function gamma(rng: Prng, shape: number): number {
  if (shape < 1) return gamma(rng, shape + 1) * rng.unit() ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  // Accepts 95 % or more of its draws; the bound is never met.
  for (let tries = 0; tries < 1_000; tries++) {
    const x = Math.sqrt(-2 * Math.log(1 - rng.unit())) * Math.cos(2 * Math.PI * rng.unit())
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - rng.unit()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
  return shape
}

/** Γ(x) for x ≥ 1: Stirling's series from 8 on, the recurrence below. */
function gammaFunction(x: number): number {
  let [z, product] = [x, 1]
  while (z < 8) product *= z++
  const series = (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * z) - 1 / (360 * z ** 3)
  return Math.exp(series) / product
}
