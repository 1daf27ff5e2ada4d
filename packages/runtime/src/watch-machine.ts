/**
 * What a bench says of the machine that its figures are of, and of how busy that was with other things meanwhile: figures of
 * two runs compare only where both say the same here.
 */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  /** Mean number of runnable threads over a minute, ours among them, at the start and at the end. */
  readonly loadBefore: number
  readonly loadAfter: number
  /** Share of the processors' time between them that another machine on the same host had; null where nothing counts it. */
  readonly stolen: number | null
  readonly node: string
}

/** @returns what tells of the machine from now to the moment of the call. */
export function watchMachine(): () => Machine {
  const [loadBefore, before] = [load1(), processorTime()]
  return () => ({
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    loadBefore,
    loadAfter: load1(),
    stolen: stolenBetween(before, processorTime()),
    node: process.version,
  })
}

export interface ProcessorTime {
  readonly stolen: number
  readonly all: number
}

/** Null where one is, and where no time passed. */
export function stolenBetween(before: ProcessorTime | null, after: ProcessorTime | null): number | null {
  if (!before || !after || after.all <= before.all) return null
  return (after.stolen - before.stolen) / (after.all - before.all)
}

/** Of the first line of Linux's `/proc/stat`, proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. */
export function readProcessorTime(text: string): ProcessorTime {
  const ticks = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number).slice(0, 8) ?? []
  return { stolen: ticks[7] ?? 0, all: ticks.reduce((sum, each) => sum + each, 0) }
}

function processorTime(): ProcessorTime | null {
  return existsSync('/proc/stat') ? readProcessorTime(readFileSync('/proc/stat', 'utf8')) : null
}

function load1(): number {
  return loadavg()[0] ?? 0
}
