/**
 * The faults of a run, drawn before it starts and so the same for every policy: outages (churn, the kill window, those a
 * scenario adds) and windows in which a replica is slow. Definitions and means: `scenarios/market.json`.
 */
import { prng } from '@isochrone/domain'
import { loadMarket, type Market } from '../scenario/load-market.ts'
import type { SimFleet } from '../sim-types.ts'
import { hash32, hashUnit } from './hash-unit.ts'

export interface Outage {
  replica: number
  fromMs: number
  toMs: number
}

/** While it lasts the engine needs `factor` times its time. */
export interface SlowWindow extends Outage {
  factor: number
}

export interface FaultPlan {
  outages: readonly Outage[]
  slowWindows: readonly SlowWindow[]
  /** Whether attempts end in errors before their first token, at each replica's `errorRate`. */
  errors: boolean
}

export interface FaultSwitches {
  churn: boolean
  stragglers: boolean
  errors: boolean
  kill: boolean
}

export const noFaults: FaultPlan = { outages: [], slowWindows: [], errors: false }
export const allFaults: FaultSwitches = { churn: true, stragglers: true, errors: true, kill: false }

const churnStream = 1
const stragglerStream = 2
const killStream = 3
/** A replica that fails more often than this within one run is a mistake in the data. */
const windowsMax = 100_000

/** Faults from time 0 to `untilMs`, ordered by replica and time. */
export function planFaults(
  fleet: SimFleet,
  seed: number,
  untilMs: number,
  on: FaultSwitches,
  market: Market = loadMarket(),
): FaultPlan {
  const outages: Outage[] = []
  const slowWindows: SlowWindow[] = []
  const { factor, meanMs, meanGapMs } = market.stragglers
  for (const replica of fleet.replicas) {
    const { index, meanUpMs, meanDownMs } = replica
    if (on.churn) {
      outages.push(...alternating(hash32(seed, churnStream, index), meanUpMs, meanDownMs, untilMs, index))
    }
    if (on.stragglers) {
      const windows = alternating(hash32(seed, stragglerStream, index), meanGapMs, meanMs, untilMs, index)
      for (const window of windows) slowWindows.push({ ...window, factor })
    }
  }
  if (on.kill) outages.push(...killed(fleet, seed, market.kill))
  return { outages, slowWindows, errors: on.errors }
}

/** Off windows of a process that is on and off for exponential times and has run for ever before time 0. */
function alternating(seed: number, meanOnMs: number, meanOffMs: number, untilMs: number, replica: number): Outage[] {
  const rng = prng(seed)
  const exponential = (meanMs: number) => -Math.log(1 - rng.unit()) * meanMs
  const windows: Outage[] = []
  let on = rng.unit() >= meanOffMs / (meanOnMs + meanOffMs)
  for (let atMs = 0; atMs < untilMs && windows.length < windowsMax; on = !on) {
    const endMs = atMs + exponential(on ? meanOnMs : meanOffMs)
    if (!on) windows.push({ replica, fromMs: atMs, toMs: endMs })
    atMs = endMs
  }
  return windows
}

/** `kill.share` of the fleet, at least one replica, all at once. */
function killed(fleet: SimFleet, seed: number, { share, atMs, backAfterMs }: Market['kill']): Outage[] {
  const drawn = fleet.replicas
    .map(({ index }) => ({ index, draw: hashUnit(seed, killStream, index) }))
    .toSorted((a, b) => a.draw - b.draw || a.index - b.index)
  return drawn
    .slice(0, Math.max(1, Math.round(share * fleet.replicas.length)))
    .map(({ index }) => ({ replica: index, fromMs: atMs, toMs: atMs + backAfterMs }))
}
