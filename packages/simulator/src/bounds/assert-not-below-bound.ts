/**
 * No policy that meets the SLO pays less than the bound: if one seems to, the bound, the bill or the engine is wrong.
 */
import { AppError } from '@isochrone/domain'

export interface BoundedResult {
  policy: string
  /** Share of requests inside their SLOs. */
  sloAttainment: number
  /** USD billed per 10⁶ tokens of finished requests; null when none finished. */
  costPerMtok: number | null
}

/** From here on a policy meets the SLO. */
export const meetsSloFrom = 0.99
/** Rounding of sums of floating-point prices. */
const tolerance = 1e-9

/** @throws AppError internal naming each policy that meets the SLO and costs less than the bound allows */
export function assertNotBelowBound(
  results: readonly BoundedResult[],
  bound: { status: 'optimal' | 'infeasible'; costPerMtokAt99: number },
): void {
  const meeting = results.filter(({ sloAttainment }) => sloAttainment >= meetsSloFrom)
  const [first] = meeting
  if (bound.status === 'infeasible' && first) {
    throw new AppError('internal', {
      publicMessage: `the bound says that this work cannot be done inside the SLO, and ${first.policy} did it`,
    })
  }
  const below = meeting.filter(
    ({ costPerMtok }) => costPerMtok !== null && costPerMtok < bound.costPerMtokAt99 * (1 - tolerance),
  )
  if (below.length === 0) return
  const list = below.map(({ policy, costPerMtok }) => `${policy} ${costPerMtok?.toFixed(6)}`).join(', ')
  throw new AppError('internal', {
    publicMessage: `below the bound of ${bound.costPerMtokAt99.toFixed(6)} USD per Mtok: ${list}`,
    details: { below },
  })
}
