/** A whole number as a flag of commander says it. */
import { InvalidArgumentError } from 'commander'

/** Reads one from `min` to `max`; commander ends the command with a line that says so where it is none. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value
    const limit = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max.toLocaleString('en-US')}`
    throw new InvalidArgumentError(`a whole number from ${min.toLocaleString('en-US')}${limit} is expected.`)
  }
}
