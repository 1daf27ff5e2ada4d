/** People quote a request id to support, so every answer has one, and an error says the same one in its body. */
import { expect, test } from 'vitest'
import { API_KEY, INTERNAL_TOKEN, startFakeGateway } from '../testing/fake-gateway.ts'
import { MODEL } from '../testing/fake-node.ts'

test('every answer carries x-request-id; an error names the same one in its body', async () => {
  const gateway = await startFakeGateway({ nodes: [] })
  const authorization = `Bearer ${API_KEY}`
  const asked: [number, string, RequestInit?][] = [
    [401, '/v1/models'],
    [404, '/v1/models/none', { headers: { authorization } }],
    [200, '/v1/models', { headers: { authorization } }],
    [401, '/v1/jobs/job_1'],
    [401, '/internal/v1/dispatch', { method: 'POST' }],
    [401, '/internal/v1/close-epoch', { method: 'POST' }],
    [401, '/v1/chat/completions', { method: 'POST' }],
    [404, '/v1/nothing'],
    [400, '/v1/%'],
    [200, '/healthz'],
    [401, '/metrics'],
    [200, '/metrics', { headers: { authorization: `Bearer ${INTERNAL_TOKEN}` } }],
    [
      202,
      '/v1/completions',
      {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', 'x-isochrone-queue': '1' },
        body: JSON.stringify({ model: MODEL, prompt: 'x' }),
      },
    ],
  ]
  for (const [status, path, init] of asked) {
    const answer = await fetch(`${gateway.url}${path}`, init)
    expect(answer.status, path).toBe(status)
    const id = answer.headers.get('x-request-id')
    expect(id, path).toMatch(/^req_[0-9a-f]{32}$/)
    const text = await answer.text()
    if (status >= 400) expect(JSON.parse(text), path).toMatchObject({ error: { request_id: id } })
  }
  await gateway.close()
})
