/**
 * A gateway beside agents of before: they know no bound on the prompts that wait, say nothing of prompts of ours, and decline
 * nothing (docs/rfd/0021). A real gateway process and real links; the agents read and say what the older ones did.
 */
import { encodeJsonFrame, frameType, linkHeartbeat, streamEnd, streamOpen, type StreamEnd } from '@isochrone/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  honest,
  SCRIPTED_MODEL,
  startScriptedNode,
  type Call,
  type ScriptedNode,
} from '../reliability/scripted-node.ts'
import { startGatewayWorld, until, WORLD_KEY, type GatewayWorld } from '../testing/gateway-world.ts'

/** As they were. A field that a side does not know it leaves out. */
const older = {
  open: streamOpen.omit({ prompt: true }),
  heartbeat: linkHeartbeat.omit({ ownPrefillTokens: true, pace: true }).strict(),
  end: streamEnd.omit({ promptsAhead: true }).strict(),
}

let world: GatewayWorld
let nodes: ScriptedNode[]
/** What came, before it was read. */
const headers: unknown[] = []
let script: (call: Call) => void

beforeAll(async () => {
  world = await startGatewayWorld(2, 100_000_000n)
  await world.startGateway()
  nodes = await Promise.all(
    world.nodeKeys.map((key) =>
      startScriptedNode({
        gatewayUrl: world.url,
        key,
        script: (call) => script(call),
        readOpen(header) {
          headers.push(header)
          return older.open.parse(header)
        },
      }),
    ),
  )
  await world.linked(2)
}, 300_000)
afterAll(() => world?.stop())

function beat({ agent }: ScriptedNode): void {
  const said = { sentAtMs: Date.now(), activeStreams: 0, queuedStreams: 0, tokensPerSecond: 0, kvUsage: null }
  agent.send(
    encodeJsonFrame(frameType.heartbeat, 0, older.heartbeat.parse({ ...said, ownStreams: 0, draining: false })),
  )
}

function reject(call: Call, message: string): void {
  const end: StreamEnd = { status: 'rejected', message, engineStatus: null, work: null }
  call.send(encodeJsonFrame(frameType.end, call.streamId, older.end.parse(end)))
}

async function ask(): Promise<{ status: number; text: string; requestId: string }> {
  const response = await fetch(`${world.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${WORLD_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: SCRIPTED_MODEL,
      messages: [{ role: 'user', content: 'word '.repeat(10_000) }],
      max_tokens: 8,
      routing: { ttft_slo_ms: 5_000 },
    }),
  })
  const answer = (await response.json()) as { choices?: { message: { content: string } }[] }
  const text = answer.choices?.[0]?.message.content ?? ''
  return { status: response.status, text, requestId: response.headers.get('x-request-id') ?? '' }
}

async function recordOf(requestId: string) {
  const those = async () =>
    (await world.published()).flatMap((entry) =>
      'receipts' in entry && entry.request.requestId === requestId ? [entry] : [],
    )
  await until(async () => (await those()).length > 0)
  const [entry] = await those()
  return { attempts: entry?.request.attempts, prices: entry?.receipts.map(({ delivery }) => delivery.price) }
}

test('what an older agent does not know it leaves out: it takes the request, serves it, and is paid', async () => {
  script = honest(['Hel', 'lo'])
  for (const node of nodes) beat(node)
  const { status, text, requestId } = await ask()
  expect([status, text]).toEqual([200, 'Hello'])
  // It was told, so the older one has dropped something.
  expect(headers.at(-1)).toMatchObject({ prompt: { tokens: expect.any(Number), aheadMax: expect.any(Number) } })
  const { attempts, prices } = await recordOf(requestId)
  expect(attempts).toMatchObject([{ outcome: 'completed' }])
  expect(prices?.map(Number)).toEqual([expect.toSatisfy((price: number) => price > 0)])
})

test('one that is full says so as it always did: that is no decline, and the other one serves', async () => {
  let refused = 0
  script = (call) => {
    if (refused++ === 0) reject(call, 'this node is full')
    else honest(['Hel', 'lo'])(call)
  }
  const { status, text, requestId } = await ask()
  expect([status, text]).toEqual([200, 'Hello'])
  const { attempts } = await recordOf(requestId)
  expect(attempts).toMatchObject([{ outcome: 'rejected', message: 'this node is full' }, { outcome: 'completed' }])
  expect(attempts?.[0]).not.toHaveProperty('declined')
})

test('their reports are read, and their links stay', async () => {
  for (let beats = 0; beats < 5; beats++) for (const node of nodes) beat(node)
  script = honest(['Hel', 'lo'])
  expect((await ask()).status).toBe(200)
  await world.linked(2)
  const rejects = nodes.flatMap(({ agent }) => agent.frames.filter(({ type }) => type === frameType.reject))
  expect(rejects).toEqual([])
})
