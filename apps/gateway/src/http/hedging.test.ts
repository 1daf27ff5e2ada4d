/** A second attempt beside a silent first one, as the customer, the nodes and the bill see it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { fault, type Hex, type NodeState } from '@isochrone/protocol'
import { parsePlacementRecord, replayDecision } from '@isochrone/scheduler'
import { createHedging } from '../requests/limits/hedging.ts'
import { API_KEY, startFakeGateway, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type FakeNode, type NodeScript } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const ask = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hi' }] }

/** Whoever is asked first follows `first`, whoever comes after it `others`. */
async function start(first: NodeScript, others: NodeScript, options: Partial<FakeGatewayOptions> = {}) {
  const nodes = [fakeNode(idOf(1), others), fakeNode(idOf(2), others)]
  let asked = 0
  for (const node of nodes) {
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      node.script = asked++ === 0 ? first : others
      return openStream(header, body)
    }
  }
  const hedging = createHedging({ share: 1 })
  // What one request earns is spent by it: the first must not find the purse empty.
  hedging.budget.earn()
  const gateway = await startFakeGateway({ nodes, hedging, ...options })
  open.push(gateway)
  return { ...gateway, nodes, asked: () => asked }
}

const countOf = (nodes: readonly FakeNode[], of: (node: FakeNode) => number) =>
  nodes.reduce((sum, node) => sum + of(node), 0)

test('a silent node gets a rival; the first token wins, the other is stopped, unbilled and blamed for nothing', async () => {
  const { openai, nodes, entries } = await start({ status: 'silent' }, { tokens: ['Hel', 'lo'] })
  const stream = await openai.chat.completions.create({ ...ask, stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe('Hello')
  expect(countOf(nodes, (node) => node.cancelled)).toBe(1)
  const deliveries = entries[0]?.receipts.map(({ delivery }) => delivery) ?? []
  expect(deliveries.map(({ price }) => price)).toEqual(['0', '16'])
  expect(deliveries.map((delivery) => delivery.fault)).toEqual([fault.gateway, fault.none])
  expect(entries[0]?.request.attempts.map(({ outcome }) => outcome)).toEqual(['discarded', 'completed'])
  expect(entries[0]?.request).toMatchObject({ status: 'succeeded', tokensIn: 10, tokensOut: 2 })
})

test('a first node that speaks in the end wins over a slower rival, whole answers too', async () => {
  const late = { tokens: ['first'], tokenMs: 1_000 }
  const { openai, nodes, entries } = await start(late, { status: 'silent' })
  const answer = await openai.chat.completions.create(ask)
  expect(answer.choices[0]?.message.content).toBe('first')
  expect(countOf(nodes, (node) => node.opened.length)).toBe(2)
  const outcomes = entries[0]?.request.attempts.map(({ outcome }) => outcome)
  expect(outcomes?.at(-1)).toBe('completed')
  expect(entries[0]?.receipts.filter(({ delivery }) => delivery.price !== '0')).toHaveLength(1)
})

test('where the first node fails, its rival answers', async () => {
  const { openai } = await start({ status: 'engine_failed', tokens: [] }, { tokens: ['ok'] })
  expect((await openai.chat.completions.create(ask)).choices[0]?.message.content).toBe('ok')
})

test('nobody gets a rival without budget, without fallbacks, or in the same failure domain', async () => {
  const sameRack: Partial<NodeState>[] = [{ failureDomain: 'a' }, { failureDomain: 'a' }]
  const cases: [object, Partial<FakeGatewayOptions>][] = [
    [{}, { hedging: createHedging({ share: 0 }) }],
    [{ routing: { allow_fallbacks: false } }, {}],
    [{}, { nodeStates: sameRack }],
  ]
  for (const [body, options] of cases) {
    const { openai, nodes } = await start({ status: 'silent' }, { tokens: ['never'] }, options)
    const gone = new AbortController()
    const asking = openai.chat.completions.create({ ...ask, ...body }, { signal: gone.signal }).catch(() => 'gone')
    await expect.poll(() => countOf(nodes, (node) => node.opened.length)).toBe(1)
    // Longer than twice what is predicted of a fast node: a rival would be there by now.
    await sleep(400)
    expect(countOf(nodes, (node) => node.opened.length)).toBe(1)
    gone.abort()
    expect(await asking).toBe('gone')
  }
})

test('a rival never goes back to a node, or to a failure domain, that has failed this request', async () => {
  const scripts: NodeScript[] = [
    { status: 'engine_failed', tokens: [] },
    { status: 'engine_failed', tokens: [] },
    { tokens: ['late'], tokenMs: 1_500 },
  ]
  const nodes = [1, 2, 3].map((n) => fakeNode(idOf(n), {}))
  const asked: Hex[] = []
  for (const node of nodes) {
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      node.script = scripts[asked.length] ?? { tokens: ['twice'] }
      asked.push(node.nodeId)
      return openStream(header, body)
    }
  }
  const hedging = createHedging({ share: 1 })
  for (let request = 0; request < 4; request++) hedging.budget.earn()
  // An alternate stands in another domain: the third place is one that a fresh decision finds.
  const nodeStates = ['a', 'a', 'b'].map((failureDomain) => ({ failureDomain }))
  const gateway = await startFakeGateway({ nodes, nodeStates, hedging })
  open.push(gateway)
  const answer = await gateway.openai.chat.completions.create(ask)
  expect(answer.choices[0]?.message.content).toBe('late')
  expect(new Set(asked).size).toBe(3)
  expect(asked).toHaveLength(3)
})

/** Each decision of an answer, as `explain` finds them: all run again to the same choice. */
function decisionsOf(placement: unknown) {
  const { earlier = [], later = [] } = placement as { earlier?: unknown[]; later?: unknown[] }
  const records = [...earlier, placement, ...later].map((record) => parsePlacementRecord(record))
  for (const record of records) expect(replayDecision(record).differences).toEqual([])
  return { served: earlier.length, records }
}

test('the decision of a rival is on record with the one beside it, whoever wins', async () => {
  const cases: [NodeScript, NodeScript, number][] = [
    [{ status: 'silent' }, { tokens: ['Hi'] }, 1],
    [{ tokens: ['first'], tokenMs: 1_000 }, { status: 'silent' }, 0],
  ]
  for (const [first, others, winner] of cases) {
    const { url, entries } = await start(first, others)
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': 'application/json',
        'x-isochrone-explain': '1',
      },
      body: JSON.stringify(ask),
    })
    const { isochrone } = (await response.json()) as { isochrone: { placement: unknown } }
    const attempts = entries[0]?.request.attempts ?? []
    for (const placement of [isochrone.placement, entries[0]?.request.placement]) {
      const { served, records } = decisionsOf(placement)
      expect(served).toBe(winner)
      expect(records.map(({ sent }) => sent)).toEqual(
        (['first', 'hedge'] as const).map((as, attempt) => {
          const nodeId = attempts.find((one) => one.attempt === attempt)?.nodeId
          return [{ attempt, nodeId, as }]
        }),
      )
      for (const { sent, choice, alternates } of records) expect([choice, ...alternates]).toContain(sent?.[0]?.nodeId)
    }
  }
})
