/** The policies that `npm run sim` compares: ours first. */
import type { SimPolicy } from '../sim-types.ts'
import { baselines } from './baselines.ts'
import { isochrone, isochronePlacementOnly } from './isochrone.ts'

export const policies: readonly SimPolicy[] = [isochrone, isochronePlacementOnly, ...baselines]
