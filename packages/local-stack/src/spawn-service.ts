/**
 * Starts a server process, waits until it answers, and stops it: shared by Postgres, Redis and the chain.
 *
 * The process gets a group of its own, so that Ctrl-C in a terminal reaches our supervisor alone and services stop in
 * order; its output goes straight to a log file, so that it never blocks on a reader. Stopping signals that one pid.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalStackError } from './local-stack-error.ts'
import { guardProcess, releaseProcess } from './reaper.ts'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningProcess {
  readonly pid: number
  /** Resolves once, when the process has ended, for whatever reason. */
  readonly exited: Promise<Exit>
  /** Asks with the stop signal, insists with SIGKILL after `limitMs`; resolves when the process has ended. */
  stop(limitMs?: number): Promise<Exit>
}

/** A service that others reach by `url`. `pid` is null when the person brought their own and we started nothing. */
export interface Service {
  readonly url: string
  readonly pid: number | null
  readonly exited: Promise<Exit>
  stop(): Promise<void>
}

export interface SpawnServiceOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly logFile: string
  /** Resolves true once the server answers; called every few milliseconds, must not throw. */
  readonly isReady: () => Promise<boolean>
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  readonly stopSignal?: 'SIGTERM' | 'SIGINT'
  /** In the caller's session, where kernels that divide a busy machine among sessions give it a part of the caller's share. */
  readonly sharesSession?: boolean
  readonly readyLimitMs?: number
}

/**
 * Spawns the server and resolves when `isReady` says so.
 *
 * @throws LocalStackError with the last lines of its log when it ends early or never answers.
 */
export async function spawnService(options: SpawnServiceOptions): Promise<RunningProcess> {
  const { name, isReady, logFile, readyLimitMs = 60_000 } = options
  const running = spawnProcess(options)
  let ended: Exit | undefined
  void running.exited.then((exit) => (ended = exit))

  const deadline = Date.now() + readyLimitMs
  for (let waitMs = 5; Date.now() < deadline; waitMs = Math.min(waitMs * 1.5, 100)) {
    if (ended) break
    if (await isReady()) return running
    await sleep(waitMs)
  }
  const why = ended ? `ended with ${describeExit(ended)}` : `did not answer within ${readyLimitMs / 1000} s`
  await running.stop(1_000)
  throw new LocalStackError(`${name} ${why}: ${tail(logFile)} (log: ${logFile})`)
}

/** Spawns without waiting for readiness. */
export function spawnProcess(options: Omit<SpawnServiceOptions, 'isReady' | 'readyLimitMs'>): RunningProcess {
  const { command, args, logFile, env, cwd, uid, gid, stopSignal = 'SIGTERM', sharesSession = false } = options
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    detached: !sharesSession,
    ...(env && { env }),
    ...(cwd && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  })
  closeSync(log)
  const pid = child.pid
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      if (pid !== undefined) releaseProcess(pid)
      resolve({ code, signal })
    })
    child.once('error', () => resolve({ code: 127, signal: null }))
  })
  if (pid !== undefined) guardProcess(pid, stopSignal === 'SIGINT' ? 'INT' : 'TERM')

  return {
    pid: pid ?? -1,
    exited,
    stop: async (limitMs = 10_000) => {
      child.kill(stopSignal)
      const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
      const exit = await exited
      clearTimeout(timer)
      return exit
    },
  }
}

export function describeExit({ code, signal }: Exit): string {
  return signal ? `signal ${signal}` : `exit code ${code}`
}

/** The last lines of a log as one line, for an error message. */
function tail(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-3)
    return lines.map((line) => line.trim()).join(' | ') || 'it said nothing'
  } catch {
    return 'it said nothing'
  }
}

/** A service that the person brought: nothing to stop, and it never ends as far as we know. */
export function externalService(url: string): Service {
  return { url, pid: null, exited: new Promise(() => {}), stop: async () => {} }
}
