/** A request whose node fails before its first token has less of its SLO left: where it goes next is judged by the load of then. */
import { afterEach, expect, test } from 'vitest'
import type { NodeState } from '@isochrone/protocol'
import { API_KEY, startFakeGateway, testPrices } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type FakeNode } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})

const WAITING = 1_000_000
const dearer = { ...testPrices, inMicroUsdPerMtok: '9900000', outMicroUsdPerMtok: '9900000' }
const dear = { ...testPrices, inMicroUsdPerMtok: '9000000', outMicroUsdPerMtok: '9000000' }

/**
 * The first of three nodes that is asked fails; meanwhile so many prompt tokens have come to the others of the same price, and none to a dear one, nor to
 * one that is dearer still.
 */
async function failing(routing: object, sharing: Partial<NodeState> = {}) {
  const nodes = [1, 2, 3, 4, 5].map((n) => fakeNode(`0x${n.toString(16).padStart(64, '0')}`, { tokens: ['Hello!'] }))
  const gateway = await startFakeGateway({
    nodes,
    patienceMs: 200,
    nodeStates: [sharing, sharing, sharing, { prices: dear, ...sharing }, { prices: dearer }],
  })
  open.push(gateway)
  const cheap = nodes.slice(0, 3)
  const says = (node: FakeNode, prefillTokens: number): void => {
    const load = { activeStreams: 0, queuedStreams: 0, tokensPerSecond: 0, draining: false }
    node.reported = { ...load, prefillTokens, ownAtHeartbeat: 0, atMs: Date.now() }
    gateway.report(node)
  }
  for (const node of cheap) {
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      if (header.attempt === 0) node.script = { status: 'engine_failed', tokens: [] }
      if (header.attempt === 0) for (const other of cheap) says(other, WAITING)
      return openStream(header, body)
    }
  }
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], routing }),
  })
  const [onDear = 0, onDearer = 0] = nodes.slice(3).map(({ opened }) => opened.length)
  return { status: response.status, onDear, onDearer, entries: gateway.entries }
}

test('who named an SLO goes where what is left of it holds, and not to an alternate of the first decision', async () => {
  const { status, onDear, entries } = await failing({ ttft_slo_ms: 5_000 })
  expect([status, onDear]).toEqual([200, 1])
  // The decision that sent it there is on record as its own, so that it can be run again.
  expect(entries[0]?.request.placement).toMatchObject({ sent: [{ attempt: 1, as: 'failover' }], earlier: [{}] })
})

test('what shares the fate of the node that failed is left out', async () => {
  const { status, onDear, onDearer } = await failing({ ttft_slo_ms: 5_000 }, { failureDomain: 'one' })
  expect([status, onDear, onDearer]).toEqual([200, 0, 1])
})

test('where no node is in time any more, it goes to an alternate all the same: late before never', async () => {
  const { status, onDear, onDearer } = await failing({ ttft_slo_ms: 5_000, max_price: { output: 5 } })
  expect([status, onDear, onDearer]).toEqual([200, 0, 0])
})

test('who named no SLO goes to an alternate', async () => {
  const { status, onDear, onDearer } = await failing({})
  expect([status, onDear, onDearer]).toEqual([200, 0, 0])
})
