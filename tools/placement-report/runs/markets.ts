/**
 * Every market that docs/PLACEMENT.md has figures of: which requests, which seeds, and whom ours is compared with. What is
 * measured (`npm run measure:placement`) and what is written into the documents (`npm run report:placement`) both go by it.
 */
import { policies } from '@isochrone/simulator'

export type Market = {
  /** Its files are `NAME-UTIL.json`. */
  readonly name: string
  /** Below ../shared/data/traces. */
  readonly trace: string
  /** Of ServeGen's clients those of this model. */
  readonly model?: string
  readonly firstSeed: number
  readonly seeds: number
  readonly utils: readonly number[]
  /** What was run on it; ours first. */
  readonly policies: readonly string[]
  /** Fleet and faults, where they are not those of market.json. */
  readonly market?: string
  readonly horizonS?: number
}

const azure = 'azure_llm_2023_conv.csv'
const mooncake = 'mooncake_conversation.jsonl.gz'
const servegen = 'servegen_client_rates.csv.gz'
const utils = [0.4, 0.6, 0.75] as const
const rivals = ['isochrone', 'power-of-two-choices', 'prequal'] as const
/** Every policy of `npm run sim`. */
const all = policies.map(({ name }) => name)

/** The first seeds of the fives that are reported; 1 and 2 were tuned on. */
export const FIVES = [31, 41, 51, 61] as const

const five = (kind: string, trace: string, firstSeed: number, policies: readonly string[]): Market => ({
  name: fiveName(kind, firstSeed),
  trace,
  firstSeed,
  seeds: 5,
  utils,
  policies,
})

export function fiveName(kind: string, firstSeed: number): string {
  return `${kind}-${firstSeed}-to-${firstSeed + 4}`
}

export const SERVEGEN_MODELS = ['m-large', 'm-mid', 'm-small'] as const

export const markets: readonly Market[] = [
  five('azure', azure, 31, [...all, 'power-of-two-choices-with-hedges-and-moves', 'prequal-with-hedges-and-moves']),
  five('azure', azure, 41, rivals),
  five('azure', azure, 51, rivals),
  five('azure', azure, 61, rivals),
  five('mooncake', mooncake, 31, ['isochrone']),
  five('mooncake', mooncake, 41, [
    ...all,
    'prequal-with-bounds',
    'dynamo-with-bounds',
    'llm-d-with-bounds',
    'sglang-cache-aware-with-bounds',
  ]),
  five('mooncake', mooncake, 51, rivals),
  five('mooncake', mooncake, 61, ['isochrone']),
  ...SERVEGEN_MODELS.map((model) => ({ ...five(`servegen-${model}`, servegen, 31, rivals), model })),
  {
    name: 'azure-600-31',
    trace: azure,
    firstSeed: 31,
    seeds: 1,
    utils,
    policies: rivals,
    market: 'packages/simulator/scenarios/market-600.json',
    horizonS: 150,
  },
  {
    name: 'azure-1-to-2',
    trace: azure,
    firstSeed: 1,
    seeds: 2,
    utils: [0.6],
    policies: ['isochrone', 'isochrone-gateway-tuning', 'isochrone-undeclared', 'isochrone-gateway'],
  },
]

/** Throws where there is none of that name. */
export function marketNamed(name: string): Market {
  const market = markets.find((known) => known.name === name)
  if (market) return market
  throw new Error(`no market ${name}; there are ${markets.map((known) => known.name).join(', ')}`)
}
