/** Mean and spread of a figure over seeds. */
export interface Spread {
  mean: number
  /** Of the sample (n − 1); 0 for one value. */
  sd: number
  min: number
  max: number
}

/** Null when any value is missing: a mean over the seeds that went well would flatter. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null)
  if (known.length === 0 || known.length < values.length) return null
  const mean = known.reduce((a, b) => a + b, 0) / known.length
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const sd = known.length > 1 ? Math.sqrt(squares / (known.length - 1)) : 0
  return { mean, sd, min: Math.min(...known), max: Math.max(...known) }
}
