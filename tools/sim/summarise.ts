/** Puts the answers of all seeds together: means over seeds, their spread, and a row for each seed. */
import { AppError } from '@isochrone/domain'
import {
  assertNotBelowBound,
  fileLabel,
  spreadOf,
  type BoundedResult,
  type EngineBound,
  type LpBound,
  type RunFigures,
  type SimPolicy,
  type Spread,
} from '@isochrone/simulator'
import type { SimResultAnswer } from './run-tasks.ts'
import type { SimConfig } from './sim-task.ts'

export const definitions = {
  utilisation: 'offered work / work that the fleet can do inside the SLO; scenarios/market.json, field utilisation',
  sloAttainment:
    'share of requests that finished with TTFT (from arrival at the gateway) and TPOT inside their SLOs; refused, failed and unfinished ones are misses',
  ttftSloMs: '500 ms + 2 x unloaded prefill on H200',
  tpotSloMs: '50 ms, gaps of continuations included',
  costPerMtok: 'USD billed for all attempts, wasted ones included, per 10^6 tokens (in and out) of finished requests',
  costOverBound: 'costPerMtok / bound.costPerMtok - 1: over who serves every request inside its SLO',
  costPerMtokAt99:
    'the bound of who may serve 1 % of the requests late, each at its lowest price of all replicas, or refuse them: no policy that meets the SLO for 99 % may cost less, or this command fails',
  costPerMtokAt99WithoutSlo:
    'the same if all engine time could be work: lower, and free of the argument about steps (bounds/lp-bound.ts)',
  engineCostPerMtok:
    'a second bound, beside that of costOverBound: it knows steps, chunks of prefill and the faults of the run, and leaves nothing of them out (bounds/engine-bound.ts)',
  engineCostPerMtokAt99: 'the same as costPerMtokAt99, of the second bound',
  percentiles: 'over all requests; one that never got there counts as the request timeout, 120,000 ms',
  counted: 'requests that arrive after warm-up; figures are means over seeds',
  bySeed: 'a row for each seed, in the order of `seeds`: what the means and spreads were worked out from',
} as const

type Figures = RunFigures & { costOverBound: number | null }
type Means = { [K in keyof Figures]: number | null }

export interface PolicySummary extends Means {
  policy: string
  source: string
  rule: string
  spread: { [K in keyof Figures]?: Omit<Spread, 'mean'> }
  bySeed: SeedFigures[]
}

/** One run: a policy on one seed. */
export interface SeedFigures extends Figures {
  seed: number
}

export interface SeedBound {
  seed: number
  status: string
  /** Null: the fleet cannot do the work inside the SLO. */
  costPerMtok: number | null
  costPerMtokAt99: number | null
  costPerMtokAt99WithoutSlo: number | null
  engineCostPerMtok: number | null
  engineCostPerMtokAt99: number | null
}

export interface SimSummary {
  definitions: typeof definitions
  trace: string
  /** Of ServeGen's clients; a trace of requests has none. */
  model: string | null
  /** `demo`: prices, network and reliability are made up, and say nothing about a market. */
  data: 'measured' | 'demo'
  util: number
  replicas: number
  churn: boolean
  horizonS: number
  seeds: number[]
  requests: number[]
  bound: {
    status: string
    costPerMtok: number | null
    costPerMtokAt99: number | null
    costPerMtokAt99WithoutSlo: number | null
    engineCostPerMtok: number | null
    engineCostPerMtokAt99: number | null
    spread: Omit<Spread, 'mean'> | null
    bySeed: SeedBound[]
  }
  policies: PolicySummary[]
}

