/**
 * What `npm run bench:slo` sends where: scenarios, and prompts that a seed draws, so that what is compared gets the same ones.
 */
import { prng } from '@isochrone/domain'
import { curveOf, prefillMs } from '@isochrone/perf-model'

/** One kind of request and the gateways that it is sent to, by number. */
export interface Variant {
  readonly name: string
  readonly gateways: readonly number[]
  readonly routing: Readonly<Record<string, unknown>>
}

/** Nodes in one process, each linked to all of these gateways. */
export interface NodeSet {
  readonly count: number
  readonly gateways: readonly number[]
  readonly tellsOfPrompts: boolean
  readonly tpotMs: number | null
  readonly slow: { readonly everyMs: number; readonly forMs: number; readonly tpotMs: number } | null
}

export interface Scenario {
  readonly name: string
  readonly nodeSets: readonly NodeSet[]
  readonly concurrencyMax: number
  /** Environment of each gateway, beside what all have. */
  readonly gateways: readonly Readonly<Record<string, string>>[]
  readonly variants: readonly Variant[]
  /** All at the same time, because they share nodes; else one after the other. */
  readonly together: boolean
  /** Of each variant. */
  readonly ratePerS: number
  readonly tokensInMean: number
  readonly tokensOut: number
}

const base = { ttftMs: 500, tpotMs: 50 } as const
const curve = curveOf('H200', 8, 'fp8')
const LONGEST = 100_000
const SHORTEST = 200
const TOKENS_PER_WORD = 4

/** The first token's SLO of the tables: 0.5 s and twice the prefill on idle H200, ms. */
export const ttftSloMsOf = (tokensIn: number): number => Math.round(base.ttftMs + 2 * prefillMs(curve, tokensIn))
export const TPOT_SLO_MS = base.tpotMs

const declining = { PROMPT_DECLINES_MAX: '2' }
const older = { PROMPT_DECLINES_MAX: '0' }
const sixNodes = { count: 6, tpotMs: null, slow: null } as const

export const scenarios: readonly Scenario[] = [
  {
    name: 'bounds',
    nodeSets: [
      { ...sixNodes, gateways: [0, 1, 2], tellsOfPrompts: true },
      { ...sixNodes, gateways: [3, 4, 5], tellsOfPrompts: false },
    ],
    concurrencyMax: 64,
    gateways: [declining, declining, declining, older, older, older],
    variants: [
      { name: 'bounds and news', gateways: [0, 1, 2], routing: {} },
      { name: 'neither', gateways: [3, 4, 5], routing: {} },
    ],
    together: false,
    ratePerS: 10,
    tokensInMean: 12_000,
    tokensOut: 32,
  },
  {
    name: 'moves',
    nodeSets: [
      {
        count: 4,
        gateways: [0, 1],
        tellsOfPrompts: true,
        tpotMs: 20,
        slow: { everyMs: 20_000, forMs: 10_000, tpotMs: 150 },
      },
    ],
    concurrencyMax: 16,
    gateways: [declining, declining],
    variants: [
      { name: 'moves', gateways: [0], routing: {} },
      { name: 'no moves', gateways: [1], routing: { allow_continuation: false } },
    ],
    together: true,
    ratePerS: 6.7,
    tokensInMean: 400,
    tokensOut: 120,
  },
]

export interface Arrival {
  /** From the beginning of the round. */
  readonly atMs: number
  readonly tokensIn: number
  /** Which of its variant's gateways, 0 to 1. */
  readonly gateway: number
  readonly prompt: string
}

/** At exponential distances, of exponential length. The same seed gives the same ones. */
export function drawArrivals(scenario: Scenario, seconds: number, seed: number): Arrival[] {
  const rng = prng(seed)
  const exponential = (mean: number): number => -mean * Math.log(1 - rng.unit())
  const arrivals: Arrival[] = []
  for (let atMs = exponential(1_000 / scenario.ratePerS); atMs < seconds * 1_000;) {
    const tokensIn = Math.round(Math.min(LONGEST, Math.max(SHORTEST, exponential(scenario.tokensInMean))))
    arrivals.push({ atMs, tokensIn, gateway: rng.unit(), prompt: promptOf(tokensIn, `${seed} ${arrivals.length}`) })
    atMs += exponential(1_000 / scenario.ratePerS)
  }
  return arrivals
}

const filler = 'and on it goes. '.repeat((LONGEST * TOKENS_PER_WORD) / 16 + 1)

/** Begins otherwise than any other: nothing of it is in a cache. The engine counts four bytes as a token. */
function promptOf(tokensIn: number, name: string): string {
  const bytes = TOKENS_PER_WORD * (tokensIn - 1)
  return `${`Story ${name}: `.repeat(8)}${filler}`.slice(0, bytes)
}
