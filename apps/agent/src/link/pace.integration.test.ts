/** What a node says of how fast it is: gateways without streams there know it by this alone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { linkHeartbeat } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { serveOpenAi } from '../engines/serve-openai.ts'
import { ScriptedBackend } from '../engines/scripted-backend.ts'
import { chat, linkedAgent } from './linked-agent.ts'
import { TestGateway } from './test-gateway.ts'

const node = linkedAgent()

test('a gateway with no stream there hears that the engine has become slow, and an older one is told in vain', async () => {
  let tokenMs = 40
  const server = await serveOpenAi(new ScriptedBackend('paced', { pace: () => sleep(tokenMs) }))
  const [other, older] = [new TestGateway(), new TestGateway()]
  older.readHeartbeat = (json) => linkHeartbeat.omit({ pace: true }).parse(json)
  // All of each answer, and none of it is ever granted.
  node.gateway.streamCreditBytes = 2 ** 31
  try {
    for (const gateway of [other, older]) await gateway.start()
    const gatewayUrls = [node.gateway.url, other.url, older.url]
    const engine = { kind: 'openai', baseUrl: server.url, modelHash: `0x${'11'.repeat(32)}`, contextTokensMax: 100_000 }
    await node.restart({ gatewayUrls, engine })
    await node.linked()
    const said = () => other.heartbeats.at(-1)?.pace
    const streams = Array.from({ length: 6 }, () =>
      node.gateway.open({ tokensOutMax: 20_000, prompt: { tokens: 9 } }, chat(20_000)),
    )
    await expect.poll(said, { timeout: 60_000 }).toBeDefined()
    await expect.poll(said, { timeout: 60_000 }).toBeLessThan(1.25)
    tokenMs = 320
    await expect.poll(said, { timeout: 30_000 }).toBeGreaterThan(2)
    expect(other.heartbeats.at(-1)).toMatchObject({ ownStreams: 0, activeStreams: 6 })
    expect(older.heartbeats.at(-1)).not.toHaveProperty('pace')
    expect([older.rejects, older.connections]).toEqual([[], 1])
    tokenMs = 40
    await expect.poll(said, { timeout: 60_000 }).toBeLessThan(1.25)
    for (const stream of streams) stream.cancel()
  } finally {
    await node.agent.close(0)
    for (const gateway of [other, older]) await gateway.kill()
    await server.close()
  }
})
