/**
 * The entry of a process: runs `main`, and turns a failed start into a clear line and exit code 1.
 *
 * Errors that a person can mend (environment, port) print their message alone; anything else keeps its stack.
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
  return `${name} could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
