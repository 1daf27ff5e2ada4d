/** Runs the scenarios over seeds and holds the worst seed of ours against each target. */
import { invariant } from '@isochrone/domain'
import {
  fairnessScenario,
  isochrone,
  killScenario,
  policies,
  prefixScenario,
  tiersScenario,
  type FairnessScenarioResult,
  type KillScenarioResult,
  type PrefixScenarioResult,
  type SimPolicy,
  type TiersScenarioResult,
} from '@isochrone/simulator'
import type { ScenarioInputs } from './inputs.ts'

export const scenarioNames = ['prefix', 'fairness', 'kill', 'tiers'] as const
export type ScenarioName = (typeof scenarioNames)[number]

export interface Target {
  what: string
  /** Of the worst seed. */
  measured: number | null
  bound: string
  met: boolean
}

export interface ScenarioReport {
  data: ScenarioInputs['kind']
  seeds: readonly number[]
  prefix?: { rows: (PrefixScenarioResult & { variant: string })[]; targets: Target[] }
  fairness?: { rows: FairnessScenarioResult[]; targets: Target[] }
  kill?: { rows: KillScenarioResult[]; targets: Target[] }
  tiers?: { rows: TiersScenarioResult[]; targets: Target[] }
}

const compared = ['sglang-cache-aware', 'dynamo', 'llm-d', 'random'] as const
/** The same trace with its clock four times as fast: about 0.6 of what the pool can do. */
const busy = 4
const sticky = 'as it was'

type Progress = (text: string) => void

export function runScenarios(
  inputs: ScenarioInputs,
  names: readonly ScenarioName[],
  seeds: readonly number[],
  progress: Progress,
): ScenarioReport {
  const report: ScenarioReport = { data: inputs.kind, seeds }
  for (const name of names) {
    if (name === 'prefix') report.prefix = prefix(inputs, seeds, progress)
    else if (name === 'fairness') report.fairness = fairness(inputs, seeds, progress)
    else if (name === 'kill') report.kill = kill(inputs, seeds, progress)
    else report.tiers = tiers(inputs, seeds, progress)
  }
  progress('')
  return report
}

function prefix(inputs: ScenarioInputs, seeds: readonly number[], progress: Progress) {
  const { market } = inputs
  const trace = inputs.conversations()
  const runs: { variant: string; policy: SimPolicy; gateways?: 'any'; speedUp?: number }[] = [
    ...[isochrone, ...compared.map(policyNamed)].map((policy) => ({ variant: sticky, policy })),
    { variant: `clock × ${busy}`, policy: isochrone, speedUp: busy },
    { variant: `clock × ${busy}`, policy: policyNamed('sglang-cache-aware'), speedUp: busy },
    { variant: 'any gateway', policy: isochrone, gateways: 'any' },
    { variant: 'any gateway', policy: policyNamed('sglang-cache-aware'), gateways: 'any' },
  ]
  const rows = runs.flatMap(({ variant, ...run }) =>
    seeds.map((seed) => {
      progress(`prefix: ${run.policy.name}, ${variant}, seed ${seed}`)
      return Object.assign(prefixScenario({ market, trace, seed, ...run }), { variant })
    }),
  )
  const ours = rows.filter(({ policy, variant }) => policy === isochrone.name && variant === sticky)
  return {
    rows,
    targets: [
      atLeast(
        'share of the hits of an infinite cache',
        0.9,
        worst(ours, 'least', (row) => row.shareOfInfinite),
      ),
      atMost(
        'busiest ÷ mean replica, engine time',
        1.25,
        worst(ours, 'most', (row) => row.load.engineTime),
      ),
    ],
  }
}

function fairness(inputs: ScenarioInputs, seeds: readonly number[], progress: Progress) {
  const { market } = inputs
  const clients = inputs.clients()
  const runs = [
    { order: 'fair', gateways: 1 },
    { order: 'fifo', gateways: 1 },
    { order: 'fair', gateways: market.gateways.length },
  ] as const
  const rows = runs.flatMap((run) =>
    seeds.map((seed) => {
      progress(`fairness: ${run.order}, ${run.gateways} gateways, seed ${seed}`)
      return fairnessScenario({ market, clients, seed, ...run })
    }),
  )
  const ours = rows.filter(({ order }) => order === 'fair')
  return {
    rows,
    targets: [
      atLeast(
        'Jain index over the whole time',
        0.95,
        worst(ours, 'least', (row) => row.jainThroughout),
      ),
      atLeast(
        'Jain index, worst window',
        0.95,
        worst(ours, 'least', (row) => row.jainWindowMin),
      ),
      atLeast(
        'tenants backlogged throughout',
        2,
        worst(ours, 'least', (row) => row.backloggedThroughout),
      ),
    ],
  }
}

function kill(inputs: ScenarioInputs, seeds: readonly number[], progress: Progress) {
  const { market } = inputs
  const data = inputs.marketData()
  const workload = { kind: 'trace', trace: inputs.calls() } as const
  const rows = seeds.map((seed) => {
    progress(`kill: seed ${seed}`)
    return killScenario({ market, data, workload, policy: isochrone, seed })
  })
  return {
    rows,
    targets: [
      atMost(
        'requests without a first token',
        0,
        worst(rows, 'most', (row) => row.withoutFirstToken),
      ),
      atMost(
        'P99 TTFT of the minute after ÷ before',
        1.5,
        worst(rows, 'most', (row) => row.ttftP99Ratio),
      ),
    ],
  }
}

function tiers(inputs: ScenarioInputs, seeds: readonly number[], progress: Progress) {
  const { market } = inputs
  const trace = inputs.calls()
  const rows = seeds.map((seed) => {
    progress(`tiers: seed ${seed}`)
    return tiersScenario({ market, trace, seed })
  })
  return {
    rows,
    targets: [
      atMost(
        'attempts outside the policy',
        0,
        worst(rows, 'most', (row) => row.outsidePolicy),
      ),
      atMost(
        'requests that did not finish',
        0,
        worst(rows, 'most', (row) => row.unfinished),
      ),
      atMost(
        's until the edge serves again',
        10,
        worst(rows, 'most', (row) => (row.backAfterMs ?? Infinity) / 1_000),
      ),
    ],
  }
}

function worst<T>(rows: readonly T[], which: 'least' | 'most', value: (row: T) => number): number {
  const values = rows.map(value)
  return which === 'least' ? Math.min(...values) : Math.max(...values)
}

const finite = (value: number) => (Number.isFinite(value) ? value : null)

function atLeast(what: string, bound: number, measured: number): Target {
  return { what, measured: finite(measured), bound: `≥ ${bound}`, met: measured >= bound }
}

function atMost(what: string, bound: number, measured: number): Target {
  return { what, measured: finite(measured), bound: `≤ ${bound}`, met: measured <= bound }
}

function policyNamed(name: string): SimPolicy {
  const policy = policies.find((each) => each.name === name)
  invariant(policy, `the simulator has a policy named ${name}`)
  return policy
}
