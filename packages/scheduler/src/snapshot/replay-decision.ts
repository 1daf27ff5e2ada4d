/** Runs a recorded decision again. The result equals the record where the engine version is the same. */
import { prng } from '@isochrone/domain'
import { decide } from './decide.ts'
import { SAMPLE_SIZE } from './sample.ts'
import type { Placement, PlacementRecord } from './types.ts'

/**
 * `exact` says that the whole pool was in the record, so the draws meet the same stream. A record of a sampled pool
 * holds only the sample; its scores and rejections replay, its draw does not.
 */
export function replayDecision(record: PlacementRecord): { placement: Placement; exact: boolean } {
  const placement = decide({ replicas: record.sampled }, record.request, prng(record.prngState), record.nowMs)
  return { placement, exact: record.poolSize <= SAMPLE_SIZE }
}
