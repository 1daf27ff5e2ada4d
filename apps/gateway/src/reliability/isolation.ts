/**
 * What a tenant notices of another one that sends a hundred times its share: its time to the first token, measured in
 * rounds with and without, one after the other, so that the machine's own moods meet both.
 */
import { startGatewayWorld } from '../testing/gateway-world.ts'
import { ask, sleep } from './client.ts'
import { addTenant } from './market.ts'
import { must, type Row } from './scenario.ts'

const [ROUNDS, ROUND_MS] = [4, 10_000]
/** Each tenant's share: its limit. */
const SHARE_PER_SECOND = 8
const FLOOD = 100

export async function isolation(): Promise<Row> {
  const world = await startGatewayWorld(1, 1_000_000n)
  try {
    world.redis.on('error', () => undefined)
    const perMinute = SHARE_PER_SECOND * 60
    const settings = { limitMicroUsd: 1_000_000_000n, requestsPerMinuteMax: perMinute }
    const quiet = await addTenant(world, 'quiet', settings)
    const loud = await addTenant(world, 'loud', settings)
    await world.startGateway()
    world.startAgent(0, ['--engine', 'simulated', '--gpu', 'H200', '--capacity', '64'])
    await world.linked(1)
    const headers = { authorization: `Bearer ${quiet.key}` }
    const models = (await (await fetch(`${world.url}/v1/models`, { headers })).json()) as { data: { id: string }[] }
    const body = {
      model: models.data[0]?.id ?? '',
      stream: true,
      max_tokens: 8,
      messages: [{ role: 'user', content: 'How far is the moon? '.repeat(40) }],
    }
    let [sent, served] = [0, 0]

    /** Sends at a fixed rate whatever comes back, as a client that does not care would. */
    const atRate = async (key: string, perSecond: number, done: () => boolean, on: (ttftMs: number) => void) => {
      const under: Promise<void>[] = []
      const startedAt = performance.now()
      for (let i = 0; !done(); i++) {
        await sleep(Math.max(0, startedAt + (i * 1_000) / perSecond - performance.now()))
        under.push(ask({ url: world.url, key, body }).then(({ status, ttftMs }) => on(status === 200 ? ttftMs : -1)))
      }
      await Promise.all(under)
    }
    const round = async (flooded: boolean): Promise<number[]> => {
      const until = performance.now() + ROUND_MS
      const done = (): boolean => performance.now() > until
      const times: number[] = []
      await Promise.all([
        atRate(quiet.key, SHARE_PER_SECOND * 0.8, done, (ttftMs) => void times.push(ttftMs)),
        flooded &&
          atRate(loud.key, SHARE_PER_SECOND * FLOOD, done, (ttftMs) => {
            sent++
            if (ttftMs >= 0) served++
          }),
      ])
      must(!times.includes(-1), 'the quiet tenant is always served')
      return times
    }

    // The first ones teach the gateway what the node can do.
    await round(false)
    const [alone, beside]: [number[], number[]] = [[], []]
    for (let i = 0; i < ROUNDS; i++) {
      alone.push(...(await round(false)))
      beside.push(...(await round(true)))
    }
    const [without, with_] = [quantiles(alone), quantiles(beside)]
    const moved = with_.p99 / without.p99 - 1
    const seen = { without, with: with_, moved, sent, served, samples: alone.length }
    must(sent > 0.5 * FLOOD * SHARE_PER_SECOND * ((ROUNDS * ROUND_MS) / 1_000), 'the flood was sent', seen)
    must(moved < 0.1, 'the p99 of the first token moves by less than 10 %', seen)
    return {
      client: `first token p50/p99 ${without.p50.toFixed(1)}/${without.p99.toFixed(1)} ms alone, ${with_.p50.toFixed(1)}/${with_.p99.toFixed(1)} ms beside the flood: p99 ${(100 * moved).toFixed(1)} % (target < 10 %)`,
      billed: `each tenant its own; the loud one had ${served} of ${sent} answered, the rest 429`,
      kept: `${alone.length} and ${beside.length} requests of the quiet tenant, all served`,
    }
  } finally {
    await world.stop()
  }
}

function quantiles(times: readonly number[]): { p50: number; p99: number } {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}
