/** Rounds between the rows and the chain: what people ordered goes there, what happened there is read, and epochs are settled. */
import { systemClock } from '@isochrone/domain'
import {
  correctRecords,
  indexChainEvents,
  newCloseMemory,
  noteStakes,
  orderStakeSteps,
  registerPending,
  runFundingOrders,
  runPayoutOrders,
  runStakeOrders,
  settleDueEpochs,
  watchWithdrawals,
  type Stuck,
} from '@isochrone/services'
import type { Round } from './start-rounds.ts'
import { isDevelopment, type WorkerRoundsOptions } from './worker-rounds-options.ts'

const ROUNDS_OF_BLOCKS_MAX = 20
/** Transactions that are over are kept for so long, for whoever looks into a failure. */
const TRANSACTIONS_KEPT_MS = 7 * 86_400_000

export interface IndexOptions extends Pick<WorkerRoundsOptions, 'store' | 'chain' | 'logger'> {
  /** Tells the limits of channels that changed, of all without a list. */
  budgets: (channelIds?: readonly string[]) => Promise<void>
}

/** Reads what the chain has said since the last time. */
export function indexRound({ store, chain, logger, budgets }: IndexOptions): () => Promise<void> {
  return async () => {
    for (let round = 0; round < ROUNDS_OF_BLOCKS_MAX; round++) {
      const { channelIds, caughtUp, undone, skipped } = await indexChainEvents({ store, chain: chain.reads })
      for (const { kind, txHash, logIndex } of skipped) {
        logger.warn({ kind, txHash, logIndex }, 'an event cannot be stored and was passed over')
      }
      if (undone > 0) logger.warn({ blocks: undone }, 'the chain was reorganised; what it had said is read anew')
      await budgets(channelIds)
      if (caughtUp) return
    }
  }
}

/** `index` is the round that reads the chain. */
export function chainRounds(options: WorkerRoundsOptions, index: () => Promise<void>): Round[] {
  const { store, chain, gateways, publishControl, logger } = options
  const clock = systemClock
  const settlement = {
    epochs: store.epochs,
    records: store.records,
    transactions: store.chain,
    chain: chain.settlement,
  }
  const closeMemory = newCloseMemory()

  async function reconcile(): Promise<void> {
    await chain.transactions.reconcile()
    await store.pendingTransactions.forgetEnded(new Date(clock.nowMs() - TRANSACTIONS_KEPT_MS))
  }

  async function register(): Promise<void> {
    const { done, refused } = await registerPending({ store, chain: chain.registry })
    for (const row of refused) logger.warn(row, 'the chain refused a registration')
    if (done > 0) await publishControl()
  }

  async function fund(): Promise<void> {
    const finished = await runFundingOrders({ store: store.chain, chain: chain.reads, wallet: chain.managed })
    if (finished > 0) await index()
  }

  /** What leaves managed payout accounts, the steps of withheld stake among it. */
  async function payouts(): Promise<void> {
    const deps = { store, chain: chain.payouts, nowMs: () => clock.nowMs() }
    await orderStakeSteps(deps)
    await runPayoutOrders(deps)
  }

  async function settle(): Promise<void> {
    const { settled, stuck } = await settleDueEpochs(settlement)
    if (settled > 0) logger.info({ epochs: settled }, 'settled')
    failWith(stuck)
  }

  async function correct(): Promise<void> {
    failWith((await correctRecords({ records: store.records, gateways })).stuck)
  }

  async function watch(): Promise<void> {
    const deps = { ...settlement, channels: store.chain, gateways, epochMs: options.epochMs }
    failWith((await watchWithdrawals(deps, closeMemory)).stuck)
  }

  const inDevelopment = isDevelopment(options)
  return [
    { name: 'reconcile', everyMs: 2_000, run: reconcile },
    { name: 'register', everyMs: 1_000, run: register },
    { name: 'fund', everyMs: 1_000, run: fund },
    {
      name: 'stake',
      everyMs: 2_000,
      run: async () => void (await runStakeOrders({ store: store.listings, chain: chain.stake })),
    },
    {
      name: 'note-stakes',
      everyMs: inDevelopment ? 2_000 : 30_000,
      run: async () => void (await noteStakes({ payouts: store.payouts, chain: chain.confirmedStake })),
    },
    { name: 'payouts', everyMs: inDevelopment ? 2_000 : 30_000, run: payouts },
    { name: 'index', everyMs: 1_000, run: index },
    { name: 'watch', everyMs: 1_000, run: watch },
    { name: 'settle', everyMs: 1_000, run: settle },
    { name: 'correct-records', everyMs: inDevelopment ? 5_000 : 60_000, run: correct },
  ]
}

/** One line for the log, which says it once however often it comes back. */
function failWith([first]: readonly Stuck[]): void {
  if (first) throw new Error(`epoch ${first.epoch} of ${first.lane} is stuck: ${first.reason}`)
}
