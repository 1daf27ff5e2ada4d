/**
 * How a node stands with its checks. It follows from the verdicts that are in force; `failed` is left only by checks that pass.
 */
import type { StateTable } from '../state-machine.ts'

export type Verdict = 'valid' | 'invalid' | 'unverifiable'
export type VerificationStatus = 'pending' | 'verified' | 'unverified' | 'failed'
export type VerificationEvent = 'pass' | 'doubt' | 'fail'

export const verificationTransitions: StateTable<VerificationStatus, VerificationEvent> = {
  pending: { pass: 'verified', doubt: 'unverified', fail: 'failed' },
  verified: { pass: 'verified', doubt: 'unverified', fail: 'failed' },
  unverified: { pass: 'verified', doubt: 'unverified', fail: 'failed' },
  // What was shown to be wrong is not forgotten because it can no longer be measured.
  failed: { pass: 'verified', doubt: 'failed', fail: 'failed' },
}

/** What a set of verdicts says: one invalid fails, all valid pass, anything else is doubt. */
export function verificationAfter(verdicts: readonly Verdict[]): VerificationEvent {
  if (verdicts.includes('invalid')) return 'fail'
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'valid') ? 'pass' : 'doubt'
}
