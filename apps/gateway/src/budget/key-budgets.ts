/**
 * What API keys may spend in a day, a month or in all, on top of their organisation's balance.
 *
 * The same leases as of a channel's limit (`budget.ts`), for a key in the period that its request came in by: so no request
 * asks Redis, all gateways together never overspend, and what a dead one leased comes back when it starts again. A request
 * counts in the period that it came in by, however long it takes; the next period begins with nothing spent.
 */
import { AppError, formatUsd, periodAt, type BudgetPeriod } from '@isochrone/domain'
import { redisKeys, type ApiKeyState, type KeyBudget } from '@isochrone/protocol'
import type { ControlView } from '../control/control-state.ts'
import type { KeyPeriod } from '../lane/key-spend.ts'
import { createBudget } from './budget.ts'
import type { BudgetStore, Reservation, Standing } from './budget-types.ts'
import { unknownBudget } from './limit-account.ts'
import type { BudgetPlace } from './redis-budget-store.ts'

/** Of a request: the key that it came in by, where there is one, and when. */
export interface KeyUse {
  keyId: string | null
  receivedAtMs: number
}

export interface KeyBudgets {
  /** Null where the key has no budget. Throws `insufficient_balance` beyond it, `capacity_unavailable` when nobody can say. */
  reserve(use: KeyUse, microUsd: bigint): Promise<Reservation | null>
  /** As of a channel: throws where the budget could not cover it now, whatever of the key's is under way here. */
  requireCover(use: KeyUse, microUsd: bigint): Promise<void>
  /** Reports what was billed, gives back what lies idle, takes up budgets that are new here. Call each second. */
  tick(): Promise<void>
}

export interface KeyBudgetsOptions {
  control: Pick<ControlView, 'keyById' | 'keysWithBudget'>
  store: BudgetStore<KeyPeriod>
  /** Of these, those on which Redis counts a lease of this lane. */
  leasedOf(periods: readonly KeyPeriod[]): Promise<KeyPeriod[]>
  /** µUSD that this lane has billed through the key in the period. */
  spentMicroUsd: (period: KeyPeriod) => bigint
  /** µUSD of it that requests of an earlier run may still be billed. */
  recoverableMicroUsd: (period: KeyPeriod) => bigint
  nowMs: () => number
}

/** Redis forgets a period's sums so long after the last word of a lane, s: long after the period is over. */
const PERIOD_KEPT_S = 40 * 86_400

/** Where Redis keeps them. */
export function placeOfKeyPeriod(period: KeyPeriod): BudgetPlace {
  const [keyId, id] = partsOf(period)
  return {
    sums: redisKeys.keyBudgetPeriod(keyId, id),
    limit: redisKeys.keyBudget(keyId),
    keptS: id === 'total' ? 0 : PERIOD_KEPT_S,
  }
}

export function createKeyBudgets(options: KeyBudgetsOptions): KeyBudgets {
  const { control, nowMs } = options
  const budget = createBudget<KeyPeriod>({
    store: options.store,
    signedMicroUsd: options.spentMicroUsd,
    recoverableMicroUsd: options.recoverableMicroUsd,
    revisionOf: (period) => control.keyById(partsOf(period)[0])?.budget?.version ?? 0,
    refusal: (period, microUsd, standing) =>
      refusalOf(control.keyById(partsOf(period)[0]), { microUsd, standing, nowMs: nowMs() }),
    nowMs,
  })
  /** The period of each key that Redis has heard of from here. */
  const announced = new Map<string, KeyPeriod>()

  const periodOf = ({ keyId, receivedAtMs }: KeyUse): KeyPeriod | null => {
    const of = keyId === null ? null : control.keyById(keyId)?.budget
    return of ? keyPeriod(keyId ?? '', of, receivedAtMs) : null
  }

  /**
   * A budget that was made while its period runs knows nothing of what this lane has billed in it so far, and a lease that an
   * earlier run of this lane left comes back by nobody else.
   */
  async function announce(): Promise<void> {
    const fresh: [keyId: string, period: KeyPeriod][] = []
    for (const { keyId, budget: of } of control.keysWithBudget()) {
      const period = of && keyPeriod(keyId, of, nowMs())
      if (period && announced.get(keyId) !== period) fresh.push([keyId, period])
    }
    if (fresh.length === 0) return
    const [spent, others] = [[] as KeyPeriod[], [] as KeyPeriod[]]
    for (const [, period] of fresh) (options.spentMicroUsd(period) > 0n ? spent : others).push(period)
    await budget.resume([...spent, ...(await options.leasedOf(others))])
    for (const [keyId, period] of fresh) announced.set(keyId, period)
    for (const keyId of announced.keys()) if (!control.keyById(keyId)?.budget) announced.delete(keyId)
  }

  return {
    async reserve(use, microUsd) {
      const period = periodOf(use)
      return period === null ? null : budget.reserve(period, microUsd)
    },
    async requireCover(use, microUsd) {
      const period = periodOf(use)
      if (period !== null) await budget.requireCover(period, microUsd)
    },
    async tick() {
      await announce()
      await budget.tick()
    },
  }
}

const keyPeriod = (keyId: string, { period }: KeyBudget, atMs: number): KeyPeriod =>
  `${keyId}:${periodAt(period, atMs).id}`

function partsOf(period: KeyPeriod): [keyId: string, id: string] {
  const at = period.lastIndexOf(':')
  return [period.slice(0, at), period.slice(at + 1)]
}

const inWords = { day: 'for each day', month: 'for each month', total: 'in all' } as const satisfies Record<
  BudgetPeriod,
  string
>

interface Refused {
  microUsd: bigint
  standing: Standing
  nowMs: number
}

/** Names the key by what its organisation calls it, never by its secret. */
function refusalOf(key: ApiKeyState | undefined, { microUsd, standing, nowMs }: Refused): AppError {
  const { limitMicroUsd, spentMicroUsd, heldMicroUsd } = standing
  // Redis lost what it was told, or hears of the budget in this moment.
  if (!key?.budget || limitMicroUsd === null) return unknownBudget()
  const { endMs } = periodAt(key.budget.period, nowMs)
  const held = heldMicroUsd > 0n ? `, ${formatUsd(heldMicroUsd)} held for requests under way` : ''
  const renews = endMs === null ? 'It does not renew' : `It renews at ${utcOf(endMs)}`
  return new AppError('insufficient_balance', {
    publicMessage:
      `The API key '${key.name ?? key.keyId}' has a budget of ${formatUsd(limitMicroUsd)} ${inWords[key.budget.period]}: ` +
      `${formatUsd(spentMicroUsd)} spent${held}, and this request could cost ${formatUsd(microUsd)}. ` +
      `${renews}; an owner of the organisation can raise it on the page API keys.`,
    details: { keyId: key.keyId, wantedMicroUsd: microUsd.toString() },
  })
}

const utcOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
