/** What every check of a node comes to: a verdict, the words for it, what would fix it, and all that it was judged by. */
import type { Verdict } from '@isochrone/domain'

export const checkKinds = ['gpu_uuids', 'matmul', 'sharing', 'region', 'model', 'metering'] as const
export type CheckKind = (typeof checkKinds)[number]

export type CheckInputs = Readonly<Record<string, unknown>>

export interface CheckResult {
  kind: CheckKind
  verdict: Verdict
  /** One sentence: what was found. Names no other provider and no other provider's node. */
  finding: string
  /** One sentence: what its owner can do; null where there is nothing to do. */
  fix: string | null
  /** Enough to judge again. */
  inputs: CheckInputs
  /** Something in it went through the delay shim or came from a performance curve. */
  simulated: boolean
}

const HOUR_MS = 3_600_000

/** How long a verdict is good for, ms; then it counts as unverifiable. */
export const checkTtlMs: Readonly<Record<CheckKind, number>> = {
  gpu_uuids: 24 * HOUR_MS,
  matmul: 24 * HOUR_MS,
  sharing: 7 * 24 * HOUR_MS,
  region: 24 * HOUR_MS,
  model: 7 * 24 * HOUR_MS,
  metering: 24 * HOUR_MS,
}
