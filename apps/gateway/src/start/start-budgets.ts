/**
 * The keepers of money: what this gateway may spend of each channel and key, leased from Redis a piece at a time.
 *
 * Each second they and whoever else keeps something in Redis are brought up to date together. What an earlier process had
 * leased is taken over once, when it is known whose channels there are.
 */
import { redisKeys, type Hex } from '@isochrone/protocol'
import type { Shutdown } from '@isochrone/runtime'
import type { Redis } from 'ioredis'
import { createBudget } from '../budget/budget.ts'
import type { Budget } from '../budget/budget-types.ts'
import { createKeyBudgets, placeOfKeyPeriod, type KeyBudgets } from '../budget/key-budgets.ts'
import { createRedisBudgetStore, leasedOf } from '../budget/redis-budget-store.ts'
import type { LimitShares } from '../budget/share-limits.ts'
import type { ControlView } from '../control/control-state.ts'
import type { LiveGateways } from '../control/live-gateways.ts'
import type { GatewayLane } from '../lane/gateway-lane.ts'
import type { KnownModels } from '../requests/read/known-models.ts'

const TICK_MS = 1_000

export interface StartBudgetsInput {
  redis: Redis
  lane: GatewayLane
  control: ControlView
  /** Whether the control state is loaded. */
  ready: () => boolean
  knownModels: KnownModels
  live: LiveGateways
  shares: LimitShares
  shutdown: Shutdown
}

export interface Budgets {
  budget: Budget
  keyBudgets: KeyBudgets
}

export function startBudgets(input: StartBudgetsInput): Budgets {
  const { redis, lane, control, ready, knownModels, live, shares, shutdown } = input
  // Stale by a second at most, and only to the safe side: what is held back shrinks as receipts come in.
  let heldForRecovery = lane.heldForRecovery()
  let keysHeld = lane.keysHeldForRecovery()
  const nowMs = (): number => Date.now()
  const budget = createBudget({
    store: createRedisBudgetStore(redis, lane.id),
    signedMicroUsd: (channelId) => lane.signedMicroUsd(channelId),
    recoverableMicroUsd: (channelId) => heldForRecovery.get(channelId) ?? 0n,
    nowMs,
  })
  const keyBudgets = createKeyBudgets({
    control,
    store: createRedisBudgetStore(redis, lane.id, placeOfKeyPeriod),
    leasedOf: (periods) => leasedOf(redis, lane.id, periods, (period) => placeOfKeyPeriod(period).sums),
    spentMicroUsd: (period) => lane.spentByKeyMicroUsd(period),
    recoverableMicroUsd: (period) => keysHeld.get(period) ?? 0n,
    nowMs,
  })

  let resumed = false
  async function othersAndLeases(): Promise<void> {
    knownModels.learn(await redis.hvals(redisKeys.nodes), nowMs())
    live.learn(await redis.hvals(redisKeys.gateways), nowMs())
    await shares.tick()
    if (resumed || !ready()) return
    const channels = [...control.organisations()].flatMap(({ channelId }) => (channelId ? [channelId as Hex] : []))
    await budget.resume(await leasedOf(redis, lane.id, channels))
    resumed = true
  }

  let ticking = false
  const ticker = setInterval(() => {
    heldForRecovery = lane.heldForRecovery()
    keysHeld = lane.keysHeldForRecovery()
    if (ticking || redis.status !== 'ready') return
    ticking = true
    Promise.all([budget.tick(), keyBudgets.tick(), othersAndLeases()])
      .catch(() => {
        // Redis went away between two ticks; the next one tries again.
      })
      .finally(() => (ticking = false))
  }, TICK_MS)
  shutdown.onShutdown('ticker', () => clearInterval(ticker))
  return { budget, keyBudgets }
}
