/** Every policy that ours is compared with. Each file says where its rule and each of its constants are documented. */
import type { SimPolicy } from '../sim-types.ts'
import { c3 } from './c3.ts'
import { cheapest } from './cheapest.ts'
import { dynamo } from './dynamo.ts'
import { inverseSquarePrice } from './inverse-square-price.ts'
import { leastLoaded } from './least-loaded.ts'
import { litellmCost } from './litellm-cost.ts'
import { litellmLatency } from './litellm-latency.ts'
import { livepeer } from './livepeer.ts'
import { llmDDefaultScorers } from './llm-d-default-scorers.ts'
import { llmD } from './llm-d.ts'
import { llmgateway } from './llmgateway.ts'
import { nearest } from './nearest.ts'
import { openrouter } from './openrouter.ts'
import { powerOfTwoChoices } from './power-of-two-choices.ts'
import { prequal } from './prequal.ts'
import { random } from './random.ts'
import { roundRobin } from './round-robin.ts'
import { sglangCacheAware } from './sglang-cache-aware.ts'
import { skyserve } from './skyserve.ts'

export const baselines: readonly SimPolicy[] = [
  random,
  roundRobin,
  nearest,
  cheapest,
  leastLoaded,
  powerOfTwoChoices,
  inverseSquarePrice,
  openrouter,
  litellmLatency,
  litellmCost,
  llmgateway,
  livepeer,
  prequal,
  c3,
  llmD,
  llmDDefaultScorers,
  dynamo,
  sglangCacheAware,
  skyserve,
]
