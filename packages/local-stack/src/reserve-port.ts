/**
 * Who was given which port. A server listens on its port only a while after it was found free: between the two, and while a
 * server that was killed starts again, nobody else may be given the same one.
 *
 * A file for each port, made by one process alone, with its id. What a process left that is gone counts for nothing.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const mine = new Set<string>()

/** True when the port is this process's from now on; false when a process that lives, this one too, was given it before. */
export function reservePort(port: number, dir = join(tmpdir(), 'isochrone-ports')): boolean {
  const file = join(dir, String(port))
  try {
    mkdirSync(dir, { recursive: true })
    if (!make(file)) {
      if (isAlive(holderOf(file))) return false
      rmSync(file, { force: true })
      if (!make(file)) return false
    }
  } catch {
    // Files of another user: what is left is to see whether the port is free.
    return true
  }
  if (mine.size === 0) process.once('exit', giveBack)
  mine.add(file)
  return true
}

/** False when it is there already. */
function make(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** 0 when it is not there any more, or is not written yet. */
function holderOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}

function isAlive(pid: number): boolean {
  // Not written yet: somebody makes it at this moment.
  if (pid === 0) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function giveBack(): void {
  for (const file of mine) rmSync(file, { force: true })
}
