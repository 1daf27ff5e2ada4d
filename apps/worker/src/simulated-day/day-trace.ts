/**
 * What happened on a day, line by line, and a hash over it: every step, every transaction that was sent and what became of
 * it, every balance after every step. Two runs of one seed have the same.
 */
import { createHash } from 'node:crypto'

export interface DayTrace {
  note(line: string): void
  lines(): readonly string[]
  /** SHA-256 over the lines, hex. */
  hash(): string
}

export function createDayTrace(): DayTrace {
  const lines: string[] = []
  return {
    note: (line) => void lines.push(line),
    lines: () => lines,
    hash: () => createHash('sha256').update(lines.join('\n')).digest('hex'),
  }
}
