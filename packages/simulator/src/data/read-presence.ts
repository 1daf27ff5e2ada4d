/**
 * Reads how long machines stay on offer: Vast listings, seen in snapshots about 75 minutes apart.
 *
 * A machine that is not listed is rented, paused, sampled out by the collector's paging, or down, so its listed runs
 * are a lower estimate of how long supply stays; taken as up times they make the simulated churn harsher than a real
 * failure rate. Mean up time = listed time ÷ runs that ended (the estimate for censored exponential runs).
 */
import { dataError, quoted } from './data-file.ts'
import { decimal, optional, text, utcTime, wholeNumber } from './fields.ts'
import { readTable } from './read-table.ts'

export interface MachinePresence {
  machine: number
  gpu: string
  /** A data centre by Vast's own verification, not a private place. */
  datacenter: boolean
  /** Vast's measured host reliability, 0 to 1. */
  reliability: number
  listedMs: number
  unlistedMs: number
  /** Listed runs whose end was seen. */
  endedRuns: number
}

/**
 * @param files `vast_machine_presence.csv.gz` and `vast_snapshot_times.csv`
 * @throws AppError invalid_input naming file, line and field
 */
export function readPresence(files: { presence: string; snapshots: string }): MachinePresence[] {
  const times = readTable(files.snapshots, { snapshot: wholeNumber(0, 1e6), timestamp_utc: utcTime }, (row, above) =>
    above && row.timestamp_utc < above.timestamp_utc
      ? { field: 'timestamp_utc', problem: 'the time is before that of the line above' }
      : undefined,
  ).map((row) => row.timestamp_utc)
  const last = times.length - 1
  const rows = readTable(files.presence, {
    machine: wholeNumber(0, 1e9),
    gpu: text,
    hosting_type: optional(wholeNumber(0, 9)),
    reliability_median: optional(decimal(0, 1)),
    first_snapshot: wholeNumber(0, last),
    presence_rle: text,
  })
  return rows.map((row) => {
    const runs = row.presence_rle.split(' ').map(Number)
    const where = { line: row.line, field: 'presence_rle' }
    if (!runs.every((run) => Number.isInteger(run) && run > 0)) {
      throw dataError(files.presence, where, `expected run lengths of 1 or more, got ${quoted(row.presence_rle)}`)
    }
    const presence = { listedMs: 0, unlistedMs: 0, endedRuns: 0 }
    let from = row.first_snapshot
    for (const [i, run] of runs.entries()) {
      const to = from + run
      if (to > last + 1) throw dataError(files.presence, where, `the runs end after the last of ${last + 1} snapshots`)
      const ms = (times[Math.min(to, last)] as number) - (times[from] as number)
      if (i % 2 === 0) presence.listedMs += ms
      else presence.unlistedMs += ms
      if (i % 2 === 0 && to <= last) presence.endedRuns += 1
      from = to
    }
    return {
      machine: row.machine,
      gpu: row.gpu,
      datacenter: row.hosting_type === 1,
      reliability: row.reliability_median ?? 0,
      ...presence,
    }
  })
}

/** Mean time that machines stay listed, ms; infinite when none of their runs was seen to end. */
export function meanUpMs(machines: readonly MachinePresence[]): number {
  let listedMs = 0
  let ended = 0
  for (const machine of machines) {
    listedMs += machine.listedMs
    ended += machine.endedRuns
  }
  return ended === 0 ? Infinity : listedMs / ended
}
