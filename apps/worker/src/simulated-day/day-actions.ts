/**
 * What payers, gateways, nodes, arbiters, an auditor, a guardian and a stranger do on the simulated day. Each does what it may; what
 * a contract refuses is part of the day.
 */
import type { Prng } from '@isochrone/domain'
import { luckOf } from './day-luck.ts'
import { createDayQuarrels, type DayQuarrels } from './day-quarrels.ts'
import { createDayStrangers, type DayStrangers } from './day-strangers.ts'
import { createDayTrade, type DayTrade } from './day-trade.ts'
import type { DayWorld } from './day-world.ts'

export type DayActions = DayTrade & DayQuarrels & DayStrangers

/** All of them draw from one luck, in the order in which they act. */
export function createDayActions(world: DayWorld, rng: Prng): DayActions {
  const luck = luckOf(rng)
  return { ...createDayTrade(world, luck), ...createDayQuarrels(world, luck), ...createDayStrangers(world, luck) }
}
