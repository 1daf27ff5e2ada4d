/** Redis that restarts or is gone: money stays inside its leases, and no record is lost. */
import { sleep, type Seen } from './client.ts'
import { countedInRedis, readBooks } from './books.ts'
import type { Market } from './market.ts'
import { must, type Row, type Scenario } from './scenario.ts'
import { WORLD_CHANNEL } from '../testing/gateway-world.ts'
import { until } from './market.ts'

/** Asks steadily while `breakIt` runs; returns what everybody saw. */
async function underLoad(market: Market, breakIt: () => Promise<void>): Promise<Seen[]> {
  const seen: Seen[] = []
  let over = false
  const body = { model: market.model, messages: [{ role: 'user', content: 'Say a word.' }], max_tokens: 4 }
  const load = Promise.all(
    Array.from({ length: 3 }, async () => {
      while (!over) {
        seen.push(await market.ask(body))
        await sleep(60)
      }
    }),
  )
  // Answers before it and after it, however slow the machine is.
  try {
    await until(async () => seen.length >= 6)
    await breakIt()
    const atMend = seen.length
    await until(async () => seen.length >= atMend + 6)
  } finally {
    over = true
    await load
  }
  return seen
}

async function redisAway(market: Market, downMs: number): Promise<Row> {
  const seen = await underLoad(market, () => market.world.stack.crash('redis', downMs))
  const answered = seen.filter(({ status }) => status === 200)
  const refused = seen.filter(({ status }) => status === 503)
  must(answered.length > 0, 'requests are served, from the lease that is held too', seen)
  must(
    answered.length + refused.length === seen.length,
    'the rest is refused with 503, to be sent again',
    seen.filter(({ status }) => status !== 200 && status !== 503),
  )
  must(
    refused.every(({ retry, errorCode }) => retry === null && errorCode === 'capacity_unavailable'),
    'a refusal says that a retry makes sense',
    refused,
  )
  await market.books(answered)
  const spent = async () => (await countedInRedis(market.world.redis, WORLD_CHANNEL)).spent
  const signed = async () => (await readBooks(market.world.redis)).signedMicroUsd
  // The lane tells Redis of each signature within a second; an attempt that lost may be signed later than its request.
  await until(async () => (await spent()) === (await signed()), 20_000)
  const after = await market.ask({ model: market.model, messages: [{ role: 'user', content: 'b' }], max_tokens: 2 })
  must(after.status === 200, 'requests are served after Redis is back', after)
  const waited = refused.length > 0 ? `, ${refused.length} refused with 503 (lease used up)` : ', none refused'
  return {
    client: `${answered.length} answered${waited}`,
    billed: `every answer once; Redis counts exactly what was signed`,
    kept: `${answered.length} outcomes: those of the time without Redis came from the journal`,
  }
}

export const redisRestarted: Scenario = {
  name: 'redis-restarted',
  title: 'Redis killed and started again under load',
  run: (market) => redisAway(market, 0),
}

export const redisGone: Scenario = {
  name: 'redis-gone',
  title: 'Redis gone for 30 s under load',
  long: true,
  run: (market) => redisAway(market, 30_000),
}
