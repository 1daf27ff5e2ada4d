/** What one start of a process wrote to its log: its own last words, and how far it is with its model. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'

export interface ProcessLog {
  readonly file: string
  /** The line that says best why it ended or hangs. */
  lastError(): string
  /** Of a model that is being loaded; 0 before anything was said. */
  loadingPercent(): number
}

const BYTES_MAX = 64 * 1024

/** The log from its present end on: lines of earlier starts are not this one's. */
export function openProcessLog(file: string): ProcessLog {
  const from = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return {
    file,
    lastError: () => lastErrorOf(tailOf(file, from)),
    loadingPercent: () => {
      const found = tailOf(file, from).findLast((line) => line.includes('"loading the model"'))
      return Number(/"percent":(\d+)/.exec(found ?? '')?.[1] ?? 0)
    },
  }
}

/** Our own processes end with `name: reason` or a JSON line of level warn and above; a stack trace below says less. */
export function lastErrorOf(lines: readonly string[]): string {
  const telling = lines.filter((line) => !/^\s+at /.test(line)).map((line) => ({ line, said: saidIn(line) }))
  const worst = telling.findLast(({ said }) => said.level >= 40) ?? telling.at(-1)
  return (worst?.said.text ?? 'it said nothing').slice(0, 500)
}

function saidIn(line: string): { level: number; text: string } {
  const own = /^(?:agent|gateway|worker): (.+)$/.exec(line)?.[1]
  if (own) return { level: 60, text: own }
  if (!line.startsWith('{')) return { level: 0, text: line.trim() }
  try {
    const { level, msg, err, reason } = JSON.parse(line) as Record<string, unknown>
    const cause = (err as { message?: unknown } | undefined)?.message ?? reason
    return { level: Number(level), text: [msg, cause].filter((part) => typeof part === 'string').join(': ') || line }
  } catch {
    return { level: 0, text: line.trim() }
  }
}

function tailOf(file: string, from: number): string[] {
  try {
    const handle = openSync(file, 'r')
    const start = Math.max(from, fstatSync(handle).size - BYTES_MAX)
    const bytes = Buffer.alloc(BYTES_MAX)
    const length = readSync(handle, bytes, 0, BYTES_MAX, start)
    closeSync(handle)
    return bytes
      .toString('utf8', 0, length)
      .split('\n')
      .filter((line) => line.trim() !== '')
  } catch {
    return []
  }
}
