/**
 * A simulated day that its seed replays to the last transaction: random payers, providers and disputes; a worker that dies between any two
 * steps; blocks that vanish; answers that are lost after what was sent has arrived.
 *
 * After every step money is conserved. Then the faults stop, and within bounded rounds every claim is settled exactly
 * once, and Postgres says of every event what the chain says.
 */
import { claimedOf } from '@isochrone/contracts-client'
import { prng } from '@isochrone/domain'
import type { TestStack } from '@isochrone/local-stack'
import type { Hex } from '@isochrone/protocol'
import { createDayActions, signedInAll, type DayActions } from './day-actions.ts'
import {
  dayChains,
  REORG_BLOCKS_MAX,
  startDayChain,
  type DayChain,
  type DayChainName,
  type ChainFault,
  type ChainFaults,
} from './day-chain.ts'
import { createDayDraws } from './day-draws.ts'
import { createDayTime } from './day-time.ts'
import { createDayTrace, type DayTrace } from './day-trace.ts'
import { createDayWorker, dayRounds, type DayWorker } from './day-worker.ts'
import { createDayWorld, type DayWorld } from './day-world.ts'
import { createFaults } from './faults.ts'
import { checkMoney, same, total, type DayEvents } from './money-check.ts'

export interface DayReport extends ChainFaults {
  steps: number
  crashes: number
  /** Right after a call of the chain: what was sent was not written down. */
  crashesAfterChainCalls: number
  /** Between a crash and the next life of the process. */
  checksAfterCrashes: number
  epochs: number
  /** Signed by lanes, and in the end claimed, µUSD. */
  signedMicroUsd: bigint
  disputes: number
  invalidRecords: number
  /** Of those, replaced by a corrected version. */
  correctedRecords: number
  recounts: number
  /** Claims that a stranger made by public vouchers, and that paid something. */
  outsideClaims: number
  /** What lay aside for an epoch and was given back to its lane. */
  setAsideReturns: number
  pauses: number
  /** Transactions that were handed to the chain, those that it refused included. */
  sent: number
  /** Over all that happened: the same for the same seed and steps. */
  traceHash: string
}

const CALLS_A_CRASH = 60
const LIVENESS_ROUNDS_MAX = 60
/** Longer than any window, freeze or thaw of the deployment, s. */
const ALL_WINDOWS_S = 1_500

export interface RunDayOptions {
  seed: number
  steps: number
  /** That of development when left out. */
  chainName?: DayChainName
  say?: (line: string) => void
  /** Where what happens is noted, to be read when the day has failed as well. */
  trace?: DayTrace
}

