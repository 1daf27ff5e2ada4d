/** Processes of the benchmark: started, waited for, and stopped with it, whatever becomes of it. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { guardProcess, releaseProcess, spawnService, type RunningProcess } from '@isochrone/local-stack'
import { childEnv } from '@isochrone/runtime'

export interface Child {
  readonly pid: number
  readonly process: ChildProcess
  stop(): Promise<void>
}

/** One of our own scripts, with a channel to it. */
export function startScript(dir: string, file: string, args: readonly string[] = []): Child {
  const log = openSync(join(dir, `${file}.log`), 'a')
  const child = fork(join(import.meta.dirname, file), args, {
    stdio: ['ignore', log, log, 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  closeSync(log)
  const pid = child.pid ?? -1
  guardProcess(pid, 'TERM')
  child.once('exit', () => releaseProcess(pid))
  return {
    pid,
    process: child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** {@link startScript} for a server: resolves with its address when it listens. */
export async function startServer(
  dir: string,
  file: string,
  args: readonly string[],
): Promise<Child & { url: string }> {
  const child = startScript(dir, file, args)
  const [message] = (await Promise.race([
    once(child.process, 'message'),
    once(child.process, 'exit').then(() => Promise.reject(new Error(`${file} ended; see ${dir}/${file}.log`))),
  ])) as [{ port: number }]
  return { ...child, url: `http://127.0.0.1:${message.port}` }
}

export interface NodeProgram {
  readonly name: string
  readonly dir: string
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly isReady: () => Promise<boolean>
  /** Flags of Node itself, such as those of its profiler. */
  readonly nodeArgs?: readonly string[]
}

/** A program of its own; resolves when it is ready. */
export function startProgram(options: NodeProgram): Promise<RunningProcess> {
  const { name, dir, program, args, env, isReady, nodeArgs = [] } = options
  return spawnService({
    name,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', ...nodeArgs, program, ...args],
    logFile: join(dir, `${name}.log`),
    env: childEnv(env),
    isReady,
  })
}

/** True when a GET is answered with 200. */
export async function answers(url: string, headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}
