/**
 * A simulated day that its seed replays to the last transaction: random payers, providers and disputes; a worker that dies between any two
 * steps; blocks that vanish; answers that are lost after what was sent has arrived.
 *
 * After every step money is conserved. Then the faults stop, and within bounded rounds every claim is settled exactly
 * once, nothing is left pending, every dispute has ended, and Postgres says of every event what the chain says.
 */
import { prng } from '@isochrone/domain'
import type { TestStack } from '@isochrone/local-stack'
import { createDayActions } from './day-actions.ts'
import {
  dayChains,
  REORG_BLOCKS_MAX,
  startDayChain,
  type ChainFaults,
  type DayChain,
  type DayChainName,
} from './day-chain.ts'
import { createDayDraws } from './day-draws.ts'
import { checkRecordsOf, finishDay } from './day-end.ts'
import { makeUp, topUpsOf, type Day } from './day-kinds.ts'
import { createDayTime } from './day-time.ts'
import { createDayTrace, type DayTrace } from './day-trace.ts'
import { signedInAll } from './day-trade.ts'
import { createDayWorker, dayRounds } from './day-worker.ts'
import { createDayWorld } from './day-world.ts'
import { createFaults } from './faults.ts'
import { checkMoney } from './money-check.ts'

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
  /** By wallets and by orders that the worker carried out; without what a wallet's day began with. */
  topUps: number
  /** What was asked back, thawed and taken out. */
  withdrawals: number
  /** How often the watchtower claimed on a channel whose owner had asked money back. */
  withdrawalsMet: number
  /** Transactions that were handed to the chain, those that it refused included. */
  sent: number
  /** Over all that happened: the same for the same seed and steps. */
  traceHash: string
}

const CALLS_A_CRASH = 60

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
  const chain = await startDayChain(stack.chainRpcUrl, dayChain, { draws, trace, time })
  const world = await createDayWorld(stack, seed, { chain, time, draws, dayChain })
  const faults = createFaults(draws, CALLS_A_CRASH)
  chain.afterFault(() => checkMoney(world))
  const actions = createDayActions(world, rng)
  const closeEpochs = (lanes: readonly string[]) => actions.closeEpochs(lanes)
  const worker = createDayWorker(world, { faults, rng, draws, time, trace, closeEpochs })
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
    const { events, balances } = await finishDay(world, actions, worker, (line) => (trace.note(line), say(line)))
    await noteState(trace, chain, balances)
    await checkRecordsOf(world, events)
    chain.assertSound()
    const topUps = topUpsOf(world, events)
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
      recounts: actions.recounts(),
      outsideClaims: actions.outsideClaims(),
      pauses: actions.pauses(),
      topUps: topUps.ofWallets + topUps.byOrder,
      withdrawals: events.filter(({ eventName }) => eventName === 'Withdrawn').length,
      withdrawalsMet: worker.withdrawalsMet(),
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

async function noteState(trace: DayTrace, chain: DayChain, balances: readonly bigint[]): Promise<void> {
  trace.note(`  ${await chain.head()}, balances ${balances.join(' ')}`)
}