export function summarise(
  config: SimConfig & { horizonMs: number; replicas: number },
  seeds: number[],
  policies: readonly SimPolicy[],
  answers: readonly SimResultAnswer[],
): SimSummary {
  const bounds = new Map<number, LpBound>()
  const engines = new Map<number, EngineBound>()
  const requests: number[] = []
  for (const answer of answers) {
    if (answer.kind !== 'bound') continue
    bounds.set(answer.task.seed, answer.bound)
    engines.set(answer.task.seed, answer.engine)
    requests.push(answer.requests)
  }
  const feasible = (seed: number) => (bounds.get(seed)?.status === 'optimal' ? (bounds.get(seed) ?? null) : null)
  const bound = spreadOf(seeds.map((seed) => feasible(seed)?.costPerMtok ?? null))
  const at99 = spreadOf(seeds.map((seed) => feasible(seed)?.costPerMtokAt99 ?? null))
  const withoutSlo = spreadOf(seeds.map((seed) => feasible(seed)?.costPerMtokAt99WithoutSlo ?? null))
  const engineOf = (seed: number) => (engines.get(seed)?.status === 'optimal' ? (engines.get(seed) ?? null) : null)
  const meanOfEngine = (key: 'costPerMtok' | 'costPerMtokAt99') =>
    spreadOf(seeds.map((seed) => engineOf(seed)?.[key] ?? null))?.mean ?? null
  return {
    definitions,
    trace: fileLabel(config.traceFile),
    model: config.model,
    data: config.dataFolder === null ? 'demo' : 'measured',
    util: config.util,
    replicas: config.replicas,
    churn: config.churn,
    horizonS: config.horizonMs / 1000,
    seeds,
    requests,
    bound: {
      status: bound ? 'optimal' : 'infeasible',
      costPerMtok: bound?.mean ?? null,
      costPerMtokAt99: at99?.mean ?? null,
      costPerMtokAt99WithoutSlo: withoutSlo?.mean ?? null,
      engineCostPerMtok: meanOfEngine('costPerMtok'),
      engineCostPerMtokAt99: meanOfEngine('costPerMtokAt99'),
      spread: withoutMean(bound),
      bySeed: seeds.map((seed) => ({
        seed,
        status: bounds.get(seed)?.status ?? 'infeasible',
        costPerMtok: feasible(seed)?.costPerMtok ?? null,
        costPerMtokAt99: feasible(seed)?.costPerMtokAt99 ?? null,
        costPerMtokAt99WithoutSlo: feasible(seed)?.costPerMtokAt99WithoutSlo ?? null,
        engineCostPerMtok: engineOf(seed)?.costPerMtok ?? null,
        engineCostPerMtokAt99: engineOf(seed)?.costPerMtokAt99 ?? null,
      })),
    },
    policies: policies.map((policy) => {
      const rows = answers.flatMap((answer): SeedFigures[] => {
        if (answer.kind !== 'figures' || answer.task.policy !== policy.name) return []
        const { seed } = answer.task
        const least = feasible(seed)?.costPerMtok ?? null
        const { costPerMtok } = answer.figures
        const costOverBound = costPerMtok === null || least === null || least <= 0 ? null : costPerMtok / least - 1
        return [{ seed, ...answer.figures, costOverBound }]
      })
      return summaryOf(policy, rows)
    }),
  }
}

/** One line when, on some seed, a policy that meets the SLO paid less than a bound: then one of the two is wrong. */
export function belowBound(answers: readonly SimResultAnswer[]): string | null {
  for (const answer of answers) {
    if (answer.kind !== 'bound') continue
    const { seed } = answer.task
    const results = answers.flatMap((other): BoundedResult[] => {
      if (other.kind !== 'figures' || other.task.seed !== seed) return []
      const { sloAttainment, costPerMtok } = other.figures
      return costPerMtok === null ? [] : [{ policy: other.task.policy ?? '', sloAttainment, costPerMtok }]
    })
    try {
      assertNotBelowBound(results, answer.bound)
      // Where not all can be served, 99 % may be: only the first bound is held to say so.
      if (answer.engine.status === 'optimal') assertNotBelowBound(results, answer.engine)
    } catch (error) {
      if (error instanceof AppError) return `seed ${seed}: ${error.publicMessage}`
      throw error
    }
  }
  return null
}

function summaryOf({ name, source, rule }: SimPolicy, bySeed: SeedFigures[]): PolicySummary {
  const means: Partial<Means> = {}
  const spread: PolicySummary['spread'] = {}
  for (const key of Object.keys(bySeed[0] ?? {}) as (keyof SeedFigures)[]) {
    if (key === 'seed') continue
    const figure = spreadOf(bySeed.map((row) => row[key]))
    means[key] = figure?.mean ?? null
    const rest = withoutMean(figure)
    if (rest) spread[key] = rest
  }
  return { policy: name, ...(means as Means), source, rule, spread, bySeed }
}

function withoutMean(spread: Spread | null): Omit<Spread, 'mean'> | null {
  return spread && { sd: spread.sd, min: spread.min, max: spread.max }
}
