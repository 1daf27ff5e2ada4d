/**
 * Runs a recorded decision again, with the code that made it, and says whether the same came out.
 *
 * Exact: the record holds the sample, the request, the tuning and the generator's state after sampling, so choice,
 * alternates and scores must agree to the last bit. Another engine version is refused: it may rightly choose otherwise.
 */
import { AppError, prng } from '@isochrone/domain'
import { chooseFromSample, type SampleOutcome } from '../decide/choose-from-sample.ts'
import { ENGINE_VERSION } from '../decide/record.ts'
import type { CandidateRow, PlacementRecord } from '../placement.ts'

export interface Replay {
  outcome: SampleOutcome
  /** What differs from the record, a sentence each; empty when the replay is exact. */
  differences: string[]
}

/** Throws `invalid_input` when another engine version made the record. */
export function replayDecision(record: PlacementRecord): Replay {
  if (record.engineVersion !== ENGINE_VERSION) {
    throw new AppError('invalid_input', {
      field: 'engineVersion',
      publicMessage: `This decision was made by engine ${record.engineVersion}, and this is engine ${ENGINE_VERSION}; a replay is exact only with the engine that decided.`,
    })
  }
  const { sampled, request, nowMs, tuning } = record
  const outcome = chooseFromSample(sampled, request, prng(record.prngState), nowMs, tuning)
  return { outcome, differences: differencesOf(record, outcome) }
}

function differencesOf(record: PlacementRecord, outcome: SampleOutcome): string[] {
  const differences: string[] = []
  const differ = (what: string, before: unknown, now: unknown): void => {
    if (!isSame(before, now)) differences.push(`${what}: recorded ${String(before)}, replayed ${String(now)}`)
  }
  differ('choice', record.choice, outcome.choice)
  differ('alternates', record.alternates.join(', '), outcome.alternates.join(', '))
  differ('explored', record.explored, outcome.explored)
  // Where nothing was sampled, the reasons are those of the whole pool, which a record does not hold.
  if (record.sampled.length > 0) differ('reason', record.reason, outcome.reason)
  // A record of a small pool names first the rejected of the sample, then those that were never eligible.
  const rejected = (rows: PlacementRecord['rejected']): string =>
    rows
      .slice(0, outcome.rejected.length)
      .map(({ nodeId, reason }) => `${nodeId} ${reason}`)
      .join(', ')
  differ('rejected', rejected(record.rejected), rejected(outcome.rejected))
  differ('number of candidates', record.candidates.length, outcome.candidates.length)
  outcome.candidates.forEach((row, i) => {
    const before = record.candidates[i]
    if (before) compareRows(before, row, differ)
  })
  return differences
}

function compareRows(
  before: CandidateRow,
  now: CandidateRow,
  differ: (what: string, before: unknown, now: unknown) => void,
): void {
  differ('candidate', before.nodeId, now.nodeId)
  if (before.nodeId !== now.nodeId) return
  for (const key of ['score', 'ttftMs', 'tpotMs', 'activeStreams', 'tokensCached'] as const) {
    differ(`${key} of ${now.nodeId}`, before[key], now[key])
  }
  for (const term of Object.keys(now.terms) as (keyof CandidateRow['terms'])[]) {
    differ(`${term} of ${now.nodeId}`, before.terms[term], now.terms[term])
  }
}

/** JSON knows neither −0 nor what is not finite: those come back as 0 and null. */
const isSame = (before: unknown, now: unknown): boolean =>
  before === now || ((before === null || Number.isNaN(before)) && typeof now === 'number' && !Number.isFinite(now))
