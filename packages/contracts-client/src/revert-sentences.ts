/**
 * A sentence for each custom error that our contracts, the timelock and the token can answer with. Exhaustive: the
 * compiler refuses an error without one.
 */
import type { IsochroneErrorName } from './isochrone-abi.ts'
import type { Sentence } from './sentences/format.ts'
import { paymentSentences } from './sentences/payments.ts'
import { sharedSentences } from './sentences/shared.ts'
import { trustSentences } from './sentences/trust.ts'

export const revertSentences: Record<IsochroneErrorName, Sentence> = {
  ...paymentSentences,
  ...trustSentences,
  ...sharedSentences,
}
