/** The worker of the simulated day: the real services on real ports, in a process that dies and is started again. */
import { channelState, type Time } from '@isochrone/contracts-client'
import type { Prng } from '@isochrone/domain'
import { isDataError } from '@isochrone/db'
import type { Hex } from '@isochrone/protocol'
import {
  correctRecords,
  indexChainEvents,
  ingestReceiptEntries,
  newCloseMemory,
  registerPending,
  runFundingOrders,
  settleDueEpochs,
  watchWithdrawals,
  type RecordName,
} from '@isochrone/services'
import { createChain } from '../chain/create-chain.ts'
import { pendingTransactions } from '../chain/pending-transactions.ts'
import type { DayDraws } from './day-draws.ts'
import type { DayTrace } from './day-trace.ts'
import type { DayWorld } from './day-world.ts'
import type { Faults } from './faults.ts'
import { checkMoney } from './money-check.ts'

export const dayRounds = ['reconcile', 'index', 'settle', 'watch', 'register', 'fund', 'correct', 'ingest'] as const
export type DayRound = (typeof dayRounds)[number]

const ENTRIES_A_BATCH = 8
/** What the watchtower takes lanes to close by; the day closes them when it likes. */
const EPOCH_MS = 60_000

export interface DayWorker {
  /** Runs one round as the worker's scheduler would; a crash is over when it returns. */
  run(round: DayRound): Promise<void>
  /** Runs one round in which the process does not die: one that asks for every block's hash hardly ever gets to its end. */
  runWhole(round: DayRound): Promise<void>
  /** What could not go on in the last settlement round. */
  stuck(): readonly string[]
  /** How often the watchtower claimed on a channel whose owner had asked money back. */
  withdrawalsMet(): number
  /** How often money was found conserved between a death and the next life. */
  checksAfterCrashes(): number
}

interface DayWorkerOptions {
  faults: Faults
  rng: Prng
  draws: DayDraws
  time: Time
  trace: DayTrace
  /** What the watchtower asks of gateways. */
  closeEpochs: (lanes: readonly string[]) => void
}

export function createDayWorker(
  world: DayWorld,
  { faults, rng, draws, time, trace, closeEpochs }: DayWorkerOptions,
): DayWorker {
  let ports = connect()
  let closeMemory = newCloseMemory()
  let stuck: string[] = []
  let checksAfterCrashes = 0
  let withdrawalsMet = 0

  function connect() {
    const { deployment, operatorKey, managedWalletKey, profile } = world
    const store = faults.inject(world.store, 'store')
    const pending = pendingTransactions(store.pendingTransactions)
    const random = (below: number) => draws.below('gas of the worker', below)
    const keys = { operatorKey, managedWalletKey }
    const { workerUrl: rpcUrl, workerFetch: fetchFn } = world.chain
    const chain = createChain({ rpcUrl, fetchFn, deployment, ...keys, profile, pending, time, random })
    const { reads, settlement, registry, managed, transactions } = chain
    return { store, chain: faults.inject({ reads, settlement, registry, managed, transactions }, 'chain') }
  }

  async function once(round: DayRound): Promise<void> {
    const { store, chain } = ports
    const settlement = {
      epochs: store.epochs,
      records: store.records,
      transactions: store.chain,
      chain: chain.settlement,
    }
    if (round === 'reconcile') await chain.transactions.reconcile()
    if (round === 'index') await indexChainEvents({ store, chain: chain.reads })
    if (round === 'register') await registerPending({ store, chain: chain.registry })
    if (round === 'fund') await runFundingOrders({ store: store.chain, chain: chain.reads, wallet: chain.managed })
    if (round === 'watch') {
      const gateways = { closeEpochs: async (lanes: readonly string[]) => (closeEpochs(lanes), [...lanes]) }
      await watchWithdrawals({ ...settlement, channels: store.chain, gateways, epochMs: EPOCH_MS }, closeMemory)
    }
    if (round === 'settle') stuck = (await settleDueEpochs(settlement)).stuck.map(({ reason }) => reason)
    if (round === 'correct') {
      const correctRecord = async ({ lane, ...record }: RecordName & { version: number }) => {
        const entry = world.lanes.find((each) => each.lane === lane)?.correct(record)
        if (entry) world.outbox.push(entry)
      }
      await correctRecords({ records: store.records, gateways: { correctRecord } })
    }
    if (round === 'ingest') await ingest(store)
  }

  /** At least once and in any order: some entries come twice, and a batch is shuffled. */
  async function ingest(store: DayWorld['store']): Promise<void> {
    const batch = world.outbox.slice(0, ENTRIES_A_BATCH)
    const [first] = batch
    const again = first !== undefined && rng.below(3) === 0 ? [first] : []
    const entries = [...batch, ...again].toSorted(() => rng.below(3) - 1)
    const { rejected } = await ingestReceiptEntries(
      { store, clock: time, isDataError },
      entries.map((entry, index) => ({ id: `${index}-0`, json: JSON.stringify(entry) })),
    )
    if (rejected[0] && !faults.isDead()) throw new Error(`an entry was refused: ${rejected[0].reason}`)
    world.outbox.splice(0, batch.length)
  }

  /** What was claimed of each channel with a thaw running, µUSD by its id. */
  async function claimedWhileThawing(): Promise<Map<Hex, bigint>> {
    const states = await Promise.all(
      world.payers.map(async ({ channelId }) => ({ channelId, ...(await channelState(world.reader, channelId)) })),
    )
    return new Map(
      states.flatMap(({ channelId, withdrawing, claimed }) => (withdrawing > 0n ? [[channelId, claimed]] : [])),
    )
  }

  async function run(round: DayRound): Promise<void> {
    const before = faults.crashes().crashes
    const thawing = round === 'watch' ? await claimedWhileThawing() : new Map<Hex, bigint>()
    try {
      await once(round)
    } catch (error) {
      // A chain that is away or a crash ends a round; anything else is a fault of ours.
      const isExpected = faults.crashes().crashes > before || isChainAway(error)
      if (!isExpected) throw error
      trace.note(`  ${round} ended: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (faults.isDead()) await liveAgain()
    if (thawing.size === 0) return
    const after = await claimedWhileThawing()
    withdrawalsMet += [...thawing].filter(([channelId, claimed]) => (after.get(channelId) ?? 0n) > claimed).length
  }

  async function liveAgain(): Promise<void> {
    await faults.restart()
    // Whatever the dead process left half done.
    await checkMoney(world)
    checksAfterCrashes += 1
    closeMemory = newCloseMemory()
    ports = connect()
  }

  return {
    stuck: () => stuck,
    withdrawalsMet: () => withdrawalsMet,
    checksAfterCrashes: () => checksAfterCrashes,
    run,
    runWhole: (round) => faults.without(() => run(round)),
  }
}

function isChainAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'chain_unavailable'
}
