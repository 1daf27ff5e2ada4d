/** How values of errors read in sentences. */
import { formatMicroUsd } from '../format-micro-usd.ts'
import { disputeKinds, disputeStates, recordStatuses } from '../states.ts'

/** An error's values as text, filled up to four with empty ones: no error has more. */
export type SentenceArgs = readonly [string, string, string, string]
export type Sentence = (args: SentenceArgs) => string

export const usd = (value: string): string => formatMicroUsd(BigInt(value))
export const utc = (seconds: string): string => new Date(Number(seconds) * 1_000).toISOString()
export const percent = (basisPoints: string): string => `${Number(basisPoints) / 100} %`
export const duration = (seconds: string): string => `${seconds} s`

const worded =
  (words: readonly string[]) =>
  (code: string): string =>
    (words[Number(code)] ?? code).replaceAll('_', ' ')
export const recordStatus = worded(recordStatuses)
export const disputeState = worded(disputeStates)
export const disputeKind = worded(disputeKinds)
