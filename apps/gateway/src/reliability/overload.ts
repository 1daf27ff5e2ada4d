/**
 * More at once than one gateway process can do: thousands of streams that begin in the same instant. It refuses what would begin
 * while its event loop stays late, the customers come back when it said, and all of them are served. No link is taken for dead,
 * nothing is billed twice or not at all, and it is in time again seconds after.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startGatewayWorld, until, WORLD_KEY, WORLD_TOKEN } from '../testing/gateway-world.ts'
import { settledBooks } from './books.ts'
import { ask, many, sleep, type Seen } from './client.ts'
import { unlimited } from './market.ts'
import { must, type Row } from './scenario.ts'

/** Streams of one instant; more where that was not too much. */
const STORMS = [2_000, 3_000, 4_000]
const TOKENS = 8
/** What one customer goes through until it is served. */
const ATTEMPTS_MAX = 60
const RECOVERED_MS_MAX = 5_000
/** What the node takes at once: it must not be the one that has too much to do. */
const CAPACITY = 512
/** Answers by which placement learns that. */
const LEARNING = 600
/** In time: so that a storm is too much on a fast machine too. */
const LATE_MS_MAX = 50

interface Storm {
  served: Seen[]
  /** By this gateway's own want of time. */
  shed: number
  /** For want of a place at the node. */
  full: number
  other: Seen[]
  ms: number
}

export async function overload(): Promise<Row> {
  const world = await startGatewayWorld(1, 1_000_000_000n)
  try {
    world.redis.on('error', () => undefined)
    await unlimited(world, 'org_w')
    await world.startGateway(0, { GATEWAY_LATE_MS_MAX: String(LATE_MS_MAX) })
    world.startAgent(0, ['--engine', 'simulated', '--gpu', 'H200', '--capacity', String(CAPACITY)])
    await world.linked(1)
    const listed = await fetch(`${world.url}/v1/models`, { headers: { authorization: `Bearer ${WORLD_KEY}` } })
    const model = ((await listed.json()) as { data: { id: string }[] }).data[0]?.id ?? ''
    const askFor = (tokens: number): Promise<Seen> =>
      ask({
        url: world.url,
        key: WORLD_KEY,
        body: { model, stream: tokens > 1, max_tokens: tokens, messages: [{ role: 'user', content: 'a' }] },
      })
    const answered: Seen[] = []
    await many(LEARNING, 16, async () => void answered.push(await askFor(1)))
    const metric = async (name: string): Promise<number> => {
      const response = await fetch(`${world.url}/metrics`, { headers: { authorization: `Bearer ${WORLD_TOKEN}` } })
      const line = (await response.text()).split('\n').find((each) => each.startsWith(`isochrone_gateway_${name} `))
      return Number(line?.split(' ')[1] ?? 0)
    }

    let storm: Storm | undefined
    for (const size of STORMS) {
      storm = await stormOf(size, () => askFor(TOKENS))
      answered.push(...storm.served)
      must(storm.other.length === 0, 'nobody sees anything else than an answer or a refusal to be retried', storm.other)
      must(storm.served.length === size, 'every customer is served in the end', [storm.served.length, size])
      if (storm.shed > 0) break
    }
    must(storm !== undefined && storm.shed > 0, 'the gateway had more to do than it could', storm?.ms)
    const overAtMs = performance.now()
    await until(async () => (await metric('loop_late_seconds')) < 0.1, RECOVERED_MS_MAX)
    const after = await askFor(2)
    answered.push(after)
    const recoveredMs = performance.now() - overAtMs
    must(after.status === 200 && recoveredMs < RECOVERED_MS_MAX, 'it serves again within seconds', recoveredMs)
    const log = readFileSync(join(world.stack.dir, 'gateway.log'), 'utf8')
    must(!log.includes('"node unlinked"'), 'no link is taken for dead')
    must((await metric('shed_total')) === storm.shed, 'each refusal is counted', storm.shed)
    const ids = answered.flatMap(({ status, requestId }) => (status === 200 && requestId !== null ? [requestId] : []))
    const books = await settledBooks(world.redis, ids)
    const outcomes = ids.map((id) => books.of(id)[0])
    must(
      outcomes.every((outcome) => outcome?.billed === 1 && outcome.status === 'succeeded'),
      'each answer is billed once',
      outcomes.filter((outcome) => outcome?.billed !== 1).slice(0, 3),
    )
    const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
    const full = storm.full > 0 ? `, ${storm.full} for want of a place` : ''
    return {
      client: `${storm.served.length} of ${storm.served.length} served in ${seconds(storm.ms)} s, after ${storm.shed} refusals for lateness${full} (503, retry-after); the next one ${seconds(recoveredMs)} s later`,
      billed: `${ids.length} answers, one receipt each; refusals cost nothing`,
      kept: `no link was taken for dead; ${ids.length} outcomes`,
    }
  } finally {
    await world.stop()
  }
}

/** All in the same instant; who is refused comes again when told to, as the official client does. */
async function stormOf(size: number, askOnce: () => Promise<Seen>): Promise<Storm> {
  const storm: Storm = { served: [], shed: 0, full: 0, other: [], ms: 0 }
  const startedAt = performance.now()
  const customer = async (): Promise<void> => {
    for (let i = 0; i < ATTEMPTS_MAX; i++) {
      const seen = await askOnce()
      if (seen.status === 200 && seen.whole && seen.errorCode === null) return void storm.served.push(seen)
      if (seen.status !== 503 || seen.retryAfterS === null) return void storm.other.push(seen)
      if (seen.errorMessage?.startsWith('This gateway has more to do') === true) storm.shed++
      else storm.full++
      await sleep(seen.retryAfterS * 1_000)
    }
  }
  await Promise.all(Array.from({ length: size }, customer))
  storm.ms = performance.now() - startedAt
  return storm
}
