/** What a node tells its gateways of the prompts that wait at it, and what it declines for them. */
import { PROMPT_NOTICE_TOKENS } from '@isochrone/domain'
import {
  encodeFrame,
  frameType,
  LOAD_ANSWER_MS_MIN,
  PING_ASKS_LOAD,
  linkHeartbeat,
  streamEnd,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { serveOpenAi } from '../engines/serve-openai.ts'
import { ScriptedBackend } from '../engines/scripted-backend.ts'
import { chat, linkedAgent } from './linked-agent.ts'
import { TestGateway } from './test-gateway.ts'

const node = linkedAgent()

test('a gateway that asks how the node is hears it at once, with its own streams, and not more often than agreed', async () => {
  const stream = node.gateway.open({}, chat(1_500))
  await expect.poll(() => stream.chunks.length).toBeGreaterThan(0)
  const before = node.gateway.heartbeats.length
  const ask = encodeFrame(frameType.ping, 0, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, PING_ASKS_LOAD]))
  const startedAt = performance.now()
  // The rhythm of these links is ten a second: what comes faster was asked for.
  await expect
    .poll(
      () => {
        for (let i = 0; i < 50; i++) node.gateway.raw(ask)
        return node.gateway.heartbeats.length - before - (performance.now() - startedAt) / 100
      },
      { timeout: 30_000, interval: 5 },
    )
    .toBeGreaterThan(3)
  const told = node.gateway.heartbeats.length - before
  const elapsedMs = performance.now() - startedAt
  expect(told).toBeLessThanOrEqual(2 + elapsedMs / LOAD_ANSWER_MS_MIN + elapsedMs / 100)
  expect(node.gateway.heartbeats.at(-1)).toMatchObject({ activeStreams: 1, ownStreams: 1 })
  stream.cancel()
  await stream.end
})

/** Two gateways, an engine that is slow to begin, and one that does not say what waits there: as most do not. */
async function startSlow(
  heartbeatIntervalMs = 100,
): Promise<{ other: TestGateway; begin: () => void; stop: () => Promise<void> }> {
  const held = Promise.withResolvers<void>()
  const server = await serveOpenAi(new ScriptedBackend('slow', { pace: () => held.promise }))
  const other = new TestGateway()
  other.heartbeatIntervalMs = heartbeatIntervalMs
  await other.start()
  const engine = { kind: 'openai', baseUrl: server.url, modelHash: `0x${'11'.repeat(32)}`, contextTokensMax: 100_000 }
  await node.restart({ gatewayUrls: [node.gateway.url, other.url], engine })
  await node.linked()
  await expect.poll(() => other.current !== undefined && node.gateway.current !== undefined).toBe(true)
  return {
    other,
    begin: held.resolve,
    async stop() {
      held.resolve()
      await node.agent.close(0)
      await other.kill()
      await server.close()
    },
  }
}

test('a long prompt is told to every gateway when it comes, and off again with its first token', async () => {
  const { other, begin, stop } = await startSlow()
  try {
    const since = other.heartbeats.length
    const tellsFirst = () => other.heartbeats.slice(since).find(({ activeStreams }) => activeStreams === 1)
    const stream = node.gateway.open({ prompt: { tokens: PROMPT_NOTICE_TOKENS } }, chat(5))
    await expect.poll(tellsFirst).toMatchObject({ prefillTokens: PROMPT_NOTICE_TOKENS, ownPrefillTokens: 0 })
    await expect
      .poll(() => node.gateway.heartbeats.at(-1))
      .toMatchObject({ ownPrefillTokens: PROMPT_NOTICE_TOKENS, ownStreams: 1 })
    begin()
    expect((await stream.end).status).toBe('completed')
    await expect.poll(() => other.heartbeats.at(-1)).toMatchObject({ activeStreams: 0, prefillTokens: 0 })
    await expect.poll(() => node.gateway.heartbeats.at(-1)).toMatchObject({ prefillTokens: 0, ownPrefillTokens: 0 })
  } finally {
    await stop()
  }
})

test('what more prompts wait before than may is declined with how the node is, and what may wait is taken', async () => {
  const { other, begin, stop } = await startSlow(60_000)
  try {
    const first = node.gateway.open({ prompt: { tokens: 700 } }, chat(5))
    await expect.poll(() => node.gateway.heartbeats.at(-1)?.prefillTokens).toBe(700)
    const heard = other.heartbeats.length
    const declined = await other.open({ prompt: { tokens: 10, aheadMax: 699 } }, chat(5)).end
    expect(declined).toMatchObject({ status: 'rejected', promptsAhead: 700, work: null })
    // Said in front of the END, and not by the next beat.
    expect(other.heartbeats.length).toBeGreaterThan(heard)
    expect(other.heartbeats.at(-1)).toMatchObject({ prefillTokens: 700, activeStreams: 1 })
    const taken = [
      other.open({ prompt: { tokens: 10, aheadMax: 710 } }, chat(5)),
      other.open({ prompt: { tokens: 10 } }, chat(5)),
      // A gateway of before says nothing of its prompts.
      other.open({}, chat(5)),
    ]
    begin()
    for (const { end } of [first, ...taken]) expect((await end).status).toBe('completed')
  } finally {
    await stop()
  }
})

