/**
 * Who is next when requests wait: the tenant that has been served least, by virtual token counters.
 *
 * Rule and bound: Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024. A counter grows by what was
 * served (input tokens once, output tokens twice, as the paper weighs them). Whoever becomes backlogged is lifted to the
 * least counter of those that wait, so nobody saves up credit by idling; two tenants that stay backlogged never differ in
 * service by more than twice the largest request. Inside a tenant the order is first come, first served.
 * Several gateways tell one another what they served and how far their waiters are (`fair-exchange.ts`): one that is ahead of
 * those that wait elsewhere leaves the next places to them, for a bounded time, because they may not want these places.
 * Bounded in waiters and in tenants remembered; every step is O(log tenants) beside what `admissible` turns away.
 */
import { invariant } from '@isochrone/domain'
import { createIndexedHeap } from './indexed-heap.ts'

/** What a token weighs in the counter. */
export const tokenWeights = { in: 1, out: 2 } as const

/** What a request is expected to add to its tenant's counter. */
export const fairCostOf = (tokensIn: number, tokensOut: number): number =>
  tokensIn * tokenWeights.in + tokensOut * tokenWeights.out

export interface Waiter<T> {
  readonly tenant: string
  readonly item: T
  /** As estimated when it was pushed; charged when it is popped. */
  readonly cost: number
  readonly deadlineMs: number
}

export interface FairQueueOptions {
  waitersMax: number
  perTenantMax: number
  /** Share of the service that a tenant is due relative to others. Default 1 for all. */
  weightOf?: ((tenant: string) => number) | undefined
  /** Virtual tokens by which a tenant may be ahead of the least served one at other gateways. Default 1,024. */
  aheadMax?: number | undefined
  /**
   * Longest time that this queue leaves places to others, ms, and as a share of what its next one may still wait: whoever has
   * half a second must not lose it to somebody elsewhere who may have no use for the place. Defaults 1,000 and 0.1.
   */
  holdMsMax?: number | undefined
  holdShareMax?: number | undefined
  /** Waiters of one tenant that a `pop` looks at, the oldest first: fewer than these hold up nobody. Default 1. */
  looksMax?: number | undefined
}

/** What was served to a tenant since it was last told, and its counter now. */
export interface ServedHere {
  tenant: string
  virtualTokens: number
  counter: number
}

export interface FairQueue<T> {
  readonly size: number
  /** Tenants that have someone waiting. */
  readonly backlogged: number
  /** Waiters of one tenant. */
  depthOf(tenant: string): number
  /** A handle, or why it was not queued. */
  push(tenant: string, item: T, cost: number, deadlineMs: number): Waiter<T> | 'queue_full' | 'tenant_full'
  /**
   * The oldest waiter of the tenant served least that may go, its estimated cost charged; undefined when none may. A tenant of
   * which no waiter that was looked at is admissible now keeps its place and is passed over.
   */
  pop(nowMs: number, admissible?: (item: T, tenant: string) => boolean): Waiter<T> | undefined
  /** What a request really took; `costCharged` is what `pop` charged for it, so that the estimate is corrected. */
  charge(tenant: string, tokensIn: number, tokensOut: number, costCharged?: number): void
  /** False when it has left the queue already. */
  cancel(waiter: Waiter<T>): boolean
  /** Waiters whose deadline has passed, the earliest first: they left the queue and were charged nothing. */
  expire(nowMs: number): Waiter<T>[]
  /** Virtual tokens of a tenant, for metrics; 0 when unknown. */
  counterOf(tenant: string): number
  /** The least counter of those that wait; null when nobody does. */
  readonly level: number | null
  /** What newcomers are lifted to. */
  readonly floor: number
  /** What was served here since the last call, at most as many tenants as are remembered. */
  takeServed(): ServedHere[]
  /** Another gateway served that tenant. */
  servedElsewhere(served: ServedHere): void
  /** The least counter of those that wait at other gateways (null: nobody does), and the highest of their floors. */
  hearElsewhere(level: number | null, floor: number): void
}

interface Entry<T> extends Waiter<T> {
  readonly owner: Tenant<T>
  readonly sequence: number
  older: Entry<T> | null
  newer: Entry<T> | null
  deadlineAt: number
}

