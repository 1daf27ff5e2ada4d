/** The worker's rounds, each a thin shell over one or two services. */
import { systemClock } from '@isochrone/domain'
import type { Store } from '@isochrone/db'
import type { Logger } from '@isochrone/runtime'
import {
  correctRecords,
  createTrustDuties,
  executeDisputes,
  indexChainEvents,
  newCloseMemory,
  noteStakes,
  orderStakeSteps,
  publishBudgetLimits,
  publishKeyBudgets,
  queueDueWebhooks,
  refreshDisputes,
  registerPending,
  runDisputeOrders,
  runFundingOrders,
  runPayoutOrders,
  runStakeOrders,
  settleDueEpochs,
  sweepJobs,
  sweepLeases,
  tryWithheldFiles,
  watchWithdrawals,
  type CorrectDeps,
  type DutyRound,
  type JobQueue,
  type LeaseQueue,
  type RedisCommands,
  type Stuck,
  type WatchDeps,
  type WebhookQueue,
} from '@isochrone/services'
import type { createChain } from '../chain/create-chain.ts'
import type { Round } from './start-rounds.ts'
import { budgetDeps } from './budget-deps.ts'

export interface WorkerRoundsOptions {
  store: Store
  chain: ReturnType<typeof createChain>
  redis: RedisCommands
  queue: JobQueue
  webhooks: WebhookQueue
  gateways: WatchDeps['gateways'] & CorrectDeps['gateways']
  /** Where the files of epochs are fetched from, as anybody would. */
  gatewayUrls: readonly string[]
  /** Nodes that give out their copies of them. */
  mirrorUrls: readonly string[]
  /** For which an epoch's file must have been missed before it is disputed, s; half of the time to file when left out. */
  withheldAfterS: number | undefined
  leases: LeaseQueue
  /** Between two readings of a lease, ms. */
  meterMs: number
  /** Of lanes, as gateways have it, ms. */
  epochMs: number
  /** Ships the control outbox after a round that wrote to it. */
  publishControl: () => Promise<void>
  logger: Logger
}

const ROUNDS_OF_BLOCKS_MAX = 20
/** A budget is told again and again at first: what was under way when it was made is on record by then. */
const CHANGED_LATELY_MS = 15_000
/** Transactions that are over are kept for so long, for whoever looks into a failure. */
const TRANSACTIONS_KEPT_MS = 7 * 86_400_000
const DEVELOPMENT_CHAIN_ID = 31_337

export function workerRounds(options: WorkerRoundsOptions): Round[] {
  const { store, chain, redis, queue, webhooks, leases, meterMs, gateways, publishControl, logger } = options
  const clock = systemClock
  const settlement = {
    epochs: store.epochs,
    records: store.records,
    transactions: store.chain,
    chain: chain.settlement,
  }
  const closeMemory = newCloseMemory()
  const keyBudgets = (which?: { changedSince: Date }) => publishKeyBudgets({ ...store, redis, clock }, which)
  const budgets = (channelIds?: readonly string[]) => publishBudgetLimits(budgetDeps({ store, redis }), channelIds)

  async function index(): Promise<void> {
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

  const files = chain.filesOf({
    gatewayUrls: options.gatewayUrls,
    mirrorUrls: options.mirrorUrls,
    ...(options.withheldAfterS !== undefined && { withheldAfterS: options.withheldAfterS }),
    laneUrl: (lane) => store.readings.laneUrl(lane),
    async saveEvidence(hash, body) {
      const mediaType = 'text/plain'
      await store.disputes.saveDocument({ hash, role: 'evidence', mediaType, body, orgId: null, userId: 'worker' })
    },
  })
  const duties = createTrustDuties({
    chain: chain.trust,
    transactions: store.chain,
    audit: chain.auditOf([...options.gatewayUrls, ...options.mirrorUrls]),
    files,
  })
  const isDevelopment = chain.reader.deployment.chainId === DEVELOPMENT_CHAIN_ID

  function failWithDuty(what: string, { failed: [first] }: DutyRound): void {
    if (first) throw new Error(`${what} (${first.subject}): ${first.reason}`)
  }

  async function watchFiles(): Promise<void> {
    const watched = await duties.watchFiles()
    if (watched.done > 0) logger.warn({ files: watched.done }, 'disputed epoch files that nobody gives out')
    failWithDuty('an epoch file is missing', watched)
  }

  const disputes = { disputes: store.disputes, transactions: store.chain, chain: chain.disputes }
  /** Rows first, so that what is sent is decided on what the chain says; and again, to show at once what was sent. */
  async function dispute(): Promise<void> {
    await refreshDisputes(disputes)
    if ((await runDisputeOrders(disputes)) > 0) await index()
    failWithDuty('a dispute was not closed', await executeDisputes(disputes))
    await refreshDisputes(disputes)
  }

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
      everyMs: isDevelopment ? 2_000 : 30_000,
      run: async () => void (await noteStakes({ payouts: store.payouts, chain: chain.confirmedStake })),
    },
    { name: 'payouts', everyMs: isDevelopment ? 2_000 : 30_000, run: payouts },
    { name: 'index', everyMs: 1_000, run: index },
    { name: 'watch', everyMs: 1_000, run: watch },
    { name: 'settle', everyMs: 1_000, run: settle },
    { name: 'disputes', everyMs: 1_000, run: dispute },
    {
      name: 'draw-panels',
      everyMs: 2_000,
      run: async () => failWithDuty('a panel was not drawn', await duties.drawPanels()),
    },
    {
      name: 'collect-penalties',
      everyMs: isDevelopment ? 60_000 : 600_000,
      run: async () => failWithDuty('a penalty was not collected', await duties.collectPenalties()),
    },
    {
      name: 'claim-announced',
      everyMs: isDevelopment ? 10_000 : 60_000,
      run: async () => failWithDuty('an announced voucher was not claimed', await duties.claimAnnounced()),
    },
    {
      name: 'audit-records',
      everyMs: isDevelopment ? 5_000 : 60_000,
      run: async () => failWithDuty('records could not be judged', await duties.auditRecords()),
    },
    { name: 'watch-files', everyMs: isDevelopment ? 5_000 : 60_000, run: watchFiles },
    {
      name: 'try-files',
      everyMs: isDevelopment ? 5_000 : 60_000,
      run: async () =>
        failWithDuty('a withheld file was not asked for', await tryWithheldFiles({ disputes: store.disputes, files })),
    },
    { name: 'correct-records', everyMs: isDevelopment ? 5_000 : 60_000, run: correct },
    { name: 'budgets', everyMs: 30_000, run: async () => void (await budgets(), await keyBudgets()) },
    {
      name: 'key-budgets',
      everyMs: 1_000,
      run: async () => void (await keyBudgets({ changedSince: new Date(clock.nowMs() - CHANGED_LATELY_MS) })),
    },
    {
      name: 'webhooks',
      everyMs: 1_000,
      run: async () => void (await queueDueWebhooks({ webhooks: store.webhooks, queue: webhooks, clock })),
    },
    {
      name: 'leases',
      everyMs: 1_000,
      run: async () => void (await sweepLeases({ leases: store.leases, queue: leases, clock, meterMs })),
    },
    { name: 'sweep', everyMs: 5_000, run: async () => void (await sweepJobs({ jobs: store.jobs, queue, clock })) },
  ]
}

/** One line for the log, which says it once however often it comes back. */
function failWith([first]: readonly Stuck[]): void {
  if (first) throw new Error(`epoch ${first.epoch} of ${first.lane} is stuck: ${first.reason}`)
}
