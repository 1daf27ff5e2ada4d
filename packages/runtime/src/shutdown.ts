/**
 * Ordered, bounded shutdown: on SIGTERM or SIGINT the steps run in reverse order of registration, then the process ends.
 *
 * Each step has a time limit, and a second signal ends the process at once: a stop must never hang.
 */
import type { Logger } from './logger.ts'

type Step = { name: string; stop: () => unknown; limitMs: number }

export interface Shutdown {
  /** Registers a step; what was registered last stops first, so register in order of dependency. */
  onShutdown(name: string, stop: () => unknown, limitMs?: number): void
  /** Runs the steps once; later calls return the same promise. True when every step ended in time without an error. */
  run(reason: string): Promise<boolean>
}

export interface ShutdownOptions {
  readonly logger: Logger
  /** Limit for a step that names none, in ms. */
  readonly stepLimitMs?: number
  /** Set false in tests: no signal handlers, and the process is left alive. */
  readonly handleSignals?: boolean
}

/** Creates the shutdown of this process and, unless told otherwise, listens for SIGTERM and SIGINT. */
export function createShutdown({ logger, stepLimitMs = 5_000, handleSignals = true }: ShutdownOptions): Shutdown {
  const steps: Step[] = []
  let running: Promise<boolean> | undefined

  const shutdown: Shutdown = {
    onShutdown: (name, stop, limitMs = stepLimitMs) => void steps.push({ name, stop, limitMs }),
    run: (reason) => (running ??= runSteps(steps, reason, logger)),
  }

  if (handleSignals) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (running) process.exit(1)
        void shutdown.run(signal).then((clean) => process.exit(clean ? 0 : 1))
      })
    }
  }
  return shutdown
}

async function runSteps(steps: Step[], reason: string, logger: Logger): Promise<boolean> {
  logger.info({ reason }, 'stopping')
  let clean = true
  for (const step of steps.toReversed()) {
    try {
      await withLimit(step)
    } catch (error) {
      clean = false
      logger.error({ err: error, step: step.name }, 'a shutdown step failed')
    }
  }
  logger.info({ reason, clean }, 'stopped')
  return clean
}

async function withLimit({ name, stop, limitMs }: Step): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not stop within ${limitMs} ms`)), limitMs)
  })
  try {
    await Promise.race([stop(), limit])
  } finally {
    clearTimeout(timer)
  }
}