/** @throws Error with the seed, the step and what did not hold. */
export async function runDay(
  stack: TestStack,
  { seed, steps, chainName = 'development', say = () => {}, trace = createDayTrace() }: RunDayOptions,
): Promise<DayReport> {
  const [draws, time, rng] = [createDayDraws(seed), createDayTime(), prng(seed)]
  const dayChain = dayChains[chainName]
  const chain = await startDayChain(stack.chainRpcUrl, dayChain, draws, trace)
  const world = await createDayWorld(stack, seed, { chain, time, draws, dayChain })
  const faults = createFaults(draws, CALLS_A_CRASH)
  chain.afterFault(() => checkMoney(world))
  const actions = createDayActions(world, rng)
  const closeEpochs = () => actions.closeEpochs()
  const worker = createDayWorker(world, { rpcUrl: chain.workerUrl, faults, rng, draws, time, trace, closeEpochs })
  let now = 'the start'
  try {
    for (const payer of world.payers) await actions.topUp(payer, 20_000_000n)
    for (let step = 0; step < steps; step++) {
      const action = drawAction(rng.below(100))
      now = `step ${step} (${action})`
      trace.note(now)
      await act(action, { world, actions, worker, chain, rng })
      const { balances } = await checkMoney(world)
      chain.assertSound()
      await noteState(trace, chain, balances)
      say(now)
    }
    now = 'what chance left out'
    await makeUp({ world, actions, worker, chain, rng })
    now = 'the end'
    faults.end()
    chain.end()
    const { events, balances } = await finish(world, actions, worker, (line) => (trace.note(line), say(line)))
    await noteState(trace, chain, balances)
    await checkRecordsOf(world, events)
    chain.assertSound()
    return {
      steps,
      ...faults.crashes(),
      checksAfterCrashes: worker.checksAfterCrashes(),
      ...chain.counts(),
      epochs: world.closed.length,
      signedMicroUsd: signedInAll(world, actions),
      disputes: events.filter(({ eventName }) => eventName === 'DisputeFiled').length,
      invalidRecords: events.filter(({ eventName }) => eventName === 'RecordInvalid').length,
      correctedRecords: events.filter((event) => event.eventName === 'RecordReported' && event.args.version > 0).length,
      setAsideReturns: events.filter(({ eventName }) => eventName === 'SetAsideReturned').length,
      ...actions.done(),
      sent: trace.lines().filter((line) => line.includes(' sent ')).length,
      traceHash: trace.hash(),
    }
  } catch (error) {
    throw new Error(`seed ${seed}, ${now}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    await chain.stop()
    await world.db.$disconnect()
  }
}

type Action =
  | 'requests'
  | 'close'
  | 'topUp'
  | 'withdrawal'
  | 'dispute'
  | 'disputes'
  | 'challenge'
  | 'recount'
  | 'outsideClaim'
  | 'returnSetAside'
  | 'pause'
  | 'warp'
  | 'reorg'
  | 'worker'

const weights: readonly (readonly [Action, number])[] = [
  ['requests', 14],
  ['close', 7],
  ['topUp', 4],
  ['withdrawal', 5],
  ['dispute', 5],
  ['disputes', 6],
  ['challenge', 6],
  ['recount', 5],
  ['outsideClaim', 4],
  ['returnSetAside', 2],
  ['pause', 3],
  ['warp', 4],
  ['reorg', 3],
  ['worker', 32],
]

/** @param percent 0 to 99. */
function drawAction(percent: number): Action {
  let left = percent
  for (const [action, weight] of weights) {
    if (left < weight) return action
    left -= weight
  }
  return 'worker'
}

interface Day {
  world: DayWorld
  actions: DayActions
  worker: DayWorker
  chain: DayChain
  rng: ReturnType<typeof prng>
}

async function act(action: Action, { world, actions, worker, chain, rng }: Day): Promise<void> {
  const pick = <T>(items: readonly T[]) => items[rng.below(items.length)] as T
  if (action === 'requests') actions.requests()
  if (action === 'close') actions.closeEpochs()
  if (action === 'topUp') await actions.topUp(pick(world.payers), BigInt(1_000_000 + rng.below(20_000_000)))
  if (action === 'withdrawal') await actions.withdrawal()
  if (action === 'dispute') await actions.dispute()
  if (action === 'disputes') await actions.disputes()
  if (action === 'challenge') await actions.challenge()
  if (action === 'recount') actions.recount()
  if (action === 'outsideClaim') await actions.outsideClaim()
  if (action === 'returnSetAside') await actions.returnSetAside()
  if (action === 'pause') await actions.pause()
  if (action === 'warp') await chain.warp(10 + rng.below(300))
  if (action === 'worker') await worker.run(pick([...dayRounds, 'ingest', 'settle', 'settle', 'index'] as const))
  if (action === 'reorg') await chain.reorg(1 + rng.below(REORG_BLOCKS_MAX))
}

/** Each at least once a day, with faults: a day without a dispute says nothing about disputes. */
const kinds: readonly { happened: (day: Day, events: DayEvents) => boolean; make: (day: Day) => Promise<void> }[] = [
  { happened: ({ actions }) => actions.done().recounts > 0, make: async ({ actions }) => actions.recount() },
  { happened: ({ actions }) => actions.done().pauses > 0, make: ({ actions }) => actions.pause() },
  { happened: ({ actions }) => actions.done().outsideClaims > 0, make: claimOutside },
  { happened: (_day, events) => has(events, 'SetAsideReturned'), make: returnWhatLiesAside },
  { happened: (_day, events) => has(events, 'DisputeFiled'), make: settledThen(({ actions }) => actions.dispute()) },
  {
    happened: (_day, events) => has(events, 'RecordInvalid'),
    make: settledThen(({ actions }) => actions.challenge(1)),
  },
  { happened: ({ chain }) => chain.counts().lostAnswers > 0, make: meetWhileSettling('lost') },
  { happened: ({ chain }) => chain.counts().takenByDeepest > 0, make: meetWhileSettling('reorg') },
]
const TRIES_MAX = 12

async function makeUp(day: Day): Promise<void> {
  for (const { happened, make } of kinds) {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      if (happened(day, (await checkMoney(day.world)).events)) break
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
    for (const round of ['register', 'settle', 'index'] as const) await day.worker.run(round)
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

async function noteState(trace: DayTrace, chain: DayChain, balances: readonly bigint[]): Promise<void> {
  trace.note(`  ${await chain.head()}, balances ${balances.join(' ')}`)
}

/** The liveness phase: no faults, money for what is short, time for every window. */
async function finish(world: DayWorld, actions: DayActions, worker: DayWorker, say: (line: string) => void) {
  await actions.pause(false)
  actions.closeEpochs()
  for (const payer of world.payers) await actions.topUp(payer, actions.signed(payer.channelId) + 1n)
  for (let round = 0; round < LIVENESS_ROUNDS_MAX; round++) {
    for (const name of dayRounds) await worker.run(name)
    await actions.disputes()
    await world.chain.warp(round % 2 === 1 ? ALL_WINDOWS_S : 1)
    const checked = await checkMoney(world)
    const left = await unfinished(world)
    say(`round ${round}: ${left.join(', ') || 'all is settled'}`)
    if (left.length > 0) continue
    await worker.run('index')
    return checked
  }
  throw new Error(`not all is settled: ${[...(await unfinished(world)), ...worker.stuck()].join('; ')}`)
}

async function unfinished(world: DayWorld): Promise<string[]> {
  const epochs = await world.db.epoch.groupBy({ by: ['status'], _count: { _all: true }, orderBy: { status: 'asc' } })
  const left = epochs.filter(({ status }) => status !== 'settled').map((row) => `${row._count._all} ${row.status}`)
  const skipped = await world.db.voucher.findMany({ where: { skippedReason: { not: null } } })
  const missing = world.closed.length - (await world.db.epoch.count())
  left.push(...skipped.map(({ epoch, skippedReason }) => `a voucher of epoch ${epoch} ${skippedReason}`))
  if (missing > 0 || world.outbox.length > 0) left.push(`${world.outbox.length} entries to store`)
  return left
}

/** Every claim once: what lanes signed is what was paid, and Postgres has each event of the chain exactly once. */
async function checkRecordsOf(world: DayWorld, events: DayEvents): Promise<void> {
  const vouchers = await world.db.voucher.findMany({ orderBy: { epoch: 'asc' } })
  const keys = Map.groupBy(vouchers, ({ channelId, providerId, lane }) => `${channelId} ${providerId} ${lane}`)
  for (const [key, rows] of keys) {
    const [channelId, providerId, lane] = key.split(' ') as [Hex, Hex, Hex]
    const signed = rows.reduce(
      (max, { cumulativeMicroUsd }) => (cumulativeMicroUsd > max ? cumulativeMicroUsd : max),
      0n,
    )
    same(`signed and claimed of ${key}`, signed, await claimedOf(world.operator, { channelId, providerId, lane }))
    same(`signed and noted as paid of ${key}`, signed, total(rows.map(({ paidMicroUsd }) => paidMicroUsd ?? 0n)))
  }
  const settled = events.filter((event) => event.eventName === 'Settled')
  const payouts = await world.db.payout.findMany()
  same('payouts in Postgres and on the chain', BigInt(payouts.length), BigInt(settled.length))
  const gross = total(settled.map(({ args }) => args.gross))
  same('what payouts in Postgres and on the chain amount to', total(payouts.map((row) => row.grossMicroUsd)), gross)
  const claims = await world.db.channelMovement.findMany({ where: { kind: 'claim' } })
  const paid = events.filter((event) => event.eventName === 'Claimed')
  same('claims in Postgres and on the chain', BigInt(claims.length), BigInt(paid.length))
  const amount = total(paid.map(({ args }) => args.paid))
  same('what claims in Postgres and on the chain amount to', total(claims.map((row) => row.microUsd)), amount)
  const orders = await world.db.fundingOrder.count({ where: { status: { not: 'final' } } })
  if (orders > 0) throw new Error(`${orders} top-ups were not carried out`)
}
