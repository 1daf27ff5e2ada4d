/** What happens at least once on every simulated day: chance leaves out what it likes. */
import type { Prng } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { DayActions } from './day-actions.ts'
import { dayChains, type ChainFault, type DayChain } from './day-chain.ts'
import type { DayRound, DayWorker } from './day-worker.ts'
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
  {
    name: 'a withdrawal that the watchtower met',
    happened: ({ worker }, events) => worker.withdrawalsMet() > 0 && has(events, 'Withdrawn'),
    make: withdrawUnderWatch,
  },
  {
    name: 'a top-up',
    happened: ({ world }, events) => topUpsOf(world, events).ofWallets > 0 && topUpsOf(world, events).byOrder > 0,
    make: topUp,
  },
  { name: 'a lost answer', happened: ({ chain }) => chain.counts().lostAnswers > 0, make: meetWhileSettling('lost') },
  {
    name: 'a transaction taken by the deepest reorganisation',
    happened: ({ chain }) => chain.counts().takenByDeepest > 0,
    make: meetWhileSettling('reorg'),
  },
]
const TRIES_MAX = 12
/** Enough for a few answers, µUSD. */
const TOP_UP = 5_000_000n
/** On either chain of the day. */
const FINAL_BLOCKS = Math.max(...Object.values(dayChains).map(({ finality }) => finality.depth))
/** A round ends at its first fault, and what is left comes next time. */
const SETTLE_ROUNDS = 3
const ROUNDS_MAX = 12

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

/**
 * Deposits after the first of each wallet, with which its day began; and those that the worker made by an order, the first
 * included: it makes none while nothing happens.
 */
export function topUpsOf({ payers }: DayWorld, events: DayEvents): { ofWallets: number; byOrder: number } {
  const channels = events.flatMap((event) => (event.eventName === 'Deposited' ? [event.args.channelId] : []))
  const of = (channelId: Hex): number => channels.filter((each) => each === channelId).length
  const [wallets, managed] = [payers.filter(({ wallet }) => wallet), payers.filter(({ wallet }) => !wallet)]
  return {
    ofWallets: wallets.reduce((sum, { channelId }) => sum + Math.max(of(channelId) - 1, 0), 0),
    byOrder: managed.reduce((sum, { channelId }) => sum + of(channelId), 0),
  }
}

async function topUp({ world, actions, worker }: Day): Promise<void> {
  await actions.pause(false)
  for (const payer of world.payers) await actions.topUp(payer, TOP_UP)
  for (let count = 0; count < SETTLE_ROUNDS; count++) {
    for (const round of ['reconcile', 'fund'] as const) await worker.run(round)
  }
}

/**
 * Payers ask money back while lanes have signed more than was claimed; when it has thawed, they take out what is left. What
 * lanes closed before is on the chain by then: an epoch is not anchored over a gap.
 */
async function withdrawUnderWatch(day: Day): Promise<void> {
  const { world, actions, worker, chain } = day
  const isStored = async () => world.outbox.length === 0
  const isAnchored = async () => (await world.db.epoch.count({ where: { status: 'closed' } })) === 0
  actions.closeEpochs()
  await runUntil(day, ['ingest'], isStored)
  await runUntil(day, ['register', 'reconcile', 'settle'], isAnchored)
  await actions.pause(false)
  for (const payer of world.payers) await actions.topUp(payer, TOP_UP)
  for (let count = 0; count < 3; count++) actions.requests()
  actions.closeEpochs()
  await runUntil(day, ['ingest'], isStored)
  for (const payer of world.payers) await actions.withdrawal(payer)
  // The watchtower goes by what is final.
  for (let blocks = 0; blocks < FINAL_BLOCKS; blocks++) await chain.warp(1)
  await worker.runWhole('index')
  const before = worker.withdrawalsMet()
  await runUntil(day, ['reconcile', 'watch'], async () => worker.withdrawalsMet() > before)
  await chain.warp(world.deployment.params.channelThawS)
  // Lanes may have signed for all that there was: what comes in now is theirs to take out.
  for (const payer of world.payers) await actions.topUp(payer, TOP_UP)
  for (const payer of world.payers) await actions.withdrawal(payer)
}

/** A round ends at its first fault, and what is left comes next time. */
async function runUntil({ worker }: Day, rounds: readonly DayRound[], isDone: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < ROUNDS_MAX && !(await isDone()); count++) {
    for (const round of rounds) await worker.run(round)
  }
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
