/**
 * The entry of a process: runs `main`, and turns a failed start into a clear line and exit code 1.
 *
 * Errors that a person can mend (environment, flags, port, chain and contracts) print their sentence alone; anything else
 * keeps its stack.
 */
import { EnvError } from './env/load-env.ts'
import { ListenError } from './listen.ts'

/** Runs `main` and exits with code 1 when it rejects. `name` starts the line on stderr. */
export function runMain(name: string, main: () => Promise<unknown>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${describe(name, error)}\n`)
    process.exit(1)
  })
}

function describe(name: string, error: unknown): string {
  if (error instanceof EnvError) {
    return error.message
      .split('\n')
      .map((line) => `${name}: environment variable ${line}`)
      .join('\n')
  }
  if (error instanceof ListenError) return `${name}: ${error.message}`
  const sentence = sentenceOf(error)
  if (sentence !== null) return `${name}: ${sentence}`
  return `${name} could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

/** What an `AppError` says to people; null for what nobody foresaw. Told by its shape: this package imports none of ours. */
function sentenceOf(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'AppError') return null
  const { code, publicMessage } = error as { code?: unknown; publicMessage?: unknown }
  return typeof publicMessage === 'string' && code !== 'internal' ? publicMessage : null
}
