/** CPU time and memory of a running process, all its threads together, from Linux's /proc. */
import { readFileSync } from 'node:fs'

/** Jiffies are hundredths of a second wherever Linux runs today. */
const US_PER_TICK = 10_000

/** µs of user and system time since its start, with threads that have ended. Throws when it does not run. */
export function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name may hold spaces and brackets; what follows the last bracket does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * US_PER_TICK
}

/** Resident memory in MiB. */
export function residentMibOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1_024
}
