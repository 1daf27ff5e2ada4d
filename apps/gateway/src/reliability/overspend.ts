/**
 * Many gateways, one key, a limit, and `kill -9` in between: what all lanes signed together never exceeds the limit, and the
 * limit can be used up to less than one reservation. The limit is the channel's ceiling, or a budget of the key below it.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createStore } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import { redisKeys } from '@isochrone/protocol'
import { publishKeyBudgets } from '@isochrone/services'
import { startGatewayWorld, until, WORLD_CHANNEL, WORLD_KEY, type GatewayWorld } from '../testing/gateway-world.ts'
import { countedInRedis, readBooks, settledBooks } from './books.ts'
import { ask, sleep, type Seen } from './client.ts'
import { unlimited } from './market.ts'
import { microUsd, must, type Row } from './scenario.ts'

interface OverspendOptions {
  readonly gateways: number
  readonly kills: number
  readonly limitMicroUsd: bigint
  readonly limited: 'ceiling' | 'budget'
}

const KEY_ID = 'key_w'

/** Prompt and answer of each request; its worst case is reserved. */
const body = (model: string) => ({
  model,
  messages: [{ role: 'user', content: 'Say something of light and clocks.' }],
  max_tokens: 16,
  stream: true,
})
/** Bytes of the prompt and the template, one token each at 1 µUSD, and 16 tokens out at 3 µUSD: more than is reserved. */
const RESERVATION_MAX = 400n

export async function overspend({ gateways, kills, limitMicroUsd, limited }: OverspendOptions): Promise<Row> {
  const ofKey = limited === 'budget'
  const world = await startGatewayWorld(1, ofKey ? 10n * limitMicroUsd : limitMicroUsd)
  try {
    world.redis.on('error', () => undefined)
    if (ofKey) await giveBudget(world, limitMicroUsd)
    const sums = ofKey ? redisKeys.keyBudgetPeriod(KEY_ID, 'total') : redisKeys.budget(WORLD_CHANNEL)
    await unlimited(world, 'org_w')
    const indexes = Array.from({ length: gateways }, (_, index) => index)
    const urls = indexes.map((index) => world.urlOf(index))
    const processes: ChildProcess[] = []
    // Two at a time: each start costs a second of processor.
    for (let at = 0; at < gateways; at += 2) {
      const some = indexes.slice(at, at + 2)
      processes.push(...(await Promise.all(some.map((index) => world.startGateway(index)))))
    }
    world.startAgent(0, ['--engine', 'simulated', '--gpu', 'B200', '--capacity', '256'], urls)
    await Promise.all(indexes.map((index) => world.linked(1, index)))
    const headers = { authorization: `Bearer ${WORLD_KEY}` }
    const models = (await (await fetch(`${world.url}/v1/models`, { headers })).json()) as { data: { id: string }[] }
    const request = body(models.data[0]?.id ?? '')

    const seen: Seen[] = []
    let over = false
    const hammer = async (url: string): Promise<void> => {
      while (!over) {
        const answer = await ask({ url, key: WORLD_KEY, body: request })
        seen.push(answer)
        if (answer.status !== 200) await sleep(25)
      }
    }
    const load = Promise.all(urls.flatMap((url) => [hammer(url), hammer(url), hammer(url)]))
    const signed = async () => (await readBooks(world.redis)).signedMicroUsd
    const limitNow = async () => must((await signed()) <= limitMicroUsd, 'nobody overspends at any moment')
    // Kills while there is money: the first when a quarter is signed, then one after the other.
    for (let kill = 0; kill < kills; kill++) {
      const share = (limitMicroUsd * BigInt(kill + 1)) / BigInt(kills + 2)
      await until(async () => (await signed()) >= share, 120_000)
      const victim = processes[(kill * 3 + 1) % gateways]
      victim?.kill('SIGKILL')
      if (victim) await once(victim, 'exit')
      await limitNow()
      // The first stays dead until the end: its lease is held all that time.
      if (kill > 0) processes[(kill * 3 + 1) % gateways] = await world.startGateway((kill * 3 + 1) % gateways)
    }
    await until(async () => {
      // Of those that answer: a dead one refuses nobody.
      const last = seen.slice(-2_000).filter(({ status }) => status !== 0)
      return last.length > 50 && last.slice(-50).every(({ errorCode }) => errorCode === 'insufficient_quota')
    }, 180_000)
    over = true
    await load
    await limitNow()
    const beforeReturn = limitMicroUsd - (await signed())
    if (kills > 0) processes[1 % gateways] = await world.startGateway(1 % gateways)
    await Promise.all(indexes.map((index) => world.linked(1, index)))
    // Idle leases come back after 15 s; then one gateway alone can spend what is left.
    await until(async () => (await countedInRedis(world.redis, WORLD_CHANNEL, sums)).leased === 0n, 60_000)
    for (let refusals = 0; refusals < 5;) {
      const answer = await ask({ url: world.url, key: WORLD_KEY, body: request })
      seen.push(answer)
      refusals = answer.status === 429 ? refusals + 1 : 0
      if (answer.status !== 200) await sleep(300)
    }
    const answered = seen.filter(({ status }) => status === 200)
    const books = await settledBooks(
      world.redis,
      answered.map(({ requestId }) => requestId ?? ''),
    )
    const refused = seen.filter(({ status, errorCode }) => status === 429 && errorCode === 'insufficient_quota')
    must(refused.length > 0, `who is beyond the ${limited} is told so`)
    const left = limitMicroUsd - books.signedMicroUsd
    must(left >= 0n, 'overspend is zero', { signed: books.signedMicroUsd, limitMicroUsd })
    must(left < RESERVATION_MAX, `the ${limited} can be used up to less than one reservation`, {
      left,
      budget: await world.redis.hgetall(sums),
    })
    if (ofKey) must((await countedInRedis(world.redis, KEY_ID, sums)).spent === books.signedMicroUsd, 'Redis counts it')
    const cut = seen.filter(({ status, whole }) => status === 200 && !whole).length
    return {
      client: `${answered.length} answered (${cut} cut by the kills), ${refused.length} refused with insufficient_quota`,
      billed: `${microUsd(books.signedMicroUsd)} of a ${limited} of ${microUsd(limitMicroUsd)}: overspend 0, ${microUsd(left)} left, less than one reservation (${microUsd(beforeReturn)} before idle leases came back)`,
      kept: `${books.receipts} receipts over ${gateways} lanes, numbers without gaps, each answered request once`,
    }
  } finally {
    await world.stop()
  }
}

/** As the services give one; before the gateways start. */
async function giveBudget({ db, redis }: GatewayWorld, microUsd: bigint): Promise<void> {
  await db.apiKeyBudget.create({ data: { keyId: KEY_ID, period: 'total', microUsd } })
  await publishKeyBudgets({ ...createStore(db), redis, clock: systemClock })
}
