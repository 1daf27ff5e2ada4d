/** A node that changes between its decision and its dispatch: what the policy forbids by then is never taken. */
import { afterEach, expect, test } from 'vitest'
import type { Hex, NodeState } from '@isochrone/protocol'
import { replicaStateOf } from '@isochrone/scheduler'
import { API_KEY, startFakeGateway, testPrices } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type NodeScript } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const strict = { trust: 'challenged', dataPolicy: 'no_training', country: 'DE' } as const
const strictRouting = {
  regions: ['DE'],
  min_trust: 'challenged',
  data_policy: 'no_training',
  max_price: { output: 3 },
}
const changes: [string, Partial<NodeState>][] = [
  ['country', { country: 'US' }],
  ['price', { prices: { ...testPrices, outMicroUsdPerMtok: '3000001' } }],
  ['trust', { trust: 'claimed' }],
  ['data policy', { dataPolicy: 'any' }],
]

/** What is reserved covers it, and the cap does not. */
const dear = { ...strict, prices: { ...testPrices, outMicroUsdPerMtok: '90000000' } }

/** Two nodes inside a strict policy, beside one that costs too much. */
async function start(script: NodeScript) {
  const nodes = [fakeNode(idOf(1), script), fakeNode(idOf(2), script)]
  const gateway = await startFakeGateway({
    nodes: [...nodes, fakeNode(idOf(3), script)],
    nodeStates: [strict, strict, dear],
    patienceMs: 200,
  })
  open.push(gateway)
  let version = 10
  const change = (nodeId: string, to: Partial<NodeState>): void => {
    const before = gateway.control.node(nodeId)
    if (before) gateway.control.apply(version++, { ...before, ...to })
  }
  const ask = async (): Promise<number> => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: MODEL,
        messages: [{ role: 'user', content: 'Hi' }],
        routing: strictRouting,
      }),
    })
    await response.text()
    return response.status
  }
  return { ...gateway, nodes, change, ask, opened: () => nodes.flatMap((node) => node.opened).length }
}

test.each(changes)('an alternate whose %s changed since the decision is not taken at failover', async (_what, to) => {
  const { nodes, change, ask, opened } = await start({ status: 'engine_failed', tokens: [] })
  for (const [index, node] of nodes.entries()) {
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      change(nodes[1 - index]!.nodeId, to)
      return openStream(header, body)
    }
  }
  expect(await ask()).toBe(502)
  expect(opened()).toBe(1)
})

test.each(changes)(
  'a first choice whose %s changes while its money is reserved is left for another',
  async (_what, to) => {
    const { nodes, fleet, change, ask, deps } = await start({ tokens: ['ok'] })
    const streamsOn = (nodeId: string): number => {
      const pool = fleet.pool(MODEL)
      const slot = pool?.slotOf(nodeId)
      return pool && slot !== undefined ? replicaStateOf(pool, slot).activeStreams : 0
    }
    const { budget } = deps.serve
    const reserve = budget.reserve.bind(budget)
    let chosen = ''
    budget.reserve = async (...input: Parameters<typeof reserve>) => {
      chosen = nodes.find(({ nodeId }) => streamsOn(nodeId) > 0)?.nodeId ?? ''
      change(chosen, to)
      return await reserve(...input)
    }
    expect(await ask()).toBe(200)
    expect(chosen).not.toBe('')
    for (const node of nodes) expect(node.opened).toHaveLength(node.nodeId === chosen ? 0 : 1)
  },
)
