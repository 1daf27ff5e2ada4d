/**
 * Prequal's pool of probe answers: at most 16, one for each replica, none older than a second, each used a limited number
 * of times; with each query one is removed, by turns the oldest and the worst.
 *
 * Source: Wydrowski, Kleinberg, Rumble, Archer, "Load is not what you should balance: Introducing Prequal", NSDI 2024,
 * section 4 (asynchronous probing, probe reuse and removal, hot-cold lexicographic rule).
 */
import type { Prng } from '@isochrone/domain'

export interface Probe {
  replica: number
  /** Requests in flight there, those that this gateway has sent since included. */
  inFlight: number
  waitingTokens: number
  answeredMs: number
  usesLeft: number
}

export interface ProbePool {
  add(probe: Probe): void
  /** Drops answers past their age and those of replicas that are not wanted. */
  prune(nowMs: number, isWanted: (replica: number) => boolean): void
  probes(): readonly Probe[]
  used(replica: number): void
  /** One answer goes: the oldest, or the worst by `isWorse(a, b)`. */
  removeOne(isWorse: (a: Probe, b: Probe) => boolean): void
  drop(replica: number): void
}

export function createProbePool(sizeMax: number, ageMsMax: number): ProbePool {
  let pool: Probe[] = []
  let oldestNext = true
  const oldest = (): Probe | undefined =>
    pool.reduce<Probe | undefined>((a, b) => (a === undefined || b.answeredMs < a.answeredMs ? b : a), undefined)
  return {
    add(probe) {
      pool = pool.filter((kept) => kept.replica !== probe.replica)
      if (pool.length >= sizeMax) {
        const gone = oldest()
        pool = pool.filter((kept) => kept !== gone)
      }
      pool.push(probe)
    },
    prune(nowMs, isWanted) {
      pool = pool.filter((probe) => nowMs - probe.answeredMs <= ageMsMax && isWanted(probe.replica))
    },
    probes: () => pool,
    used(replica) {
      const probe = pool.find((kept) => kept.replica === replica)
      if (probe === undefined) return
      probe.inFlight++
      probe.usesLeft--
      if (probe.usesLeft <= 0) pool = pool.filter((kept) => kept !== probe)
    },
    removeOne(isWorse) {
      const gone = oldestNext
        ? oldest()
        : pool.reduce<Probe | undefined>((a, b) => (a === undefined || isWorse(b, a) ? b : a), undefined)
      oldestNext = !oldestNext
      pool = pool.filter((kept) => kept !== gone)
    },
    drop(replica) {
      pool = pool.filter((kept) => kept.replica !== replica)
    },
  }
}

/**
 * How often an answer may be used: (1 + δ) ÷ ((1 − m/n) · probes a query − removals a query), at least 1, a fraction rounded
 * up or down at random so that the mean is right. Without a positive denominator there is no limit.
 */
export function reuseBudget(
  poolSize: number,
  replicas: number,
  probesAQuery: number,
  removalsAQuery: number,
  rng: Prng,
): number {
  const delta = 1
  const denominator = (1 - poolSize / Math.max(1, replicas)) * probesAQuery - removalsAQuery
  if (denominator <= 0) return Infinity
  const budget = Math.max(1, (1 + delta) / denominator)
  const whole = Math.floor(budget)
  return whole + (rng.unit() < budget - whole ? 1 : 0)
}
