/** Dashboards that know OpenTelemetry's names find them, and every answer that was made. */
import type { Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { API_KEY, INTERNAL_TOKEN, startFakeGateway } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type NodeScript } from '../testing/fake-node.ts'

const nodeId: Hex = `0x${'01'.repeat(32)}`
const path = '/v1/chat/completions'
const body = { model: MODEL, max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] }
const job = { jobId: 'job_1', orgId: 'org_1', keyId: null, path, body, nodeId, placement: {}, timeoutMs: 5_000 }

/** The metrics after this was posted. */
async function metricsAfter(script: NodeScript, sent: readonly [path: string, key: string, body: object][]) {
  const gateway = await startFakeGateway({ nodes: [fakeNode(nodeId, script)] })
  const metrics = async () => {
    const response = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${INTERNAL_TOKEN}` } })
    return await response.text()
  }
  try {
    for (const [to, key, asked] of sent) {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      await (await fetch(`${gateway.url}${to}`, { method: 'POST', headers, body: JSON.stringify(asked) })).text()
    }
    return await metrics()
  } finally {
    await gateway.close()
  }
}

const toClient: [string, string, object] = [path, API_KEY, body]
const toQueue: [string, string, object] = ['/internal/v1/dispatch', INTERNAL_TOKEN, { requestId: 'req_1', ...job }]
const labels = `gen_ai_operation_name="chat",gen_ai_provider_name="isochrone",gen_ai_request_model="${MODEL}"`
const tokens = ['one ', 'two ', 'three']

test.each([
  ['an answer to a client', [toClient], 1],
  ['an answer for a queue', [toQueue], 1],
  ['both, and none twice that the queue asks for again', [toClient, toQueue, toQueue], 2],
])('%s is in the standard’s histograms', async (_what, sent, count) => {
  const metrics = await metricsAfter({ tokens }, sent)
  expect(metrics).toContain(`gen_ai_server_request_duration_seconds_count{${labels}} ${count}`)
  expect(metrics).toContain(`gen_ai_server_time_to_first_token_seconds_count{${labels}} ${count}`)
  expect(metrics).toContain(`gen_ai_server_time_per_output_token_seconds_count{${labels}} ${count}`)
  expect(metrics).toContain(`isochrone_gateway_ttft_seconds_count ${count}`)
  expect(metrics).toMatch(new RegExp(`gen_ai_client_token_usage_sum\\{[^}]*="input"[^}]*\\} ${10 * count}\n`))
  expect(metrics).toMatch(new RegExp(`gen_ai_client_token_usage_sum\\{[^}]*="output"[^}]*\\} ${3 * count}\n`))
})

test('a try that gave no answer is in none of them', async () => {
  const metrics = await metricsAfter({ status: 'engine_failed' }, [toQueue])
  expect(metrics).not.toContain('gen_ai_server_request_duration_seconds_count')
})
