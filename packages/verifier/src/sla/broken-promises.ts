/**
 * Pools: a payer's samples of a node and version of terms, over epochs, until there are enough to say something. What the
 * ledger does on-chain, for pages and tests to do beforehand.
 */
import type { SlaCounts } from '@isochrone/protocol'
import { SLA_SAMPLES_MIN } from './critical-count.ts'
import { slaStepFor } from './step-table.ts'

/** Samples since the last test; `spent` in µUSD. */
export type SlaPool = Pick<
  SlaCounts,
  'samples' | 'faults' | 'ttftSamples' | 'ttftOver' | 'tpotSamples' | 'tpotOver' | 'spent'
>

export interface PoolTest {
  /** False below 500 samples: nothing is decided, everything is kept. */
  tested: boolean
  broken: { availability: boolean; ttft: boolean; tpot: boolean }
  /** As in `PoolTested`: 1 availability, 2 TTFT, 4 TPOT. */
  bits: number
  /** The pool afterwards: what was tested is gone from it, an SLI with too few samples of its own goes on. */
  after: SlaPool
}

export const emptyPool: SlaPool = {
  samples: 0,
  faults: 0,
  ttftSamples: 0,
  ttftOver: 0,
  tpotSamples: 0,
  tpotOver: 0,
  spent: 0n,
}

export function addToPool(pool: SlaPool, counts: SlaPool): SlaPool {
  return {
    samples: pool.samples + counts.samples,
    faults: pool.faults + counts.faults,
    ttftSamples: pool.ttftSamples + counts.ttftSamples,
    ttftOver: pool.ttftOver + counts.ttftOver,
    tpotSamples: pool.tpotSamples + counts.tpotSamples,
    tpotOver: pool.tpotOver + counts.tpotOver,
    spent: pool.spent + counts.spent,
  }
}

/** Which promises the pool breaks. Each is tested only on 500 samples of its own. */
export function brokenPromises(pool: SlaPool): PoolTest {
  const broken = { availability: false, ttft: false, tpot: false }
  if (pool.samples < SLA_SAMPLES_MIN) return { tested: false, broken, bits: 0, after: pool }
  const after = { ...pool, samples: 0, faults: 0, spent: 0n }
  broken.availability = reaches(pool.faults, slaStepFor(pool.samples)?.availability)
  const ttft = slaStepFor(pool.ttftSamples)
  if (ttft) {
    broken.ttft = reaches(pool.ttftOver, ttft.latency)
    Object.assign(after, { ttftSamples: 0, ttftOver: 0 })
  }
  const tpot = slaStepFor(pool.tpotSamples)
  if (tpot) {
    broken.tpot = reaches(pool.tpotOver, tpot.latency)
    Object.assign(after, { tpotSamples: 0, tpotOver: 0 })
  }
  const bits = (broken.availability ? 1 : 0) | (broken.ttft ? 2 : 0) | (broken.tpot ? 4 : 0)
  return { tested: true, broken, bits, after }
}

const reaches = (misses: number, limit: number | undefined): boolean => limit !== undefined && misses >= limit

/** What a broken pool costs before the daily cap, µUSD, rounded down as the ledger does. */
export function penaltyMicroUsd(spent: bigint, penaltyBps: number): bigint {
  return (spent * BigInt(penaltyBps)) / 10_000n
}
