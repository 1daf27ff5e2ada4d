/**
 * A line y = intercept + slope·x, fitted online by exponentially weighted least squares, pulled to a prior while data
 * are few. Bounded state (five sums), so one per replica and quantity is cheap.
 *
 * Normal equations with forgetting factor: Ljung, System Identification (1999), §11.2, for the two-parameter case.
 */
export interface EwLinearFit {
  /** Adds one observation. Values that are not finite are ignored: a broken metric must not poison placement. */
  observe(x: number, y: number): void
  intercept(): number
  slope(): number
}

/**
 * `priorWeight` counts as that many observations placed on the prior line; `memory` is about how many observations
 * are remembered. Slope and intercept are never negative: neither tokens nor load make an engine faster.
 */
export function ewLinearFit(
  prior: { intercept: number; slope: number; xScale: number },
  memory = 64,
  priorWeight = 2,
): EwLinearFit {
  const keep = 1 - 1 / memory
  let [w, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0]
  const add = (weight: number, x: number, y: number): void => {
    w += weight
    sx += weight * x
    sy += weight * y
    sxx += weight * x * x
    sxy += weight * x * y
  }
  add(priorWeight / 2, 0, prior.intercept)
  add(priorWeight / 2, prior.xScale, prior.intercept + prior.slope * prior.xScale)

  const slope = (): number => {
    const spread = w * sxx - sx * sx
    if (spread <= 1e-9 * w * sxx) return prior.slope
    return Math.max(0, (w * sxy - sx * sy) / spread)
  }
  return {
    observe(x, y) {
      if (!Number.isFinite(x) || !Number.isFinite(y) || x < 0 || y < 0) return
      ;[w, sx, sy, sxx, sxy] = [w * keep, sx * keep, sy * keep, sxx * keep, sxy * keep]
      add(1, x, y)
    },
    slope,
    intercept: () => Math.max(0, (sy - slope() * sx) / w),
  }
}
