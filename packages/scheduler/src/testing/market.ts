/** A market's life as plain values: who offers at first, and what happens then. `live-market.ts` lives through it. */
import fc from 'fast-check'
import type { AttemptOutcome } from '../offer.ts'
import type { RoutingPolicy } from '../placement.ts'
import {
  anyAsk,
  anyOffer,
  anyOutcome,
  anyPrefix,
  anyReport,
  anyRtt,
  below,
  drawnSeed,
  policyWith,
  type AgedReport,
  type Ask,
  type NamelessOffer,
} from './arbitraries.ts'

/** `at` and `of` are taken modulo what there is: nodes that ever were, streams that run, policies. */
export type Step =
  | { do: 'ask'; of: number; ask: Ask; afterMs: number; answered: boolean }
  | { do: 'join'; offer: NamelessOffer }
  | { do: 'change'; at: number; offer: NamelessOffer }
  | { do: 'leave'; at: number }
  | { do: 'rtt'; at: number; ms: number | null }
  | { do: 'prefix'; at: number; hashes: number[] }
  | { do: 'report'; at: number; report: AgedReport }
  | { do: 'end'; of: number; outcome: AttemptOutcome }
  | { do: 'slow'; of: number; delivered: number; tpotMs: number }

export interface Market {
  /** Of the generator that decisions draw from. */
  seed: number
  offers: NamelessOffer[]
  policies: RoutingPolicy[]
  steps: Step[]
}

export interface MarketSize {
  /** Replicas at first, at most; uniform from 1. */
  replicas: number
  steps: number
  /** How often a constraint is left out for each time it is set: large sets of replicas need policies that admit many. */
  open: number
}

export const marketSizes = {
  small: { replicas: 40, steps: 600, open: 2 },
  middling: { replicas: 300, steps: 1_500, open: 3 },
  large: { replicas: 4_000, steps: 8_000, open: 20 },
} as const satisfies Record<string, MarketSize>

const AT_MAX = 8_192
const at = below(AT_MAX)
const plain = { noNullPrototype: true } as const
const kind = <K extends Step['do']>(name: K): fc.Arbitrary<K> => fc.constant(name)

const askStep = fc.record(
  {
    do: kind('ask'),
    of: below(64),
    ask: anyAsk,
    // Mostly the next moment; sometimes much later, sometimes by a clock that went back.
    afterMs: fc.oneof(
      { weight: 48, arbitrary: below(200) },
      { weight: 1, arbitrary: below(30_000) },
      { weight: 1, arbitrary: below(5_000).map((ms) => -ms) },
    ),
    answered: fc.boolean(),
  },
  plain,
)

/** Half of the steps ask for a place; the rest is the market's life. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: askStep },
  { weight: 7, arbitrary: fc.record({ do: kind('report'), at, report: anyReport }, plain) },
  { weight: 5, arbitrary: fc.record({ do: kind('end'), of: at, outcome: anyOutcome }, plain) },
  {
    weight: 3,
    arbitrary: fc.record({ do: kind('slow'), of: at, delivered: below(400), tpotMs: below(1_000) }, plain),
  },
  { weight: 1, arbitrary: fc.record({ do: kind('join'), offer: anyOffer }, plain) },
  { weight: 1, arbitrary: fc.record({ do: kind('change'), at, offer: anyOffer }, plain) },
  { weight: 1, arbitrary: fc.record({ do: kind('leave'), at }, plain) },
  { weight: 1, arbitrary: fc.record({ do: kind('rtt'), at, ms: anyRtt }, plain) },
  { weight: 1, arbitrary: fc.record({ do: kind('prefix'), at, hashes: anyPrefix }, plain) },
)

/** Lengths spread evenly up to their greatest: fast-check would make most of them short. */
export const listOf = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number, minLength = 1): fc.Arbitrary<T[]> =>
  fc.array(arbitrary, { minLength, maxLength, size: 'max' })

export function anyMarket({ replicas, steps, open }: MarketSize): fc.Arbitrary<Market> {
  return fc.record(
    {
      seed: drawnSeed,
      offers: listOf(anyOffer, replicas),
      policies: listOf(policyWith(open), 12),
      steps: listOf(anyStep, steps),
    },
    plain,
  )
}
