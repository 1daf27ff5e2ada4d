import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'
import { startOps } from './start-ops.ts'

test('a process says that it lives, whether it is ready and why not, and how it is doing', async () => {
  let reason: string | null = 'has no link'
  const metrics = createMetrics('thing')
  metrics.counter('done_total', 'Done').inc(3)
  const ops = await startOps({ host: '127.0.0.1', port: 0, notReady: () => reason, metrics })
  try {
    const get = async (path: string, init?: RequestInit) => {
      const response = await fetch(`${ops.url}${path}`, init)
      return [response.status, await response.text()] as const
    }
    expect((await get('/livez'))[0]).toBe(200)
    expect(await get('/readyz')).toEqual([503, '{"status":"unavailable","reason":"has no link"}'])
    reason = null
    expect(await get('/healthz')).toEqual([200, '{"status":"ok","reason":null}'])
    expect((await get('/metrics'))[1]).toContain('isochrone_thing_done_total 3')
    expect((await get('/metrics'))[1]).toContain('process_resident_memory_bytes')
    expect((await get('/other'))[0]).toBe(404)
    expect((await get('/metrics', { method: 'POST' }))[0]).toBe(404)
  } finally {
    await ops.stop()
  }
})
