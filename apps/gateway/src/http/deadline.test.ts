/** The client's own limit of time, as it sees it and as it is billed. */
import { afterEach, expect, test } from 'vitest'
import { fault, type Hex } from '@isochrone/protocol'
import { API_KEY, startFakeGateway, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type NodeScript } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

async function start(scripts: NodeScript[], options: Partial<FakeGatewayOptions> = {}, concurrencyMax = 8) {
  const nodes = scripts.map((script, index) => fakeNode(idOf(index + 1), script, concurrencyMax))
  const gateway = await startFakeGateway({ nodes, ...options })
  open.push(gateway)
  const ask = (timeoutMs: string, body: object = {}) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': 'application/json',
        'x-isochrone-timeout-ms': timeoutMs,
      },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], ...body }),
    })
  return { ...gateway, nodes, ask }
}

test.each(['', '0', '-5', '1.5', 'soon', '3600001', '99999999999'])('a time of "%s" is refused', async (timeoutMs) => {
  const { ask } = await start([{ tokens: ['a'] }])
  const response = await ask(timeoutMs)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param: 'x-isochrone-timeout-ms', owner: 'client' } })
})

test('a request that does not end in its time is 504, stops its node, and counts against nobody', async () => {
  const { ask, nodes, entries } = await start([{ status: 'silent' }, { tokens: ['never'] }])
  for (const node of nodes) node.script = { status: 'silent' }
  const response = await ask('1000')
  expect(response.status).toBe(504)
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(await response.json()).toMatchObject({ error: { code: 'deadline_exceeded', owner: 'client' } })
  expect(nodes.map((node) => node.cancelled).toSorted((a, b) => a - b)).toEqual([0, 1])
  expect(entries[0]?.receipts.map(({ delivery }) => delivery.fault)).toEqual([fault.client])
  expect(entries[0]?.request).toMatchObject({ status: 'aborted', httpStatus: 504, errorCode: 'deadline_exceeded' })
  const told = nodes.flatMap((node) => node.opened)[0]?.header.timeoutMs ?? 0
  expect(told).toBeLessThanOrEqual(1_000 + 250)
})

test('a stream that has begun ends with an error frame that names the client as its owner', async () => {
  const { ask, entries } = await start([{ tokens: ['a', 'b'], status: 'silent' }])
  const text = await (await ask('1000', { stream: true })).text()
  expect(text).toContain('"code":"deadline_exceeded"')
  expect(text).toContain('"owner":"client"')
  expect(text).not.toContain('[DONE]')
  expect(entries[0]?.receipts.map(({ delivery }) => delivery.billedOut)).toEqual([2])
})

test('waiting for a place ends with the time that the client gives it', async () => {
  const { ask } = await start([{ status: 'silent' }], { patienceMs: 60_000 }, 1)
  const running = ask('3000')
  const waiting = await ask('100')
  expect(waiting.status).toBe(504)
  expect(await waiting.json()).toMatchObject({ error: { code: 'deadline_exceeded' } })
  await running
})

test('a request whose first node fails waits for a place at another one', async () => {
  const { openai, nodes, entries } = await start(
    [{ status: 'silent' }, { status: 'silent' }],
    { patienceMs: 20_000 },
    1,
  )
  const ask = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const gone = new AbortController()
  const first = openai.chat.completions.create(ask, { signal: gone.signal }).catch(() => 'gone')
  await expect.poll(() => nodes.reduce((sum, node) => sum + node.opened.length, 0)).toBe(1)
  const [busy, free] = nodes[0]?.opened.length === 1 ? nodes : nodes.toReversed()
  if (!busy || !free) throw new Error('two nodes')
  free.script = { status: 'engine_failed' }
  const second = openai.chat.completions.create(ask)
  await expect.poll(() => free.opened.length).toBe(1)
  busy.script = { tokens: ['late'] }
  gone.abort()
  expect(await first).toBe('gone')
  expect((await second).choices[0]?.message.content).toBe('late')
  expect(entries.at(-1)?.receipts).toHaveLength(2)
})

test('a gateway that gives up what still runs blames no node', async () => {
  const { ask, stopping, entries, room } = await start([{ tokens: ['a'], status: 'silent' }])
  const response = await ask('60000', { stream: true })
  const text = response.text()
  await expect.poll(() => entries.length === 0 && room.size).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  stopping.stop()
  expect(await text).toContain('"code":"internal_error"')
  expect(entries[0]?.receipts.map(({ delivery }) => delivery.fault)).toEqual([fault.gateway])
})
