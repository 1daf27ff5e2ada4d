/** The worker's rounds, each a thin shell over one or two services. */
import { systemClock } from '@isochrone/domain'
import { publishBudgetLimits, publishKeyBudgets, queueDueWebhooks, sweepJobs, sweepLeases } from '@isochrone/services'
import { budgetDeps } from './budget-deps.ts'
import { chainRounds, indexRound } from './chain-rounds.ts'
import type { Round } from './start-rounds.ts'
import { trustRounds } from './trust-rounds.ts'
import type { WorkerRoundsOptions } from './worker-rounds-options.ts'

/** A budget is told again and again at first: what was under way when it was made is on record by then. */
const CHANGED_LATELY_MS = 15_000

export function workerRounds(options: WorkerRoundsOptions): Round[] {
  const { store, chain, redis, logger } = options
  const budgets = async (channelIds?: readonly string[]) =>
    void (await publishBudgetLimits(budgetDeps({ store, redis }), channelIds))
  const index = indexRound({ store, chain, logger, budgets })
  return [
    ...chainRounds(options, index),
    ...trustRounds(options, index),
    ...budgetRounds(options, budgets),
    ...queueRounds(options),
  ]
}

/** Limits, as gateways lease out of them. */
function budgetRounds({ store, redis }: WorkerRoundsOptions, budgets: () => Promise<void>): Round[] {
  const clock = systemClock
  const keyBudgets = (which?: { changedSince: Date }) => publishKeyBudgets({ ...store, redis, clock }, which)
  return [
    { name: 'budgets', everyMs: 30_000, run: async () => void (await budgets(), await keyBudgets()) },
    {
      name: 'key-budgets',
      everyMs: 1_000,
      run: async () => void (await keyBudgets({ changedSince: new Date(clock.nowMs() - CHANGED_LATELY_MS) })),
    },
  ]
}

/** Puts what is due back into queues that may have forgotten it. */
function queueRounds({ store, queue, webhooks, leases, meterMs }: WorkerRoundsOptions): Round[] {
  const clock = systemClock
  return [
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
