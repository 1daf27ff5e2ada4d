/** The node's own span: below the gateway's, with what was signed for, and with nothing that was said. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, startTracing } from '@isochrone/runtime'
import { startCollector } from '@isochrone/runtime/testing'
import { expect, test } from 'vitest'
import { startAgent } from '../agent.ts'
import { TestGateway } from './test-gateway.ts'

const CANARY = 'canary-51e0'
const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`

test('a stream is a span below the gateway’s attempt, without prompt or answer', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'isochrone-trace-'))
  const logger = createLogger('test', 'silent')
  const collector = await startCollector()
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: 1 }
  const tracing = await startTracing('agent', settings, logger)
  const gateway = new TestGateway()
  await gateway.start()
  const engine = { kind: 'llama', modelSource: undefined, modelId: undefined, contextTokensMax: 512 } as const
  const agent = await startAgent({ dataDir, gatewayUrls: [gateway.url], engine, concurrencyMax: 2, logger, tracing })
  try {
    await expect.poll(() => agent.links.every((link) => link.ready), { timeout: 30_000 }).toBe(true)
    const stream = gateway.open({ traceparent }, { messages: [{ role: 'user', content: CANARY }], max_tokens: 5 })
    const end = await stream.end
    await tracing?.stop()
    expect(collector.spans()).toHaveLength(1)
    expect(collector.spans()[0]).toMatchObject({
      kind: 2,
      traceId: 'ab'.repeat(16),
      parentSpanId: 'cd'.repeat(8),
      failed: false,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'isochrone.work.tokens_out': end.work?.work.tokensOut,
        'isochrone.stream.status': 'completed',
      },
    })
    expect(collector.text()).not.toContain(CANARY)
  } finally {
    await agent.close(0)
    await gateway.kill()
    await collector.close()
    await rm(dataDir, { recursive: true })
  }
})
