/**
 * Residency, looked for: two regions, a prompt with a canary through the one inside, and a search of every store, log and
 * process. Postgres and Redis stand outside here, which is the harder case.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { startGatewayWorld } from '../testing/gateway-world.ts'
import { settledBooks } from './books.ts'
import { ask } from './client.ts'
import { addTenant } from './market.ts'
import { must, type Row } from './scenario.ts'
import { processesOf, searchFiles, searchMemory } from './search-canary.ts'

/** Lower-case letters alone, so that no store has a reason to escape them. */
const canaryOf = (): string =>
  `canary${randomBytes(24)
    .toString('hex')
    .replaceAll(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))}`

export async function residency(): Promise<Row> {
  const world = await startGatewayWorld(2, 1_000_000n)
  try {
    world.redis.on('error', () => undefined)
    const tenant = await addTenant(world, 'de', { routing: { regions: ['DE'] }, limitMicroUsd: 10_000_000n })
    await world.db.node.update({ where: { id: 'node_1' }, data: { country: 'US' } })
    const store = { STORE_COUNTRY: 'US', LOG_LEVEL: 'trace' }
    const inside = world.urlOf(0)
    const outside = world.urlOf(1)
    await world.startGateway(0, { ...store, GATEWAY_REGION: 'de', GATEWAY_COUNTRY: 'DE' })
    const outsideGateway = await world.startGateway(1, { ...store, GATEWAY_REGION: 'us', GATEWAY_COUNTRY: 'US' })
    const engine = ['--engine', 'llama', '--context', '2048', '--models-dir', `${world.stack.dir}/models`]
    world.startAgent(0, engine, [inside, outside])
    const outsideAgent = world.startAgent(1, engine, [inside, outside])
    await Promise.all([world.linked(2, 0), world.linked(2, 1)])
    const headers = { authorization: `Bearer ${tenant.key}` }
    const models = (await (await fetch(`${inside}/v1/models`, { headers })).json()) as { data: { id: string }[] }
    const model = models.data[0]?.id ?? ''

    const canary = canaryOf()
    // Long enough for prefix blocks, of which placement keeps hashes.
    const messages = [{ role: 'user', content: `${canary} ${'and some more words '.repeat(30)}` }]
    const seen = []
    for (const stream of [true, false, true]) {
      seen.push(await ask({ url: inside, key: tenant.key, body: { model, messages, max_tokens: 40, stream } }))
    }
    must(
      seen.every(({ status, whole, node }) => status === 200 && whole && node === 'node_0'),
      'the gateway inside answers, by the node inside',
      seen,
    )
    // Over the context: engine and gateway refuse it in words of their own.
    const tooLong = [{ role: 'user', content: `${canary} `.repeat(600) }]
    const refused = await ask({ url: inside, key: tenant.key, body: { model, messages: tooLong, max_tokens: 4 } })
    must(refused.status === 400 || refused.status === 503, 'a prompt beyond the context is refused', refused)
    const queued = await fetch(`${inside}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'x-isochrone-queue': '1' },
      body: JSON.stringify({ model, messages, max_tokens: 4 }),
    })
    must(queued.status === 403, 'queued work is refused where its store is outside', queued.status)
    const keyed = await fetch(`${inside}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': canary },
      body: JSON.stringify({ model, messages, max_tokens: 4 }),
    })
    must(keyed.status === 403, 'an idempotency key is refused where its store is outside', keyed.status)
    const away = await ask({ url: outside, key: tenant.key, body: { model, messages: [], max_tokens: 4 } })
    must(away.status === 421 && away.errorCode === 'wrong_gateway' && away.retry === 'false', '421', away)
    const pointed = await fetch(`${outside}/v1/models`, { headers })
    must(pointed.headers.get('x-isochrone-gateway') === inside, 'the one outside names the right URL')

    await settledBooks(
      world.redis,
      seen.map(({ requestId }) => requestId ?? ''),
    )
    const { found, bytes } = searchFiles(world.stack.dir, canary)
    must(found.length === 0, 'no file holds the prompt', found)
    const text = seen[0]?.text ?? ''
    must(text.length >= 30, 'there is an answer to look for', text)
    must(searchFiles(world.stack.dir, text).found.length === 0, 'no file holds the answer')
    const journalled = (await world.redis.xrange('isochrone:receipts', '-', '+')).map(([, fields]) => fields[1] ?? '')
    const blocks = journalled.flatMap((text) => [...text.matchAll(/"prefixHashes":\[(\d[\d,]*)\]/g)])
    must(blocks.length >= seen.length, 'each placement says that the beginning had blocks', blocks.length)
    const hashes = blocks.filter(([, numbers]) => numbers?.split(',').some((hash) => hash !== '0'))
    must(hashes.length === 0, 'no hash of the prompt leaves with the placement', hashes.length)
    const pids = [
      ...[outsideGateway, outsideAgent].map(({ pid }) => pid ?? 0),
      ...processesOf(join(world.stack.dir, 'postgres')),
      ...processesOf(join(world.stack.dir, 'redis')),
    ]
    must(pids.length > 4, 'the processes outside are known', pids)
    must(searchMemory(process.pid, canary).found, 'the search finds what is there')
    let searched = 0
    for (const pid of new Set(pids)) {
      // A worker of Postgres may have ended; gateway and agent are there, or their own checks fail.
      const memory = searchMemory(pid, canary)
      searched += memory.bytes
      must(!memory.found, 'no process outside ever held the prompt', pid)
    }
    must(
      [outsideGateway, outsideAgent].every(({ exitCode, signalCode }) => exitCode === null && signalCode === null),
      'gateway and agent outside ran all the time',
    )
    return {
      client:
        'answered inside; outside 421 with the right URL, by its headers alone; queued work and idempotency keys 403, their store is outside',
      billed: `${seen.length} answers, once each`,
      kept: `the prompt is in none of ${Math.round(bytes / 2 ** 20)} MiB of files (Postgres, Redis, journals, logs at trace level) and not in ${Math.round(searched / 2 ** 20)} MiB of memory of ${new Set(pids).size} processes outside`,
    }
  } finally {
    await world.stop()
  }
}
