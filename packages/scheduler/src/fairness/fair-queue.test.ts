import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFairQueue, fairCostOf, type FairQueue, type Waiter } from './fair-queue.ts'

const FOREVER = Number.POSITIVE_INFINITY
const room = { waitersMax: 10_000, perTenantMax: 1_000 }

function queued<T>(queue: FairQueue<T>, tenant: string, item: T, cost: number, deadlineMs = FOREVER): Waiter<T> {
  const waiter = queue.push(tenant, item, cost, deadlineMs)
  if (typeof waiter === 'string') throw new Error(waiter)
  return waiter
}

const work = fc.record({ tokensIn: fc.integer({ min: 1, max: 400 }), tokensOut: fc.integer({ min: 1, max: 200 }) })

test('tenants that stay backlogged never differ in service by more than twice the largest request', () => {
  const tenants = ['a', 'b', 'c']
  const inFlightMax = 4
  fc.assert(
    fc.property(fc.array(work, { minLength: 60, maxLength: 60 }), fc.nat(), fc.boolean(), (works, seed, guessed) => {
      const rng = prng(seed)
      const queue = createFairQueue<number>(room)
      const largest = Math.max(...works.map(({ tokensIn, tokensOut }) => fairCostOf(tokensIn, tokensOut)))
      const service = new Map(tenants.map((tenant) => [tenant, 0]))
      works.forEach((one, index) => {
        // Estimates may be wrong, as the output length is not known before the end; what was served corrects them.
        const guess = guessed ? fairCostOf(one.tokensIn, 100) : fairCostOf(one.tokensIn, one.tokensOut)
        queued(queue, tenants[index % 3] ?? '', index, guess)
      })
      const running: Waiter<number>[] = []
      while (tenants.every((tenant) => queue.depthOf(tenant) > 0)) {
        const waiter = queue.pop(0)
        if (!waiter) throw new Error('a backlogged queue has a next one')
        running.push(waiter)
        if (running.length === inFlightMax) finish(running.splice(rng.below(inFlightMax), 1))
        const tokens = [...service.values()]
        // The paper's bound holds for what was charged; each running request adds at most its own cost of error.
        const errors = guessed ? inFlightMax * largest : 0
        expect(Math.max(...tokens) - Math.min(...tokens)).toBeLessThanOrEqual(
          2 * largest + inFlightMax * largest + errors,
        )
        const counters = tenants.map((tenant) => queue.counterOf(tenant))
        if (!guessed) expect(Math.max(...counters) - Math.min(...counters)).toBeLessThanOrEqual(2 * largest)
      }
      function finish(ended: Waiter<number>[]): void {
        for (const { tenant, item, cost } of ended) {
          const { tokensIn = 0, tokensOut = 0 } = works[item] ?? {}
          service.set(tenant, (service.get(tenant) ?? 0) + fairCostOf(tokensIn, tokensOut))
          queue.charge(tenant, tokensIn, tokensOut, cost)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('in a backlog of unequal clients, service is shared with a Jain index of at least 0.99', () => {
  const rng = prng(5)
  const queue = createFairQueue<{ tokensIn: number; tokensOut: number }>({ waitersMax: 4_096, perTenantMax: 64 })
  const tenants = Array.from({ length: 32 }, (_, index) => `t${index}`)
  const served = new Map(tenants.map((tenant) => [tenant, 0]))
  // Tenant 0 sends small requests, tenant 31 some fifty times larger ones; everybody always has some waiting.
  const next = (index: number) => ({
    tokensIn: 20 + rng.below(40 * (index + 1)),
    tokensOut: 5 + rng.below(10 * (index + 1)),
  })
  for (let step = 0; step < 40_000; step++) {
    tenants.forEach((tenant, index) => {
      if (queue.depthOf(tenant) < 2) {
        const one = next(index)
        queued(queue, tenant, one, fairCostOf(one.tokensIn, 100))
      }
    })
    const waiter = queue.pop(step)
    if (!waiter) throw new Error('a backlogged queue has a next one')
    const { tokensIn, tokensOut } = waiter.item
    queue.charge(waiter.tenant, tokensIn, tokensOut, waiter.cost)
    served.set(waiter.tenant, (served.get(waiter.tenant) ?? 0) + fairCostOf(tokensIn, tokensOut))
  }
  const shares = [...served.values()]
  const sum = shares.reduce((total, share) => total + share, 0)
  const jain = sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0))
  expect(jain).toBeGreaterThanOrEqual(0.99)
})

test('weights share in proportion', () => {
  const queue = createFairQueue<number>({ ...room, weightOf: (tenant) => (tenant === 'gold' ? 3 : 1) })
  for (let i = 0; i < 400; i++) for (const tenant of ['gold', 'plain']) queued(queue, tenant, i, 10)
  const first = Array.from({ length: 400 }, () => queue.pop(0)?.tenant)
  expect(first.filter((tenant) => tenant === 'gold')).toHaveLength(300)
})

test('idling earns no credit: a tenant that comes back starts where the others are', () => {
  const queue = createFairQueue<number>(room)
  for (let i = 0; i < 100; i++) queued(queue, 'busy', i, 10)
  for (let i = 0; i < 50; i++) queue.pop(0)
  for (let i = 0; i < 50; i++) queued(queue, 'late', i, 10)
  const next = Array.from({ length: 20 }, () => queue.pop(0)?.tenant)
  expect(next.filter((tenant) => tenant === 'late')).toHaveLength(10)
})

test('a debt is not forgotten by leaving while others wait, and a refund lowers it', () => {
  const queue = createFairQueue<number>(room)
  for (let i = 0; i < 10; i++) queued(queue, 'a', i, 10)
  queued(queue, 'greedy', 0, 1_000)
  while (queue.depthOf('greedy') > 0) queue.pop(0)
  queued(queue, 'greedy', 1, 10)
  expect(queue.counterOf('greedy')).toBe(1_000)
  queue.charge('greedy', 100, 50, 1_000)
  expect(queue.counterOf('greedy')).toBe(200)
})

test('whatever happens, a tenant is served in order, nobody is lost or served twice, and bounds hold', () => {
  const step = fc.record({
    kind: fc.constantFrom('push', 'push', 'pop', 'cancel', 'expire'),
    tenant: fc.constantFrom('a', 'b', 'c'),
    cost: fc.oneof(fc.nat(100), fc.constant(Number.NaN)),
    wait: fc.nat(50),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = createFairQueue<number>({ waitersMax: 12, perTenantMax: 5 })
      const waiting = new Map<number, Waiter<number>>()
      const last = new Map<string, number>()
      let refused = 0
      let gone = 0
      steps.forEach(({ kind, tenant, cost, wait }, nowMs) => {
        if (kind === 'push') {
          const waiter = queue.push(tenant, nowMs, cost, nowMs + wait)
          if (typeof waiter === 'string') refused++
          else waiting.set(nowMs, waiter)
        } else if (kind === 'pop') {
          const popped = queue.pop(nowMs, (item) => item % 3 !== 0)
          if (popped) {
            expect(waiting.delete(popped.item)).toBe(true)
            expect(popped.item).toBeGreaterThan(last.get(popped.tenant) ?? -1)
            expect(popped.deadlineMs).toBeGreaterThan(nowMs)
            last.set(popped.tenant, popped.item)
            gone++
          }
        } else if (kind === 'cancel') {
          const [waiter] = waiting.values()
          if (waiter) {
            const wasThere = queue.cancel(waiter)
            if (wasThere) waiting.delete(waiter.item)
            expect(queue.cancel(waiter)).toBe(false)
            gone += wasThere ? 1 : 0
          }
        } else {
          for (const { item } of queue.expire(nowMs)) {
            expect(waiting.delete(item)).toBe(true)
            gone++
          }
        }
        expect(queue.size).toBeLessThanOrEqual(12)
        for (const name of ['a', 'b', 'c']) expect(queue.depthOf(name)).toBeLessThanOrEqual(5)
      })
      for (const { item } of queue.expire(FOREVER)) {
        expect(waiting.delete(item)).toBe(true)
        gone++
      }
      expect(waiting.size).toBe(0)
      expect(queue.size).toBe(0)
      expect(queue.backlogged).toBe(0)
      expect(gone + refused).toBe(steps.filter(({ kind }) => kind === 'push').length)
    }),
    { numRuns: 500 },
  )
})

/** A request that only an idle node can serve in time must not keep back those that any node can. */
test('who cannot go holds up no more of its tenant than are looked at, and keeps its place', () => {
  const queue = createFairQueue<string>({ ...room, looksMax: 2 })
  for (const item of ['long', 'short', 'also short']) queued(queue, 'a', item, 10)
  const isShort = (item: string): boolean => item !== 'long'
  expect(queue.pop(0, isShort)?.item).toBe('short')
  queued(queue, 'a', 'very long', 10)
  expect(queue.pop(0, (item) => item === 'very long')).toBeUndefined()
  expect(queue.pop(0, isShort)?.item).toBe('also short')
  expect([queue.pop(0)?.item, queue.pop(0)?.item, queue.size]).toEqual(['long', 'very long', 0])
  expect(queue.counterOf('a')).toBe(40)
})

test('tenants that come once do not fill the memory', () => {
  const queue = createFairQueue<number>({ waitersMax: 4, perTenantMax: 2 })
  queued(queue, 'first', 0, 10)
  for (let i = 0; i < 20_000; i++) {
    queued(queue, `once-${i}`, i, 10)
    queue.pop(i)
  }
  const kept = Array.from({ length: 20_000 }, (_, i) => queue.counterOf(`once-${i}`)).filter((counter) => counter > 0)
  expect(kept.length).toBeLessThanOrEqual(1_024)
})
