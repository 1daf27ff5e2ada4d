/** Redis that restarts or is gone, alone or with Postgres: money stays inside its leases, and no record is lost. */
import { sleep, type Seen } from './client.ts'
import { countedInRedis, readBooks } from './books.ts'
import type { Market } from './market.ts'
import { must, type Row, type Scenario } from './scenario.ts'
import { WORLD_CHANNEL } from '../testing/gateway-world.ts'
import { until } from './market.ts'
import { SCRIPTED_MODEL } from './scripted-node.ts'

/** What those saw whom the break itself asks for. */
type Break = () => Promise<void | Seen[]>

/** Asks steadily while `breakIt` runs; returns what everybody saw. */
async function underLoad(market: Market, breakIt: Break): Promise<Seen[]> {
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
    seen.push(...((await breakIt()) ?? []))
    const atMend = seen.length
    await until(async () => seen.length >= atMend + 6)
  } finally {
    over = true
    await load
  }
  return seen
}

/** The row, and how many were refused. */
async function redisAway(market: Market, breakIt: Break): Promise<{ row: Row; refused: number }> {
  const seen = await underLoad(market, breakIt)
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
  const row = {
    client: `${answered.length} answered${waited}`,
    billed: `every answer once; Redis counts exactly what was signed`,
    kept: `${answered.length} outcomes: those of the time without Redis came from the journal`,
  }
  return { row, refused: refused.length }
}

export const redisRestarted: Scenario = {
  name: 'redis-restarted',
  title: 'Redis killed and started again under load',
  run: async (market) => (await redisAway(market, () => market.world.stack.crash('redis'))).row,
}

/** Redis may hold a write back for 2 s while its disk is busy: nobody is refused for that. */
const STILL_MS = 1_500
/** Reserves more than the lease that the small requests took, so it needs another one; it ends after a word. */
const dear = { max_tokens: 4_000, stop: [' ', '.'] }

export const redisStalled: Scenario = {
  name: 'redis-stalled',
  title: 'Redis stands still (SIGSTOP) for 1.5 s under load',
  async run(market) {
    const { row, refused } = await redisAway(market, async () => {
      const still = market.world.stack.stallRedis(STILL_MS)
      const body = { model: market.model, messages: [{ role: 'user', content: 'Say a word.' }], ...dear }
      const seen = await Promise.all(Array.from({ length: 3 }, () => market.ask(body)))
      await still
      return seen
    })
    must(refused === 0, 'whoever needs a lease waits for it', refused)
    return { ...row, client: `${row.client}; those that needed a lease waited for it` }
  },
}

export const redisGone: Scenario = {
  name: 'redis-gone',
  title: 'Redis gone for 30 s under load',
  long: true,
  run: async (market) => (await redisAway(market, () => market.world.stack.crash('redis', 30_000))).row,
}

const WORDS = Array.from({ length: 200 }, (_, at) => `w${at} `)

/** Whoever hears of nothing hears of no revoked key either. */
export const storesGone: Scenario = {
  name: 'stores-gone',
  title: 'Redis and Postgres gone for 80 s, with a stream under way',
  long: true,
  async run(market) {
    const { stack, url } = market.world
    const health = async (): Promise<number> => (await fetch(`${url}/healthz`)).status
    await market.scripted(0, async (call) => {
      for (const [at, word] of WORDS.entries()) {
        call.say(word, at + 1)
        await sleep(500)
      }
      call.end()
    })
    const body = { model: SCRIPTED_MODEL, messages: [{ role: 'user', content: 'a' }], max_tokens: 1_000, stream: true }
    const begun = Promise.withResolvers<void>()
    const underWay = market.ask(body, () => begun.resolve())
    await Promise.race([begun.promise, underWay])
    const startedMs = performance.now()
    const sinceS = () => Math.round((performance.now() - startedMs) / 1_000)
    const mended = Promise.all([stack.crash('redis', 80_000), stack.crash('postgres', 80_000)])
    while (sinceS() < 45) {
      must((await health()) === 200, 'within the first minute it is ready', sinceS())
      await sleep(1_000)
    }
    await until(async () => (await health()) === 503, 25_000)
    const unreadyS = sinceS()
    const refused = await market.ask({ ...body, stream: false })
    must(refused.status === 503 && refused.retry === null, 'then it takes nothing new, and says to come again', refused)
    await mended
    await until(async () => (await health()) === 200, 30_000)
    const seen = await underWay
    must(seen.whole && seen.text === WORDS.join(''), 'what was under way ends whole', {
      ...seen,
      text: seen.text.length,
    })
    const after = await market.ask({ model: market.model, messages: [{ role: 'user', content: 'b' }], max_tokens: 2 })
    must(after.status === 200, 'requests are served after they are back', after)
    const outcome = (await market.books([seen, after])).of(seen.requestId ?? '')[0]
    must(outcome?.tokensOut === WORDS.length, 'each token is billed once', outcome)
    await market.tidy()
    return {
      client: `the stream ended whole, ${WORDS.length} tokens over ${Math.round(WORDS.length / 2)} s; new requests 503 after ${unreadyS} s, until the stores were back`,
      billed: 'the stream once, each token once',
      kept: 'its outcome came from the journal; not ready while no revoked key could be heard of',
    }
  },
}
