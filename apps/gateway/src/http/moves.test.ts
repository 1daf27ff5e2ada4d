/** A stream that leaves a node which has become too slow, as the customer, the nodes and the bill see it. */
import { afterEach, expect, test } from 'vitest'
import { fault, type Hex, type NodeState } from '@isochrone/protocol'
import { parsePlacementRecord, replayDecision } from '@isochrone/scheduler'
import { LOOK_MS } from '../fleet/stream-looks.ts'
import { startFakeGateway, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type NodeScript } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const features = ['chat', 'continuation']
const tokens = Array.from({ length: 60 }, (_, index) => ` ${index}`)
const ask = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hi' }], max_tokens: 200 }

/** Whoever is asked first takes 100 ms a token, twice what the policy wants; the other is quick. */
async function start(options: Partial<FakeGatewayOptions> = {}, budget = 30) {
  const nodes = [1, 2].map((n) => fakeNode(idOf(n), { features }))
  let asked = 0
  for (const node of nodes) {
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      const slow: NodeScript = asked++ === 0 ? { tokenMs: 100 } : {}
      node.script = { features, tokens, ...slow }
      return openStream(header, body)
    }
  }
  const gateway = await startFakeGateway({ nodes, ...options })
  for (let request = 0; request < 20 * budget; request++) gateway.fleet.moves.earn()
  const looker = setInterval(() => setImmediate(() => gateway.fleet.look()), LOOK_MS)
  open.push({
    close: async () => {
      clearInterval(looker)
      await gateway.close()
    },
  })
  return { ...gateway, nodes }
}

async function streamed({ openai }: Awaited<ReturnType<typeof start>>, body: object = {}, signal?: AbortSignal) {
  const stream = await openai.chat.completions.create({ ...ask, ...body, stream: true }, { signal })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  return text
}

type Billed = { price: string; billedOut: number; fault: number }

test('a stream whose node is too slow goes on at a faster one: whole, each token and the prompt billed once', async () => {
  const gateway = await start()
  expect(await streamed(gateway)).toBe(tokens.join(''))
  const [entry] = gateway.entries
  expect(entry?.request.attempts.map(({ outcome }) => outcome)).toEqual(['moved', 'completed'])
  const deliveries = (entry?.receipts ?? []).map(({ delivery }) => delivery as Billed)
  expect(deliveries.map((delivery) => delivery.fault)).toEqual([fault.gateway, fault.none])
  const [left, arrived] = deliveries.map(({ billedOut }) => billedOut)
  expect(left).toBeGreaterThan(1)
  expect((left ?? 0) + (arrived ?? 0)).toBe(tokens.length)
  // 10 prompt tokens at 1 µUSD and 60 of output at 3, whoever made them.
  expect(entry?.request).toMatchObject({ status: 'succeeded', tokensIn: 10, tokensOut: 60, priceMicroUsd: '190' })
  expect(gateway.nodes.map(({ cancelled }) => cancelled).toSorted((a, b) => a - b)).toEqual([0, 1])
  expect(gateway.nodes.flatMap(({ opened }) => opened)).toHaveLength(2)
})

test('a whole answer moves as well', async () => {
  const gateway = await start()
  const answer = await gateway.openai.chat.completions.create(ask)
  expect(answer.choices[0]?.message.content).toBe(tokens.join(''))
  expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 60 })
  expect(gateway.entries[0]?.request.attempts.map(({ outcome }) => outcome)).toEqual(['moved', 'completed'])
})

test('the decision that moved it is on record after the one that began it, with the node that each sent it to', async () => {
  const gateway = await start()
  await gateway.openai.chat.completions.create(ask)
  const { attempts, placement } = gateway.entries[0]!.request
  const { earlier = [] } = placement as { earlier?: unknown[] }
  const records = [...earlier, placement].map((record) => parsePlacementRecord(record))
  expect(records.map(({ sent }) => sent)).toEqual([
    [{ attempt: 0, nodeId: attempts[0]?.nodeId, as: 'first' }],
    [{ attempt: 1, nodeId: attempts[1]?.nodeId, as: 'move' }],
  ])
  for (const record of records) expect(replayDecision(record).differences).toEqual([])
})

test('nothing moves without budget, without leave, inside a failure domain, or off a node that keeps its time', async () => {
  const sameRack: Partial<NodeState>[] = [{ failureDomain: 'a' }, { failureDomain: 'a' }]
  const cases = [
    start({}, 0),
    start({ nodeStates: sameRack }),
    start({ routing: { allow_continuation: false } }),
    start({ routing: { allow_fallbacks: false } }),
    start({ routing: { tpot_slo_ms: 5_000 } }),
  ]
  const leaving = new AbortController()
  const asking = cases.map(async (starting) => streamed(await starting, {}, leaving.signal).catch(() => 'left'))
  const gateways = await Promise.all(cases)
  // Until the slow node has sent a third of it: looks enough to move, had it been allowed.
  await Promise.all(
    gateways.map(({ nodes }) =>
      expect
        .poll(() => Math.max(...nodes.flatMap(({ acknowledged }) => acknowledged)), { timeout: 20_000 })
        .toBeGreaterThan(20),
    ),
  )
  for (const { nodes } of gateways) expect(nodes.flatMap(({ opened }) => opened)).toHaveLength(1)
  leaving.abort()
  await Promise.all(asking)
})
