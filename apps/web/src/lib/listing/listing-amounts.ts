/** Amounts as people type them, kept exactly: whole units of what is stored, or a sentence that says why not. Nothing is rounded. */

export interface AmountRule {
  /** Of the text: 3 for milliseconds that are stored as µs. */
  decimals: number
  /** Stored units at most. */
  unitsMax: number
  /** What it is stored in, for the sentence: `hundredths of a percent`. */
  storedIn: string
}

export type ReadAmount = { units: number; error: null } | { units: null; error: string }

/** Empty is 0. */
export function readAmount(text: string, { decimals, unitsMax, storedIn }: AmountRule): ReadAmount {
  const trimmed = text.trim()
  if (trimmed === '') return { units: 0, error: null }
  const match = /^(\d{1,12})(?:\.(\d*))?$/.exec(trimmed)
  if (!match) {
    return wrong(decimals === 0 ? 'A whole number of 0 or more.' : 'A number of 0 or more, such as 12 or 0.5.')
  }
  const [, whole = '', fraction = ''] = match
  const kept = fraction.replace(/0+$/, '')
  if (kept.length > decimals) {
    const most = decimals === 0 ? 'A whole number' : `At most ${decimals} decimals`
    return wrong(`${most}: it is stored in ${storedIn}.`)
  }
  const units = Number(`${whole}${kept.padEnd(decimals, '0')}`)
  if (units > unitsMax) return wrong(`At most ${amountText(unitsMax, decimals)}.`)
  return { units, error: null }
}

/** As it is typed again: `1_500` units of three decimals → `1.5`. */
export function amountText(units: number, decimals: number): string {
  const digits = String(units).padStart(decimals + 1, '0')
  if (decimals === 0) return digits
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, '')
}

const wrong = (error: string): ReadAmount => ({ units: null, error })
