/**
 * One supervisor for each data directory: a second start on the same data says so instead of damaging it.
 *
 * The lock is a file with the owner's pid. A lock whose owner no longer lives was left by a crash and is taken over.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

export interface InstanceLock {
  /** True when the last owner did not clean up: its processes may need a moment to end. */
  readonly afterCrash: boolean
  release(): void
}

/** @throws StartError when a living supervisor holds the directory. */
export function lockInstance(dataDir: string): InstanceLock {
  mkdirSync(dataDir, { recursive: true })
  const file = join(dataDir, 'supervisor.pid')
  let afterCrash = false
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return { afterCrash, release: () => rmSync(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = Number(readFileSync(file, 'utf8'))
    if (owner !== process.pid && isSupervisor(owner)) {
      throw new StartError(
        `Isochrone already runs on ${dataDir} (process ${owner}). Use that one, or stop it with Ctrl-C in its terminal.`,
      )
    }
    rmSync(file, { force: true })
    afterCrash = true
  }
  throw new StartError(`Another start took ${dataDir} at this moment. Run the command again.`)
}

function isSupervisor(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  try {
    // Pids are used again; on Linux the command line tells ours from a stranger.
    return /node|vitest|playwright/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return true
  }
}
