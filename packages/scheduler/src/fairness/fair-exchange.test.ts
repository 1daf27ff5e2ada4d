import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFairExchange, type FairNews } from './fair-exchange.ts'
import { createFairQueue, fairCostOf } from './fair-queue.ts'

const gateway = (self: string) => {
  const queue = createFairQueue<string>({ waitersMax: 10_000, perTenantMax: 10_000 })
  return { queue, exchange: createFairExchange({ queue, self }) }
}
const cost = fairCostOf(100, 100)

function tellAll(gateways: ReturnType<typeof gateway>[], nowMs: number): void {
  const news = gateways.map(({ exchange }) => exchange.tell(nowMs))
  for (const { exchange } of gateways) for (const each of news) exchange.hear(each, nowMs)
}

/** Fairness: where a tenant's requests come in makes no difference to what it is served. */
test('tenants that stay backlogged at different gateways are served alike, however many share a gateway', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), fc.nat(2 ** 31), (count, seed) => {
      const gateways = Array.from({ length: count }, (_, n) => gateway(`g${n}`))
      const served = new Map<string, number>()
      // The n-th gateway has n + 1 tenants; alone, each would get a share of its gateway.
      gateways.forEach(({ queue }, n) => {
        for (let t = 0; t <= n; t++) for (let i = 0; i < 400; i++) queue.push(`t${n}.${t}`, 'x', cost, Infinity)
      })
      let state = seed
      for (let step = 0; step < 600; step++) {
        if (step % 10 === 0) tellAll(gateways, 1_000 + step * 10)
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
        // A place comes free, and whoever sees it first may take it.
        for (let k = 0; k < count; k++) {
          const waiter = gateways[(state + k) % count]?.queue.pop(1_000 + step * 10)
          if (!waiter) continue
          served.set(waiter.tenant, (served.get(waiter.tenant) ?? 0) + waiter.cost)
          break
        }
      }
      const shares = [...served.values()]
      expect(served.size).toBe((count * (count + 1)) / 2)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1_024 + 14 * cost)
    }),
    { numRuns: 30 },
  )
})

/** A tenant gains nothing by spreading its requests: one account, whatever the gateway. */
test('a tenant at two gateways has one account', () => {
  const [one, other] = [gateway('a'), gateway('b')]
  one.queue.push('wide', 'x', 1_000, Infinity)
  other.queue.push('wide', 'x', 1_000, Infinity)
  one.queue.pop(0)
  other.queue.pop(0)
  tellAll([one, other], 1)
  expect([one.queue.counterOf('wide'), other.queue.counterOf('wide')]).toEqual([2_000, 2_000])
  // The correction of an estimate travels as well.
  one.queue.charge('wide', 100, 0, 1_000)
  tellAll([one, other], 2)
  expect([one.queue.counterOf('wide'), other.queue.counterOf('wide')]).toEqual([1_100, 1_100])
})

test('news that come twice or late, are our own or broken count for nothing', () => {
  const { queue, exchange } = gateway('a')
  const news: FairNews = {
    from: 'b',
    sequence: 5,
    level: 10,
    floor: 10,
    served: [{ tenant: 't', virtualTokens: 50, counter: 50 }],
  }
  expect(exchange.hear(news, 0)).toBe(true)
  expect(exchange.hear(news, 0)).toBe(false)
  expect(exchange.hear({ ...news, sequence: 4 }, 0)).toBe(false)
  expect(exchange.hear({ ...news, from: 'a', sequence: 9 }, 0)).toBe(false)
  for (const level of [Number.NaN, -1, Infinity]) expect(exchange.hear({ ...news, sequence: 9, level }, 0)).toBe(false)
  const broken = [{ tenant: 't', virtualTokens: Infinity, counter: 0 }]
  expect(exchange.hear({ ...news, sequence: 9, served: broken }, 0)).toBe(false)
  expect(queue.counterOf('t')).toBe(50)
})

/** Liveness: fairness to others never keeps a place empty for long, and a dead gateway holds up nobody. */
test('a gateway that is ahead waits a bounded time, and not for one that fell silent', () => {
  const { queue, exchange } = gateway('a')
  queue.push('t', 'first', 100_000, Infinity)
  queue.push('t', 'second', 100, Infinity)
  queue.push('t', 'third', 100, Infinity)
  expect(queue.pop(0)?.item).toBe('first')
  exchange.hear({ from: 'b', sequence: 1, level: 0, floor: 0, served: [] }, 0)
  expect(queue.pop(10)).toBeUndefined()
  expect(queue.pop(1_009)).toBeUndefined()
  expect(queue.pop(1_010)?.item).toBe('second')
  expect(queue.pop(1_011)).toBeUndefined()
  exchange.tell(3_500)
  expect(queue.pop(3_501)?.item).toBe('third')
})

/** A request with half a second to its first token has none to give to somebody elsewhere, who may not want the place. */
test('a place is left to others for a tenth of what its own waiter may still wait', () => {
  const { queue, exchange } = gateway('a')
  queue.push('t', 'first', 100_000, Infinity)
  queue.push('t', 'second', 100, 500)
  expect(queue.pop(0)?.item).toBe('first')
  exchange.hear({ from: 'b', sequence: 1, level: 0, floor: 0, served: [] }, 0)
  expect(queue.pop(10)).toBeUndefined()
  expect(queue.pop(50)).toBeUndefined()
  expect(queue.pop(60)?.item).toBe('second')
})
