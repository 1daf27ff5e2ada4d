/** What a gateway writes into its log: everything that went wrong, and nothing that anybody said. */
import { createLogger } from '@isochrone/runtime'
import type { Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { API_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL } from '../testing/fake-node.ts'

const CANARY = 'canary-9e44'
const nodeId = (byte: string): Hex => `0x${byte.repeat(32)}`

test('no prompt, answer or key is logged, at any level, whatever fails', async () => {
  const lines: string[] = []
  const logger = createLogger('gateway', 'trace', { write: (line: string) => void lines.push(line) })
  const failing = fakeNode(nodeId('01'), { status: 'engine_failed', message: `engine says ${CANARY}` })
  const answering = fakeNode(nodeId('02'), { tokens: [`answer ${CANARY}`] })
  let isBroken = false
  const gateway = await startFakeGateway({
    nodes: [failing, answering],
    change(deps) {
      deps.logger = logger
      deps.serve.logger = logger
      const { lane } = deps.serve
      const finish = lane.finishRequest.bind(lane)
      lane.finishRequest = async (entry) => {
        if (isBroken) throw new Error('the journal cannot be written')
        return await finish(entry)
      }
    },
  })
  const ask = (body: unknown, authorization = `Bearer ${API_KEY}`) =>
    fetch(`${gateway.url}/v1/chat/completions?${CANARY}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }).then((response) => response.text())
  const chat = { model: MODEL, max_tokens: 9, messages: [{ role: 'user', content: CANARY }] }
  try {
    await ask(chat)
    await ask({ ...chat, stream: true })
    await ask({ ...chat, messages: CANARY })
    await ask({ ...chat, model: CANARY })
    await ask(`{"broken": "${CANARY}`)
    await ask(chat, `Bearer ${CANARY}`)
    isBroken = true
    await ask(chat)
    await ask({ ...chat, stream: true })
  } finally {
    await gateway.close()
  }
  // A log that says nothing would hold no secret either.
  expect(lines.join('')).toContain('the journal cannot be written')
  expect(lines.join('')).not.toContain(CANARY)
  expect(lines.join('')).not.toContain(API_KEY)
})

test('where every node fails, or none may serve, neither their words nor the placement are logged', async () => {
  const lines: string[] = []
  const logger = createLogger('gateway', 'trace', { write: (line: string) => void lines.push(line) })
  const node = fakeNode(nodeId('01'), { message: `engine says ${CANARY}` })
  const gateway = await startFakeGateway({
    nodes: [node],
    change(deps) {
      deps.logger = logger
      deps.serve.logger = logger
    },
  })
  const ask = async (change: object): Promise<number> => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, max_tokens: 9, messages: [{ role: 'user', content: CANARY }], ...change }),
    })
    await response.text()
    return response.status
  }
  try {
    node.script.status = 'engine_failed'
    expect(await ask({})).toBe(502)
    expect(await ask({ stream: true })).toBe(502)
    node.script.status = 'rejected'
    expect(await ask({})).toBe(503)
    expect(await ask({ routing: { gpu_classes: ['B200'] } })).toBe(503)
  } finally {
    await gateway.close()
  }
  const errors = lines.map((line) => (JSON.parse(line) as { err?: object }).err).filter((err) => err !== undefined)
  expect(errors.length).toBeGreaterThanOrEqual(4)
  for (const error of errors) expect(Object.keys(error)).toEqual(['type', 'code', 'message', 'stack'])
  expect(lines.join('')).not.toContain(CANARY)
})
