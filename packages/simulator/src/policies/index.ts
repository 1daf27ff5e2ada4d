/** The policies that `npm run sim` compares: ours first. */
import type { SimPolicy } from '../sim-types.ts'
import { baselines } from './baselines.ts'
import {
  isochrone,
  isochroneGateway,
  isochroneGatewayTuning,
  isochronePlacementOnly,
  isochroneUndeclared,
} from './isochrone.ts'

export const policies: readonly SimPolicy[] = [isochrone, isochronePlacementOnly, ...baselines]

/** Those, and others that are run when they are named: our engine as the gateway of `npm start` sets it. */
export const namedPolicies: readonly SimPolicy[] = [
  ...policies,
  isochroneGatewayTuning,
  isochroneUndeclared,
  isochroneGateway,
]
