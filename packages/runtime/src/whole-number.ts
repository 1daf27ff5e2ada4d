/** A whole number as a flag of commander says it. Commander is no part of this package: it knows its own errors by their code. */

/** Reads one from `min` to `max`; commander ends the command with a line that says so where it is none. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value
    const limit = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max.toLocaleString('en-US')}`
    const sentence = `a whole number from ${min.toLocaleString('en-US')}${limit} is expected.`
    throw Object.assign(new Error(sentence), { code: 'commander.invalidArgument' })
  }
}
