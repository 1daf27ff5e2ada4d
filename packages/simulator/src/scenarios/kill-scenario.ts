/**
 * A share of the fleet dies at once, without a word (`kill` of market.json), in a market that churns anyway.
 *
 * Nothing that had been accepted may be lost before its first token: it fails over. Streams that ran on the dead
 * replicas go on elsewhere from their last token.
 */
import { measureRun, type RunFigures } from '../run/measure.ts'
import { prepareMarketRun, type MarketRunInput } from '../run/market-run.ts'
import { simulate } from '../run/simulate.ts'
import type { SimPolicy } from '../sim-types.ts'

export interface KillScenarioInput extends Omit<MarketRunInput, 'faults' | 'horizonMs' | 'util'> {
  policy: SimPolicy
  util?: number
  /** Replicas come and go, straggle and err as in the market besides. Default true. */
  churn?: boolean
}

export interface KillScenarioResult {
  policy: string
  seed: number
  killed: number
  requests: number
  /** Requests that never got a first token, whatever became of them: lost, refused, failed or still waiting at the end. */
  withoutFirstToken: number
  /** Of them, those that had been dispatched. */
  lostBeforeFirstToken: number
  /** Requests that arrived in the window before the kill, in the one after it, and in the next one. */
  before: RunFigures
  after: RunFigures
  later: RunFigures
  ttftP99Ratio: number
}

export function killScenario({ policy, churn = true, util = 0.6, ...input }: KillScenarioInput): KillScenarioResult {
  const { atMs, windowMs } = input.market.kill
  const horizonMs = atMs + 2 * windowMs
  const faults = { churn, stragglers: churn, errors: churn, kill: true }
  const run = prepareMarketRun({ ...input, util, horizonMs, faults })
  const result = simulate({ ...run, policy })
  const during = (fromMs: number) => measureRun(run, result, fromMs, fromMs + windowMs)
  const [before, after, later] = [during(atMs - windowMs), during(atMs), during(atMs + windowMs)]
  let [withoutFirstToken, lost] = [0, 0]
  for (const { index } of run.requests) {
    if (result.log.firstMs[index] !== 0) continue
    withoutFirstToken++
    if ((result.log.attempts[index] as number) > 0) lost++
  }
  return {
    policy: policy.name,
    seed: input.seed,
    killed: run.faults.outages.filter(({ fromMs }) => fromMs === atMs).length,
    requests: run.requests.length,
    withoutFirstToken,
    lostBeforeFirstToken: lost,
    before,
    after,
    later,
    ttftP99Ratio: before.ttftP99Ms > 0 ? after.ttftP99Ms / before.ttftP99Ms : Infinity,
  }
}
