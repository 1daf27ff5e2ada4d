/**
 * Whether a record that stands on the ledger follows from the receipts of its epoch. Pure.
 *
 * A wrong one that contradicts what the same lane signed in the file is judged by the contract alone; any other wrong one
 * needs a challenge, with a bond, and an auditor.
 */
import {
  bytes32ToAddress,
  recoverStructSigner,
  structHash,
  type Hex,
  type PerformanceRecord,
  type Signed,
} from '@isochrone/protocol'
import type { RecomputedEpoch } from './recompute-epoch.ts'

export type RecordVerdict =
  | { kind: 'right' }
  /** `expected`: null where the node has no receipt in the epoch at all. */
  | { kind: 'wrong'; expected: PerformanceRecord | null }
  /** `other`: signed by the lane for the same node, epoch and version. */
  | { kind: 'contradicted'; other: Signed<PerformanceRecord> }

export interface StandingRecord {
  nodeId: Hex
  version: number
  recordHash: Hex
}

export function judgeRecord({ nodeId, version, recordHash }: StandingRecord, epoch: RecomputedEpoch): RecordVerdict {
  const stands = recordHash.toLowerCase()
  const hashOf = (record: PerformanceRecord) => structHash('PerformanceRecord', record).toLowerCase()
  const expected = epoch.expected.find((record) => record.nodeId === nodeId) ?? null
  // A corrected version says what the first one should have said.
  if (expected !== null && hashOf({ ...expected, version }) === stands) return { kind: 'right' }
  const other = epoch.published.find(
    (signed) =>
      signed.value.nodeId === nodeId &&
      signed.value.version === version &&
      hashOf(signed.value) !== stands &&
      isSignedByLane(signed, epoch),
  )
  return other ? { kind: 'contradicted', other } : { kind: 'wrong', expected }
}

function isSignedByLane(signed: Signed<PerformanceRecord>, { header }: RecomputedEpoch): boolean {
  const { lane, epoch, chainId, slaLedger: verifyingContract } = header
  if (signed.value.lane !== lane || signed.value.epoch !== epoch) return false
  return recoverStructSigner({ chainId, verifyingContract }, 'PerformanceRecord', signed) === bytes32ToAddress(lane)
}
