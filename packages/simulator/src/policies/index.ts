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
import { dynamo } from './dynamo.ts'
import { llmD } from './llm-d.ts'
import { powerOfTwoChoices } from './power-of-two-choices.ts'
import { prequal } from './prequal.ts'
import { sglangCacheAware } from './sglang-cache-aware.ts'
import { withBounds } from './with-bounds.ts'
import { withHedgesAndMoves } from './with-hedges-and-moves.ts'

export const policies: readonly SimPolicy[] = [isochrone, isochronePlacementOnly, ...baselines]

/**
 * Those, and others that are run when they are named: our engine as the gateway of `npm start` sets it, the two that ours is
 * held against with its own hedges and moves, and the best on long prompts with its bounds on the prompts that wait.
 */
export const namedPolicies: readonly SimPolicy[] = [
  ...policies,
  isochroneGatewayTuning,
  isochroneUndeclared,
  isochroneGateway,
  withHedgesAndMoves(powerOfTwoChoices),
  withHedgesAndMoves(prequal),
  ...[prequal, dynamo, llmD, sglangCacheAware].map(withBounds),
]
