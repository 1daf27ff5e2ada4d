/**
 * The critical counts that the ledger tests by: exact at these sample counts, and between two of them the larger one's,
 * so that rounding is to the provider's benefit. `SlaTest.sol` holds the same numbers, and a test compares the two.
 */
import { criticalCount, SLA_MISS, SLA_SAMPLES_MIN } from './critical-count.ts'

export interface SlaStep {
  samples: number
  /** Misses from which a TTFT or TPOT promise is broken. */
  latency: number
  /** Faults from which the promise of availability is broken. */
  availability: number
}

export const SLA_STEPS = [
  500, 600, 700, 800, 900, 1_000, 1_250, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 7_500, 10_000, 15_000, 20_000,
  30_000, 65_535,
] as const

const steps = new Map<number, SlaStep>()

/** The whole table. The last step takes a second to compute; each is computed once. */
export function slaStepTable(): readonly SlaStep[] {
  return SLA_STEPS.map(stepAt)
}

/**
 * Counts from which a pool of this many samples breaks a promise, or null when there are too few to say anything. Above
 * the last step its count is taken once for each begun 65,535 samples: never below the exact count, which grows slower.
 */
export function slaStepFor(samples: number): SlaStep | null {
  if (samples < SLA_SAMPLES_MIN) return null
  const step = SLA_STEPS.find((size) => samples <= size)
  if (step !== undefined) return stepAt(step)
  const last = SLA_STEPS[SLA_STEPS.length - 1] as number
  const times = Math.ceil(samples / last)
  const { latency, availability } = stepAt(last)
  return { samples: last * times, latency: latency * times, availability: availability * times }
}

function stepAt(samples: number): SlaStep {
  let step = steps.get(samples)
  if (!step) {
    step = {
      samples,
      latency: criticalCount(samples, SLA_MISS.latency),
      availability: criticalCount(samples, SLA_MISS.availability),
    }
    steps.set(samples, step)
  }
  return step
}
