/**
 * A service of the local stack cannot start. `message` is one line that says what is wrong and what to do about it.
 */
export class LocalStackError extends Error {
  override readonly name = 'LocalStackError'
}
