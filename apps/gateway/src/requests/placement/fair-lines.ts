/**
 * The fair queue with several lines for each organisation: a request that only few replicas may serve holds up those of
 * its own kind, and no other request of its organisation.
 *
 * All lines of an organisation have one account: what one of them was served counts for each, so asking for many kinds of
 * place gains nothing. That account is what other gateways are told of, and what they tell is added to.
 */
import {
  createFairQueue,
  fairCostOf,
  type FairQueue,
  type FairQueueOptions,
  type ServedHere,
  type RoutingPolicy,
  type Waiter,
} from '@isochrone/scheduler'

export interface FairLines<T> extends Pick<
  FairQueue<T>,
  'size' | 'pop' | 'cancel' | 'expire' | 'level' | 'floor' | 'takeServed' | 'servedElsewhere' | 'hearElsewhere'
> {
  push(tenant: string, policy: RoutingPolicy, item: T, cost: number, deadlineMs: number): Waiter<T> | 'full'
  /** As the fair queue's: what was served, less what was charged for it before. */
  charge(tenant: string, tokensIn: number, tokensOut: number, costCharged?: number): void
}

/** Organisations that are told of in one news; the others' turn comes with the next. */
const TOLD_MAX = 1_000
/** Organisations whose service waits to be told: where nobody listens, what is beyond it is not. */
const UNTOLD_MAX = 20_000
/** Kinds of request that are told apart; two that fall together share a line. */
const LINES = 8

/** `perTenantMax` bounds all lines of an organisation together. */
export function createFairLines<T>(options: FairQueueOptions): FairLines<T> {
  const queue = createFairQueue<T>(options)
  const lines = (tenant: string): string[] => Array.from({ length: LINES }, (_, line) => `${tenant}#${line}`)

  /** Virtual tokens that other gateways have not been told of, by organisation. */
  const untold = new Map<string, number>()

  function note(tenant: string, virtualTokens: number): void {
    if (!Number.isFinite(virtualTokens) || (untold.size >= UNTOLD_MAX && !untold.has(tenant))) return
    untold.set(tenant, (untold.get(tenant) ?? 0) + virtualTokens)
  }

  const counterOf = (tenant: string): number =>
    Math.max(
      ...lines(tenant).flatMap((line, index) =>
        index === 0 || queue.depthOf(line) > 0 ? [queue.counterOf(line)] : [],
      ),
    )

  /** The first line is the account: it always knows; the others while somebody waits in them. */
  function add(tenant: string, virtualTokens: number, except?: string): void {
    if (queue.size === 0) {
      const account = `${tenant}#0`
      if (account !== except) queue.charge(account, 0, 0, -virtualTokens)
      return
    }
    lines(tenant).forEach((line, index) => {
      if (line !== except && (index === 0 || queue.depthOf(line) > 0)) queue.charge(line, 0, 0, -virtualTokens)
    })
  }

  return {
    get size() {
      return queue.size
    },
    push(tenant, policy, item, cost, deadlineMs) {
      const all = lines(tenant)
      if (all.reduce((sum, line) => sum + queue.depthOf(line), 0) >= options.perTenantMax) return 'full'
      const line = all[lineOf(policy)] ?? `${tenant}#0`
      if (queue.depthOf(line) === 0) {
        const own = all.filter((other, index) => index === 0 || queue.depthOf(other) > 0)
        const account = Math.max(...own.map((other) => queue.counterOf(other)))
        queue.charge(line, 0, 0, queue.counterOf(line) - account)
      }
      const waiter = queue.push(line, item, cost, deadlineMs)
      return typeof waiter === 'string' ? 'full' : waiter
    },
    pop(nowMs, admissible) {
      const waiter = queue.pop(nowMs, admissible)
      if (!waiter) return waiter
      add(tenantOf(waiter.tenant), waiter.cost, waiter.tenant)
      note(tenantOf(waiter.tenant), waiter.cost)
      return waiter
    },
    charge(tenant, tokensIn, tokensOut, costCharged = 0) {
      const virtualTokens = fairCostOf(tokensIn, tokensOut) - costCharged
      add(tenant, virtualTokens)
      note(tenant, virtualTokens)
    },
    cancel: (waiter) => queue.cancel(waiter),
    expire: (nowMs) => queue.expire(nowMs),
    get level() {
      return queue.level
    },
    get floor() {
      return queue.floor
    },
    takeServed() {
      // The lines' own notes hold what moved between lines too: no service.
      queue.takeServed()
      const served: ServedHere[] = []
      for (const [tenant, virtualTokens] of untold) {
        if (served.length === TOLD_MAX) break
        untold.delete(tenant)
        if (virtualTokens !== 0) served.push({ tenant, virtualTokens, counter: counterOf(tenant) })
      }
      return served
    },
    servedElsewhere({ tenant, virtualTokens, counter }) {
      lines(tenant).forEach((line, index) => {
        if (index === 0 || queue.depthOf(line) > 0) queue.servedElsewhere({ tenant: line, virtualTokens, counter })
      })
    },
    hearElsewhere: (level, floor) => queue.hearElsewhere(level, floor),
  }
}

const tenantOf = (line: string): string => line.slice(0, line.lastIndexOf('#'))

/** By what decides where a request may go; most ask for nothing and stand in the first line. */
function lineOf(policy: RoutingPolicy): number {
  const { regions, exclude, minTrust, dataPolicy, gpuClasses, maxPrice, admission } = policy
  const { inPerMtok, outPerMtok, requestMicroUsd } = maxPrice
  const isPlain =
    regions === null && gpuClasses === null && exclude.length === 0 && minTrust === 'claimed' && dataPolicy === 'any'
  if (isPlain && admission === 'capacity' && inPerMtok === null && outPerMtok === null && requestMicroUsd === null) {
    return 0
  }
  const key = JSON.stringify([regions, exclude, minTrust, dataPolicy, gpuClasses, maxPrice, admission])
  let hash = 0
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0
  return 1 + ((hash >>> 0) % (LINES - 1))
}
