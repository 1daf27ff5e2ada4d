/**
 * What a delivery must have in common with the work that it answers, beside that work's hash. Pure and small: the verifier
 * runs it over whole epochs, a page in its reader's browser over one receipt.
 */
type Value = string | number | bigint

const inCommon = ['channelId', 'requestId', 'attempt', 'nodeId', 'termsHash'] as const
const billedAgainstWork = [
  ['billedIn', 'tokensIn'],
  ['billedCached', 'tokensCached'],
  ['billedOut', 'tokensOut'],
] as const

type Fields = Readonly<Record<string, Value>>

export interface BrokenLink {
  /** Of the delivery. */
  field: string
  /** `bill`: more is billed than the work says; else the two say different things. */
  kind: 'bill' | 'field'
  delivered: Value
  worked: Value
}

const NONE: readonly BrokenLink[] = []

/** Each thing in which they do not belong together. Fields as they were signed, or as they travel in JSON. */
export function brokenLinks(delivery: Fields, work: Fields): readonly BrokenLink[] {
  let broken = NONE
  for (const field of inCommon) {
    const [delivered, worked] = [delivery[field] ?? 'nothing', work[field] ?? 'nothing']
    if (delivered !== worked) broken = [...broken, { field, kind: 'field', delivered, worked }]
  }
  for (const [field, counted] of billedAgainstWork) {
    const [delivered, worked] = [delivery[field] ?? 'nothing', work[counted] ?? 'nothing']
    // Not `>`: what is no number bills too much.
    if (!(Number(delivered) <= Number(worked))) broken = [...broken, { field, kind: 'bill', delivered, worked }]
  }
  return broken
}