/** A gateway of before says nothing of its prompts, and leaves out what it does not know of reports and ends. */
test('beside a gateway of now an older one is served as ever, and closes nothing that it cannot read', async () => {
  const { other, begin, stop } = await startSlow()
  try {
    const seen: unknown[] = []
    other.readHeartbeat = (json) => {
      seen.push(json)
      return linkHeartbeat.omit({ ownPrefillTokens: true, pace: true }).parse(json)
    }
    other.readEnd = (json) => streamEnd.omit({ promptsAhead: true }).parse(json)
    const long = node.gateway.open({ prompt: { tokens: PROMPT_NOTICE_TOKENS } }, chat(5))
    await expect.poll(() => other.heartbeats.at(-1)?.prefillTokens).toBe(PROMPT_NOTICE_TOKENS)
    expect(seen.at(-1)).toHaveProperty('ownPrefillTokens', 0)
    // It gives no bound, so nothing of it is declined, however much waits.
    const taken = [other.open({}, chat(5)), other.open({}, { ...chat(5), stream: false })]
    await expect.poll(() => other.heartbeats.at(-1)?.ownStreams).toBe(2)
    // What it has sent nobody knows the length of: it counts for nothing.
    const bounded = await node.gateway.open({ prompt: { tokens: 10, aheadMax: 10 } }, chat(5)).end
    expect(bounded).toMatchObject({ status: 'rejected', promptsAhead: PROMPT_NOTICE_TOKENS })
    begin()
    for (const { end } of [long, ...taken]) expect((await end).status).toBe('completed')
    expect(other.checkedWork((await taken[0]?.end)?.work ?? null).tokensOut).toBe(5)
    expect([other.connections, other.rejects]).toEqual([1, []])
  } finally {
    await stop()
  }
})

/** Else one gateway's OPEN would close the node's links to all others, or leave a remainder that waits for good. */
test('a prompt counts as no more than the model can read, whatever its gateway says', async () => {
  const { other, begin, stop } = await startSlow()
  try {
    const prompts = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 3]
    const streams = prompts.map((tokens) => node.gateway.open({ prompt: { tokens } }, chat(5)))
    await expect.poll(() => other.heartbeats.at(-1)?.prefillTokens).toBe(200_003)
    expect(node.gateway.heartbeats.at(-1)).toMatchObject({ ownPrefillTokens: 200_003 })
    begin()
    for (const { end } of streams) expect((await end).status).toBe('completed')
    await expect.poll(() => other.heartbeats.at(-1)?.prefillTokens).toBe(0)
  } finally {
    await stop()
  }
})

/** Who hears of the first alone places the next one behind all the others. */
test('of long prompts that come at once a gateway hears the whole, and not in as many messages', async () => {
  const { other, begin, stop } = await startSlow(60_000)
  try {
    const before = other.heartbeats.length
    const startedAt = performance.now()
    const streams = Array.from({ length: 16 }, () =>
      node.gateway.open({ prompt: { tokens: PROMPT_NOTICE_TOKENS } }, chat(5)),
    )
    await expect.poll(() => other.heartbeats.at(-1)?.prefillTokens, { timeout: 3_000 }).toBe(8 * PROMPT_NOTICE_TOKENS)
    const elapsedMs = performance.now() - startedAt
    expect(other.heartbeats.length - before).toBeLessThanOrEqual(2 + elapsedMs / LOAD_ANSWER_MS_MIN)
    for (const { end } of streams.slice(8)) expect((await end).status).toBe('rejected')
    begin()
    for (const { end } of streams.slice(0, 8)) expect((await end).status).toBe('completed')
  } finally {
    await stop()
  }
})

test('a gateway whose attempts are all declined hears how the node is, and not once for each', async () => {
  const { other, begin, stop } = await startSlow(60_000)
  try {
    const first = node.gateway.open({ prompt: { tokens: 700 } }, chat(5))
    await expect.poll(() => node.gateway.heartbeats.at(-1)?.prefillTokens).toBe(700)
    const before = other.heartbeats.length
    const startedAt = performance.now()
    const ends = Array.from({ length: 100 }, () => other.open({ prompt: { tokens: 1, aheadMax: 0 } }, chat(5)).end)
    for (const end of ends) expect(await end).toMatchObject({ status: 'rejected', promptsAhead: 700 })
    const elapsedMs = performance.now() - startedAt
    expect(other.heartbeats.at(-1)).toMatchObject({ prefillTokens: 700 })
    expect(other.heartbeats.length - before).toBeLessThanOrEqual(2 + elapsedMs / LOAD_ANSWER_MS_MIN)
    begin()
    expect((await first.end).status).toBe('completed')
  } finally {
    await stop()
  }
})

test('a bound that is none breaks the protocol and closes that link', async () => {
  const stream = node.gateway.open({ prompt: { tokens: 1, aheadMax: -1 } }, chat(5))
  await expect.poll(() => node.gateway.rejects).toMatchObject([{ code: 'protocol_violation' }])
  expect(stream.chunks).toEqual([])
})
