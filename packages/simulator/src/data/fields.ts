/**
 * What a field of a data file may hold: each knows how to say what it expected.
 *
 * `parse` gives `undefined` for text that it refuses; `null` is the value of an empty optional field.
 */
export interface Field<T> {
  /** Completes "expected …". */
  readonly expected: string
  parse(text: string): T | undefined
}

/** A whole number in decimal digits, within both ends. */
export function wholeNumber(min: number, max: number): Field<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse: (text) => within(/^\d{1,16}$/.test(text) ? Number(text) : Number.NaN, min, max),
  }
}

/** A decimal number, exponent allowed, within both ends; neither NaN nor infinite. */
export function decimal(min: number, max: number): Field<number> {
  return {
    expected: `a number from ${min} to ${max}`,
    parse: (text) => within(/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN, min, max),
  }
}

const within = (value: number, min: number, max: number) => (value >= min && value <= max ? value : undefined)

/** Any text that is not empty. */
export const text: Field<string> = { expected: 'some text', parse: (given) => (given === '' ? undefined : given) }

export function oneOf<const T extends string>(...values: readonly T[]): Field<T> {
  return { expected: `one of ${values.join(', ')}`, parse: (given) => values.find((value) => value === given) }
}

/** The field may be empty: `null` then. */
export function optional<T>(field: Field<T>): Field<T | null> {
  return { expected: `${field.expected}, or nothing`, parse: (given) => (given === '' ? null : field.parse(given)) }
}

const timePattern = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?(\.\d+)?(Z|\+00:00)?$/
/** Nothing that is read here was measured before or after: another year is a slip or a joke, and would make a run of centuries. */
const timesFromMs = Date.UTC(2000, 0)
const timesToMs = Date.UTC(2100, 0)

/** A UTC time to as many decimals as it has, in ms since the epoch: `2023-11-16 18:15:46.6805900`, `2026-07-02T14:00Z`. */
export const utcTime: Field<number> = {
  expected: 'a UTC time of the years 2000 to 2099 such as 2023-11-16 18:15:46.68',
  parse(given) {
    const match = timePattern.exec(given)
    const ms = match ? Date.parse(`${match[1]}T${match[2]}${match[3] ?? ':00'}Z`) : Number.NaN
    if (!(ms >= timesFromMs && ms < timesToMs)) return undefined
    // Date counts on past the end of a month and of a day: the 30th of February is the 2nd of March to it.
    return new Date(ms).toISOString().startsWith(`${match?.[1]}T`) ? ms + Number(match?.[4] ?? 0) * 1_000 : undefined
  },
}
