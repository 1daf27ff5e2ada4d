/** What is kept of queued work on real processes: gone when its owner deletes it, and refused by name where it cannot be kept. */
import { setTimeout as sleep } from 'node:timers/promises'
import { redisKeys } from '@isochrone/protocol'
import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startScriptedUpstream, UPSTREAM_MODEL, type ScriptedUpstream } from '../conformance/scripted-upstream.ts'
import { startGatewayWorld, until, WORLD_KEY, type GatewayWorld } from '../testing/gateway-world.ts'
import { jobIdOfResponse } from '../responses/background-response.ts'

let world: GatewayWorld
let upstream: ScriptedUpstream
let openai: OpenAI
vi.setConfig({ testTimeout: 240_000 })

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  world = await startGatewayWorld(1, 100_000_000n)
  await world.startGateway()
  world.startAgent(0, ['--engine', 'openai', '--engine-url', upstream.url])
  world.startPlacing([world.url])
  await world.linked(1)
  openai = new OpenAI({ apiKey: WORLD_KEY, baseURL: `${world.url}/v1`, maxRetries: 0 })
}, 240_000)
afterAll(async () => {
  await world?.stop()
  await upstream?.close()
})

/** Its gateway looks twice a second for what was cancelled, and its node says a word four times a second. */
test.each([0, 130, 260, 390])(
  'nothing is left of a response that is deleted while it runs: after %i ms',
  async (ms) => {
    const { id } = await openai.responses.create({ model: UPSTREAM_MODEL, input: 'TALK', background: true })
    const progress = redisKeys.jobProgress(jobIdOfResponse(id))
    const said: string[] = []
    const following = (async () => {
      for await (const event of await openai.responses.retrieve(id, { stream: true })) said.push(event.type)
    })().catch((error: unknown) => error)
    await until(async () => (await world.redis.exists(progress)) === 1)
    await sleep(ms)
    await openai.responses.delete(id)
    // Whoever follows it is told so: a stream that stopped would look whole.
    expect(await following).toMatchObject({ code: 'not_found' })
    expect(said).not.toContain('response.completed')
    // Longer than its gateway takes to hear of it, and than its node takes to say all of it.
    await sleep(2_500)
    expect(await world.redis.exists(progress)).toBe(0)
    await expect(openai.responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError)
  },
)

test('what a batch or a list of files is asked with is refused by name where it cannot be stored', async () => {
  const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: { model: UPSTREAM_MODEL } }
  const file = await toFile(Buffer.from(JSON.stringify(line)), 'in\u0000.jsonl')
  const { id } = await openai.files.create({ file, purpose: 'batch' })
  const params = { input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const
  const unstorable: Record<string, string>[] = [{ a: 'b\u0000' }, { 'a\u0000': 'b' }, { a: '\ud800' }]
  for (const metadata of unstorable) {
    const refused = await openai.batches.create({ ...params, metadata }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ status: 400, param: expect.stringContaining('metadata') })
  }
  for (const query of ['purpose=%00', 'purpose=batch&purpose=batch', 'after=%00', 'after=a&after=b']) {
    const headers = { authorization: `Bearer ${WORLD_KEY}` }
    const { status } = await fetch(`${world.url}/v1/files?${query}`, { headers })
    expect(status, query).toBe(query.startsWith('purpose') ? 400 : 404)
  }
})
