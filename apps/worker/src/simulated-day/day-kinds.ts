/** What happens at least once on every simulated day: chance leaves out what it likes. */
import type { Prng } from '@isochrone/domain'
import type { DayActions } from './day-actions.ts'
import type { ChainFault, DayChain } from './day-chain.ts'
import type { DayWorker } from './day-worker.ts'
import type { DayWorld } from './day-world.ts'
import { checkMoney, type DayEvents } from './money-check.ts'

export interface Day {
  world: DayWorld
  actions: DayActions
  worker: DayWorker
  chain: DayChain
  rng: Prng
}

interface Kind {
  name: string
  happened: (day: Day, events: DayEvents) => boolean
  make: (day: Day) => Promise<void>
}

/** Each at least once a day, with faults: a day without a dispute says nothing about disputes. */
const kinds: readonly Kind[] = [
  {
    name: 'a recount',
    happened: ({ actions }) => actions.recounts() > 0,
    make: async ({ actions }) => actions.recount(),
  },
  { name: 'a pause', happened: ({ actions }) => actions.pauses() > 0, make: ({ actions }) => actions.pause() },
  {
    name: "a stranger's claim",
    happened: ({ actions }) => actions.outsideClaims() > 0,
    make: claimOutside,
  },
  {
    name: 'a sum that was given back',
    happened: (_day, events) => has(events, 'SetAsideReturned'),
    make: returnWhatLiesAside,
  },
  {
    name: 'a dispute',
    happened: (_day, events) => has(events, 'DisputeFiled'),
    make: settledThen(({ actions }) => actions.dispute()),
  },
  {
    name: 'an invalid record',
    happened: (_day, events) => has(events, 'RecordInvalid'),
    make: settledThen(({ actions }) => actions.challenge(1)),
  },
  { name: 'a lost answer', happened: ({ chain }) => chain.counts().lostAnswers > 0, make: meetWhileSettling('lost') },
  {
    name: 'a transaction taken by the deepest reorganisation',
    happened: ({ chain }) => chain.counts().takenByDeepest > 0,
    make: meetWhileSettling('reorg'),
  },
]
const TRIES_MAX = 12
/** A round ends at its first fault, and what is left comes next time. */
const SETTLE_ROUNDS = 3

/** @throws Error naming what could not be made to happen: a report of the day would pass over it. */
export async function makeUp(day: Day): Promise<void> {
  for (const { name, happened, make } of kinds) {
    for (let tries = 0; !happened(day, (await checkMoney(day.world)).events); tries++) {
      if (tries === TRIES_MAX) throw new Error(`${name} did not happen in ${TRIES_MAX} tries`)
      for (let count = 0; count < 3; count++) day.actions.requests()
      await make(day)
    }
    await day.actions.pause(false)
  }
}

const has = (events: DayEvents, name: DayEvents[number]['eventName']) =>
  events.some(({ eventName }) => eventName === name)

/** Before the worker does; nobody is paid who is not registered. */
async function claimOutside({ actions, worker }: Day): Promise<void> {
  await worker.run('register')
  actions.closeEpochs()
  await actions.outsideClaim()
}

async function returnWhatLiesAside(day: Day): Promise<void> {
  await claimOutside(day)
  await day.actions.returnSetAside()
}

/** Once the worker has taken to the chain what lanes closed. */
function settledThen(make: (day: Day) => Promise<void>) {
  return async (day: Day): Promise<void> => {
    day.actions.closeEpochs()
    for (let count = 0; count < 4; count++) await day.worker.run('ingest')
    await day.worker.run('register')
    for (let count = 0; count < SETTLE_ROUNDS; count++) {
      for (const round of ['reconcile', 'settle'] as const) await day.worker.run(round)
    }
    await day.worker.run('index')
    await make(day)
  }
}

/** What the worker sends next of a fresh epoch meets the fault. */
function meetWhileSettling(fault: ChainFault) {
  const settle = settledThen(async () => {})
  return async (day: Day): Promise<void> => {
    day.chain.meetNext(fault)
    await settle(day)
  }
}
