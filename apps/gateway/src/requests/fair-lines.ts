/**
 * The fair queue with several lines for each organisation: a request that only few replicas may serve holds up those of
 * its own kind, and no other request of its organisation.
 *
 * All lines of an organisation have one account: what one of them was served counts for each, so asking for many kinds of
 * place gains nothing.
 */
import {
  createFairQueue,
  fairCostOf,
  type FairQueue,
  type FairQueueOptions,
  type RoutingPolicy,
  type Waiter,
} from '@isochrone/scheduler'

export interface FairLines<T> extends Pick<FairQueue<T>, 'size' | 'pop' | 'cancel' | 'expire'> {
  push(tenant: string, policy: RoutingPolicy, item: T, cost: number, deadlineMs: number): Waiter<T> | 'full'
  /** As the fair queue's: what was served, less what was charged for it before. */
  charge(tenant: string, tokensIn: number, tokensOut: number, costCharged?: number): void
}

/** Kinds of request that are told apart; two that fall together share a line. */
const LINES = 8

/** `perTenantMax` bounds all lines of an organisation together. */
export function createFairLines<T>(options: FairQueueOptions): FairLines<T> {
  const queue = createFairQueue<T>(options)
  const lines = (tenant: string): string[] => Array.from({ length: LINES }, (_, line) => `${tenant}#${line}`)

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
      if (waiter) add(tenantOf(waiter.tenant), waiter.cost, waiter.tenant)
      return waiter
    },
    charge: (tenant, tokensIn, tokensOut, costCharged = 0) =>
      add(tenant, fairCostOf(tokensIn, tokensOut) - costCharged),
    cancel: (waiter) => queue.cancel(waiter),
    expire: (nowMs) => queue.expire(nowMs),
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
