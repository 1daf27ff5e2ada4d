/** The marketplace cannot start, for a reason that a person can mend; `message` is one line with what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** One line for any failed start. A full disk is named as such, wherever in a step it struck. */
export function describeStartError(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  if (/ENOSPC|no space left on device|No space left/i.test(text)) {
    return 'The disk is full. Free some space (Isochrone needs about 2 GB) and run the command again.'
  }
  const publicMessage = (error as { publicMessage?: unknown } | null)?.publicMessage
  if (typeof publicMessage === 'string') return publicMessage
  const expected = ['StartError', 'LocalStackError', 'MigrationError', 'EnvError', 'ListenError']
  if (error instanceof Error && expected.includes(error.name)) return text
  return error instanceof Error ? (error.stack ?? text) : text
}
