/** How much of this process lies in huge pages, MiB: what a table of random accesses gains by. Null where nobody says. */
import { readFileSync } from 'node:fs'

export function hugePagesMiB(): number | null {
  try {
    const kib = /^AnonHugePages:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1]
    return kib === undefined ? null : Math.round(Number(kib) / 1_024)
  } catch {
    return null
  }
}
