/**
 * The promises of placement as fast-check properties, in one place: the tests beside the source run some of each,
 * `npm run test:properties` millions of decisions.
 *
 * What is decided among more than 512 replicas remembers earlier decisions (`recall.ts`). There, too, every promise on
 * residency, caps, data policy and the like holds, a record replays exactly, equals share equally over time, and the same
 * history with the same seed gives the same decisions. What differs is the order of arrival: it changes nothing once what
 * was decided on the way is forgotten, which `order-remembered` waits for; without memory it changes nothing at all.
 */
import fc from 'fast-check'
import { anyArrivals, checkArrivalOrder, type ArrivalOptions, type ArrivalSize } from './arrival-order.ts'
import { anyBrokenMarket, checkBrokenMetrics } from './broken-metrics.ts'
import { anyEqualMarket, chiSquareMost, chiSquareOf, sharesOf } from './equal-shares.ts'
import { liveThrough, noCounts, type LiveCounts, type LiveOptions } from './live-market.ts'
import { anyMarket, marketSizes, type MarketSize } from './market.ts'

/** Counts what its runs decided, those of shrinking left out by whoever asks in time. */
export interface Promised {
  readonly promise: string
  /** Of all decisions of a long run, the share that tests this. */
  readonly share: number
  property(): fc.IProperty<[unknown]>
  readonly decisions: () => number
  /** Of what was decided, in numbers; empty where there is nothing more to say. */
  readonly counts: () => Readonly<Partial<LiveCounts>>
}

const marketPromise = 'no choice, alternate, hedge or move leaves residency, caps, data policy, trust or exclusions'

export function constraintsHold(size: MarketSize, share = 1, options: LiveOptions = {}): Promised {
  const total = noCounts()
  return {
    promise: `${marketPromise}, and records replay, up to ${size.replicas} replicas`,
    share,
    property: () =>
      fc.property(anyMarket(size), (market) => {
        const counts = liveThrough(market, options)
        for (const key of Object.keys(total) as (keyof LiveCounts)[]) total[key] += counts[key]
      }),
    decisions: () => total.decisions,
    counts: () => total,
  }
}

/** Counts decisions for the promises that count nothing else. */
function promised<T>(
  promise: string,
  share: number,
  arbitrary: () => fc.Arbitrary<T>,
  check: (value: T) => number,
): Promised {
  let decisions = 0
  const property = (): fc.IProperty<[unknown]> => fc.property(arbitrary(), (value) => void (decisions += check(value)))
  return { promise, share, property, decisions: () => decisions, counts: () => ({}) }
}

export const seedReplays = (size: MarketSize, share = 1): Promised =>
  promised(
    `the same history and seed give the same decisions, up to ${size.replicas} replicas`,
    share,
    () => anyMarket(size),
    (market) => {
      const [first, second] = [[], []] as [string[], string[]]
      liveThrough(market, { onDecision: (words) => first.push(words), replayEvery: 1_000_000 })
      const { decisions } = liveThrough(market, { onDecision: (words) => second.push(words), replayEvery: 1_000_000 })
      const at = first.findIndex((words, n) => words !== second[n])
      if (at >= 0) throw new Error(`decision ${at}: ${first[at]} at first, ${second[at]} again`)
      return 2 * decisions
    },
  )

export const orderChangesNothing = (size: ArrivalSize, share = 1, options: ArrivalOptions = {}): Promised =>
  promised(
    `the order of arrival changes nothing, up to ${size.replicas} replicas${options.settling ? ', once what was decided on the way is forgotten' : ''}`,
    share,
    () => anyArrivals(size),
    (market) => checkArrivalOrder(market, options),
  )

/** Decisions for each equal offer: enough for χ² to be what its tables say. */
const SHARES_EACH = 40
const SHARES_LEAST = 1_000

/** `spread`: how many times as far as single draws counts may vary; a remembered sample serves several decisions. */
export const equalsShare = (copies: { min: number; max: number }, share = 1, spread = 1): Promised =>
  promised(
    `equal offers share equally, ${copies.min} to ${copies.max} of them`,
    share,
    () => anyEqualMarket(copies),
    (market) => {
      const decisions = Math.max(SHARES_LEAST, SHARES_EACH * market.copies)
      const chiSquare = chiSquareOf(sharesOf(market, decisions))
      const most = chiSquareMost(market.copies - 1) * spread ** 2
      if (chiSquare > most)
        throw new Error(`χ² is ${chiSquare.toFixed(1)}, at most ${most.toFixed(1)} if shares were equal`)
      return decisions
    },
  )

export const metricsRemoveNobody = (replicas: number, share = 1): Promised =>
  promised(
    `metrics that are missing, zero, no numbers or stale never remove a whole pool, up to ${replicas} replicas`,
    share,
    () => anyBrokenMarket(replicas),
    checkBrokenMetrics,
  )

/** Decisions after which what was decided on the way is forgotten, but once in e²⁵: each forgets with a chance of 1 in 16. */
const SETTLING = 400
const orderSizes = {
  small: { replicas: 300, asks: 1_500, open: 2, policies: 8 },
  large: { replicas: 3_000, asks: 1_500, open: 20, policies: 8 },
  /** One policy: each has a memory of its own, and all must forget. */
  remembered: { replicas: 3_000, asks: 1_500, open: 1_000, policies: 1, alike: true },
} as const satisfies Record<string, ArrivalSize>

/** What a long run tests, by name; shares add up to 1. */
export const promises = {
  'constraints-small': () => constraintsHold(marketSizes.small, 0.1),
  'constraints-middling': () => constraintsHold(marketSizes.middling, 0.15),
  'constraints-large': () => constraintsHold(marketSizes.large, 0.25),
  'replay-middling': () => seedReplays(marketSizes.middling, 0.04),
  'replay-large': () => seedReplays(marketSizes.large, 0.08),
  'order-small': () => orderChangesNothing(orderSizes.small, 0.02),
  // Whether a set is large is known as of the last decision for it: each request is decided once before it counts.
  'order-large': () => orderChangesNothing(orderSizes.large, 0.02, { tuning: { recallShare: 0 }, settling: 1_500 }),
  'order-remembered': () => orderChangesNothing(orderSizes.remembered, 0.02, { settling: SETTLING }),
  'shares-whole': () => equalsShare({ min: 2, max: 64 }, 0.1),
  'shares-sampled': () => equalsShare({ min: 65, max: 512 }, 0.1),
  'shares-remembered': () => equalsShare({ min: 513, max: 2_000 }, 0.1, 1.5),
  'metrics-small': () => metricsRemoveNobody(30, 0.01),
  'metrics-large': () => metricsRemoveNobody(2_000, 0.01),
} as const satisfies Record<string, () => Promised>
export type PromiseName = keyof typeof promises
