/** Stops on a programmer error. Operating errors (network, input, capacity) are an `AppError`, never an invariant. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant violated: ${message}`)
}
