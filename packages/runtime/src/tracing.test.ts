import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { startCollector } from './testing/collector.ts'
import { startTracing } from './start-tracing.ts'
import { traceparentOf } from './tracing.ts'

const logger = createLogger('test', 'silent')
const CLIENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`

/** Nothing leaves the machine unasked. */
test('without an endpoint there is no tracing', async () => {
  expect(await startTracing('gateway', { OTEL_TRACES_SAMPLER_ARG: 1 }, logger)).toBeNull()
})

test('spans go to the configured collector, below the parent that was named', async () => {
  const collector = await startCollector()
  try {
    const tracing = await startTracing(
      'gateway',
      { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`, OTEL_TRACES_SAMPLER_ARG: 1 },
      logger,
    )
    const span = tracing?.start('outer', CLIENT, { kind: 'server', attributes: { kept: 1, absent: undefined } })
    const child = span?.child('inner')
    child?.end('provider_failed')
    child?.end()
    span?.end()
    await tracing?.stop()
    expect(collector.paths).toEqual(['/v1/traces'])
    const [inner, outer] = collector.spans()
    expect(outer).toMatchObject({ name: 'outer', kind: 2, traceId: 'ab'.repeat(16), parentSpanId: 'cd'.repeat(8) })
    expect(outer?.attributes).toEqual({ kept: 1 })
    expect(inner).toMatchObject({ name: 'inner', parentSpanId: outer?.spanId, failed: true })
    expect(inner?.attributes).toEqual({ 'error.type': 'provider_failed' })
    expect(span?.traceparent).toBe(`00-${'ab'.repeat(16)}-${outer?.spanId}-01`)
    expect(collector.text()).toContain('isochrone-gateway')
  } finally {
    await collector.close()
  }
})

/** A client that asks for it gets no more traces than the operator wants to pay for. */
test('the ratio holds whatever a client’s flag says, and a client’s no is a no', async () => {
  const collector = await startCollector()
  try {
    const none = await startTracing(
      'gateway',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/mine`, OTEL_TRACES_SAMPLER_ARG: 0 },
      logger,
    )
    none?.start('refused', CLIENT).end()
    await none?.stop()
    const all = await startTracing(
      'gateway',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/mine`, OTEL_TRACES_SAMPLER_ARG: 1 },
      logger,
    )
    all?.start('not wanted', CLIENT.replace(/01$/, '00')).end()
    all?.start('wanted', CLIENT).end()
    await all?.stop()
    expect(collector.spans().map(({ name }) => name)).toEqual(['wanted'])
    expect(collector.paths).toEqual(['/mine'])
  } finally {
    await collector.close()
  }
})

test('a collector that is gone costs no more than its spans', async () => {
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_SAMPLER_ARG: 1 }
  const tracing = await startTracing('gateway', settings, logger)
  for (let each = 0; each < 3_000; each++) tracing?.start('lost', null).end()
  await expect(tracing?.stop()).resolves.toBeUndefined()
})

test('only a well-formed traceparent is taken', () => {
  expect(traceparentOf(CLIENT)).toBe(CLIENT)
  // A later version may have more fields; ours are the first four.
  expect(traceparentOf(`01${CLIENT.slice(2)}-more`)).toBe(CLIENT)
  for (const wrong of [
    undefined,
    '',
    ['a', 'b'],
    `${CLIENT}-more`,
    CLIENT.toUpperCase(),
    `ff${CLIENT.slice(2)}`,
    `00-${'0'.repeat(32)}-${'cd'.repeat(8)}-01`,
    `00-${'ab'.repeat(16)}-${'0'.repeat(16)}-01`,
    `01${CLIENT.slice(2)}x`,
    'x'.repeat(10_000),
  ]) {
    expect(traceparentOf(wrong)).toBeNull()
  }
})
