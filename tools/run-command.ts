/** Runs a command to its end and collects what it prints. */
import { spawn, type ChildProcess } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { childEnv } from '@isochrone/runtime'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  /** stdout and stderr together, as they came. */
  readonly output: string
}

export interface RunCommandOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The command is ended after this time, and counts as failed. */
  readonly limitMs?: number
  /** Sees each piece of output as it comes. */
  readonly onOutput?: (chunk: string) => void
}

const running = new Set<ChildProcess>()

/**
 * Who ends us by a signal means what we run too; the terminal's Ctrl-C goes to all of them by itself. A process that listens
 * for itself ends as it likes.
 */
function handOnSignals(): void {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => {
      for (const child of running) child.kill(signal)
      process.exit(code)
    })
  }
}

/** Never rejects: a command that cannot start has code 127 and says why in `output`. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: RunCommandOptions,
): Promise<CommandResult> {
  const { cwd, env = {}, limitMs = 900_000, onOutput } = options
  // Executables of packages start by `#!/usr/bin/env node`: they must find the Node that runs us.
  const path = `${dirname(process.execPath)}${delimiter}${childEnv({}).PATH ?? ''}`
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: childEnv({ PATH: path, ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
    })
    if (process.listenerCount('SIGTERM') === 0) handOnSignals()
    running.add(child)
    let stdout = ''
    let output = ''
    const take = (isStdout: boolean) => (chunk: Buffer) => {
      const text = chunk.toString()
      if (isStdout) stdout += text
      output += text
      onOutput?.(text)
    }
    child.stdout.on('data', take(true))
    child.stderr.on('data', take(false))
    child.once('error', (error) => {
      running.delete(child)
      resolve({ code: 127, stdout, output: `${output}${error.message}\n` })
    })
    child.once('close', (code) => {
      running.delete(child)
      resolve({ code: code ?? 1, stdout, output })
    })
  })
}