interface Tenant<T> {
  readonly name: string
  counter: number
  oldest: Entry<T> | null
  newest: Entry<T> | null
  depth: number
  turnAt: number
}

export function createFairQueue<T>(options: FairQueueOptions): FairQueue<T> {
  const {
    waitersMax,
    perTenantMax,
    weightOf = () => 1,
    aheadMax = 1_024,
    holdMsMax = 1_000,
    holdShareMax = 0.1,
    looksMax = 1,
  } = options
  invariant(waitersMax >= 1 && perTenantMax >= 1, 'a queue has room for one')
  const tenants = new Map<string, Tenant<T>>()
  const tenantsMax = Math.max(1_024, 4 * waitersMax)
  const turns = createIndexedHeap<'turnAt', Tenant<T>>('turnAt', isBefore)
  const deadlines = createIndexedHeap<'deadlineAt', Entry<T>>(
    'deadlineAt',
    (a, b) => a.deadlineMs < b.deadlineMs || (a.deadlineMs === b.deadlineMs && a.sequence < b.sequence),
  )
  /** Expired while `pop` looked; the next `expire` hands them out. */
  let lapsed: Entry<T>[] = []
  let sequence = 0
  /** Counter of the tenant that left the queue last: what lifts a newcomer when nobody waits. */
  let lastCounter = 0
  /** Virtual tokens not told yet, by tenant. */
  const untold = new Map<string, number>()
  let levelElsewhere: number | null = null
  /** Since when places are left to others; negative: they are not. */
  let heldSinceMs = -1

  function tenantOf(name: string): Tenant<T> {
    let tenant = tenants.get(name)
    if (!tenant) {
      if (tenants.size >= tenantsMax) forgetIdle()
      tenant = { name, counter: 0, oldest: null, newest: null, depth: 0, turnAt: -1 }
      tenants.set(name, tenant)
    }
    return tenant
  }

  /** An idle tenant at or below the lift is the same as an unknown one; of the others the least indebted half goes. */
  function forgetIdle(): void {
    const idle = [...tenants.values()].filter(({ depth }) => depth === 0).toSorted((a, b) => a.counter - b.counter)
    const level = lift()
    idle.forEach((tenant, rank) => {
      if (tenant.counter <= level || rank < idle.length / 2) tenants.delete(tenant.name)
    })
  }

  const lift = (): number =>
    Math.min(
      turns.first()?.counter ?? Infinity,
      levelElsewhere ?? Infinity,
      turns.size === 0 && levelElsewhere === null ? lastCounter : Infinity,
    )
  const shareOf = (name: string): number => {
    const weight = weightOf(name)
    return Number.isFinite(weight) && weight > 0 ? weight : 1
  }

  function leave(entry: Entry<T>): void {
    const { owner } = entry
    if (entry.older) entry.older.newer = entry.newer
    else owner.oldest = entry.newer
    if (entry.newer) entry.newer.older = entry.older
    else owner.newest = entry.older
    deadlines.remove(entry)
    owner.depth--
    if (owner.depth === 0) turns.remove(owner)
    else turns.moved(owner)
  }

  function add(tenant: Tenant<T>, virtualTokens: number): void {
    if (!Number.isFinite(virtualTokens)) return
    const before = tenant.counter
    tenant.counter = Math.max(0, before + virtualTokens / shareOf(tenant.name))
    turns.moved(tenant)
    if (untold.size < tenantsMax || untold.has(tenant.name)) {
      untold.set(tenant.name, (untold.get(tenant.name) ?? 0) + tenant.counter - before)
    }
  }

  /** Whether the next place is left to those who wait elsewhere and were served less. */
  function holds(nowMs: number): boolean {
    const first = turns.first()
    if (!first || levelElsewhere === null || first.counter <= levelElsewhere + aheadMax) {
      heldSinceMs = -1
      return false
    }
    if (heldSinceMs < 0) heldSinceMs = nowMs
    const patienceMs = Math.max(0, (first.oldest as Entry<T>).deadlineMs - nowMs)
    if (nowMs - heldSinceMs < Math.min(holdMsMax, holdShareMax * patienceMs)) return true
    heldSinceMs = nowMs
    return false
  }

  function lapse(nowMs: number): void {
    for (let entry = deadlines.first(); entry && entry.deadlineMs <= nowMs; entry = deadlines.first()) {
      leave(entry)
      if (entry.owner.depth === 0) lastCounter = entry.owner.counter
      lapsed.push(entry)
    }
  }

  /** In order of counters; those passed over are put back. */
  function nextAdmissible(admissible: (item: T, tenant: string) => boolean): Entry<T> | undefined {
    const passed: Tenant<T>[] = []
    let found: Entry<T> | undefined
    for (let tenant = turns.first(); tenant && !found; tenant = turns.first()) {
      let entry = tenant.oldest
      for (let looks = 0; entry && !found && looks < looksMax; looks++, entry = entry.newer) {
        if (admissible(entry.item, tenant.name)) found = entry
      }
      if (found) break
      turns.remove(tenant)
      passed.push(tenant)
    }
    for (const tenant of passed) turns.add(tenant)
    return found
  }

  return {
    get size() {
      return deadlines.size
    },
    get backlogged() {
      return turns.size
    },
    depthOf: (name) => tenants.get(name)?.depth ?? 0,
    counterOf: (name) => tenants.get(name)?.counter ?? 0,
    push(name, item, cost, deadlineMs) {
      if (deadlines.size >= waitersMax) return 'queue_full'
      const owner = tenantOf(name)
      if (owner.depth >= perTenantMax) return 'tenant_full'
      const older = owner.newest
      const known = Number.isFinite(cost) && cost > 0 ? cost : 0
      const entry: Entry<T> = {
        tenant: name,
        item,
        cost: known,
        deadlineMs: Number.isNaN(deadlineMs) ? 0 : deadlineMs,
        owner,
        sequence: sequence++,
        older,
        newer: null,
        deadlineAt: -1,
      }
      if (older) older.newer = entry
      else {
        owner.counter = Math.max(owner.counter, lift())
        owner.oldest = entry
      }
      owner.newest = entry
      owner.depth++
      if (owner.depth === 1) turns.add(owner)
      deadlines.add(entry)
      return entry
    },
    pop(nowMs, admissible = () => true) {
      lapse(nowMs)
      if (holds(nowMs)) return undefined
      const entry = nextAdmissible(admissible)
      if (!entry) return undefined
      leave(entry)
      add(entry.owner, entry.cost)
      if (entry.owner.depth === 0) lastCounter = entry.owner.counter
      return entry
    },
    charge(name, tokensIn, tokensOut, costCharged = 0) {
      add(tenantOf(name), fairCostOf(tokensIn, tokensOut) - costCharged)
    },
    cancel(waiter) {
      const entry = waiter as Entry<T>
      if (entry.deadlineAt < 0) return false
      leave(entry)
      if (entry.owner.depth === 0) lastCounter = entry.owner.counter
      return true
    },
    get level() {
      return turns.first()?.counter ?? null
    },
    get floor() {
      return lift()
    },
    takeServed() {
      const served = [...untold].map(([tenant, virtualTokens]) => ({
        tenant,
        virtualTokens,
        counter: tenants.get(tenant)?.counter ?? 0,
      }))
      untold.clear()
      return served
    },
    servedElsewhere({ tenant: name, virtualTokens, counter }) {
      const tenant = tenantOf(name)
      tenant.counter = Math.max(0, tenant.counter + virtualTokens, counter)
      turns.moved(tenant)
    },
    hearElsewhere(level, floor) {
      levelElsewhere = level
      if (level === null && turns.size === 0) lastCounter = Math.max(lastCounter, floor)
    },
    expire(nowMs) {
      lapse(nowMs)
      const expired = lapsed
      lapsed = []
      return expired
    },
  }
}

/** The lesser counter; among equals, whose oldest waiter came first. */
function isBefore<T>(a: Tenant<T>, b: Tenant<T>): boolean {
  return a.counter < b.counter || (a.counter === b.counter && (a.oldest?.sequence ?? 0) < (b.oldest?.sequence ?? 0))
}
