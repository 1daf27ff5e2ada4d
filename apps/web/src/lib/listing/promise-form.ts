/** The promises of a listing as its form has them: milliseconds and percent, as text. Stored are ms, µs and basis points, exactly. */
import type { ListingDraft } from '@isochrone/services'
import { amountText, readAmount, type AmountRule } from './listing-amounts.ts'

type Promises = NonNullable<ListingDraft['promises']>
export type PromiseField = Exclude<keyof Promises, 'sloRegion'>
export type PromiseTexts = Record<PromiseField, string>

const wholeMs: AmountRule = { decimals: 0, unitsMax: 3_600_000, storedIn: 'whole milliseconds' }

const rules: Record<PromiseField, AmountRule> = {
  ttftBaseMs: wholeMs,
  ttftPerKtokMs: wholeMs,
  tpotUs: { decimals: 3, unitsMax: 60_000_000, storedIn: 'whole microseconds' },
  concurrencyMax: { decimals: 0, unitsMax: 4_096, storedIn: 'whole attempts' },
  penaltyBps: { decimals: 2, unitsMax: 10_000, storedIn: 'hundredths of a percent' },
}
const names = Object.keys(rules) as PromiseField[]

/** What is empty promises nothing. */
export function promiseTexts(promises: Promises | undefined): PromiseTexts {
  const text = (name: PromiseField) => {
    const units = promises?.[name] ?? 0
    return units === 0 ? '' : amountText(units, rules[name].decimals)
  }
  const concurrencyMax = promises ? String(promises.concurrencyMax) : '8'
  return {
    ttftBaseMs: text('ttftBaseMs'),
    ttftPerKtokMs: text('ttftPerKtokMs'),
    tpotUs: text('tpotUs'),
    concurrencyMax,
    penaltyBps: text('penaltyBps'),
  }
}

export interface ReadPromises {
  /** 0 where a field cannot be read. */
  values: Record<PromiseField, number>
  errors: Partial<Record<PromiseField, string>>
}

export function readPromises(texts: PromiseTexts): ReadPromises {
  const values = { ttftBaseMs: 0, ttftPerKtokMs: 0, tpotUs: 0, concurrencyMax: 0, penaltyBps: 0 }
  const errors: ReadPromises['errors'] = {}
  for (const name of names) {
    const { units, error } = readAmount(texts[name], rules[name])
    if (error === null) values[name] = units
    else errors[name] = error
  }
  return { values, errors }
}

/** Why what was read is no promise, at which field; null where it is one. A share without a time is asked about when it is saved. */
export function missingHalf(values: ReadPromises['values']): { field: PromiseField; error: string } | null {
  const isTimed = values.ttftBaseMs + values.ttftPerKtokMs + values.tpotUs > 0
  if (isTimed && values.penaltyBps === 0) {
    return {
      field: 'penaltyBps',
      error: 'A time is promised, and nothing comes back when it is broken: say how much does, or promise nothing.',
    }
  }
  if (!isTimed && values.penaltyBps === 0) {
    return {
      field: 'ttftBaseMs',
      error: 'Nothing is promised yet: say a time and what comes back, or choose “Nothing”.',
    }
  }
  return null
}

export function promisesNothing(promises: Promises): boolean {
  return promises.ttftBaseMs + promises.ttftPerKtokMs + promises.tpotUs + promises.penaltyBps === 0
}
