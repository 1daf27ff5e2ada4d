import { createLogger } from '@isochrone/runtime'
import { afterEach, expect, test, vi } from 'vitest'
import { EngineFailure } from './engine-driver.ts'
import { EngineHealth } from './engine-health.ts'

const logger = createLogger('test', 'silent')
let health: EngineHealth
afterEach(() => health.close())

function watch(answer: () => Promise<never[]>) {
  const models = vi.fn(answer)
  health = new EngineHealth({ driver: { models }, logger, probeMs: 5, backoffMsMax: 20 })
  const changes: boolean[] = []
  health.onChange(() => changes.push(health.up))
  health.start()
  return { models, changes }
}

const refused = () => Promise.reject(new EngineFailure('unavailable', 'connect ECONNREFUSED'))

test('an idle engine that goes away is noticed without a request, and its return too', async () => {
  let there = false
  const { changes } = watch(() => (there ? Promise.resolve([]) : refused()))
  await vi.waitFor(() => expect(changes).toEqual([false]), 20_000)
  there = true
  await vi.waitFor(() => expect(changes).toEqual([false, true]), 20_000)
})

test('an engine that is busy, or answers with a refusal of its own, is not drained', async () => {
  const answers = [
    () => Promise.reject(new EngineFailure('timeout', 'silent')),
    () => Promise.reject(new EngineFailure('overloaded', 'full', { httpStatus: 429 })),
    () => Promise.reject(new EngineFailure('rejected', 'no', { httpStatus: 404 })),
  ]
  let turn = 0
  const { models, changes } = watch(() => (answers[turn++ % 3] ?? refused)())
  await vi.waitFor(() => expect(models.mock.calls.length).toBeGreaterThan(6), 20_000)
  expect(changes).toEqual([])
})

test('one whose probe never ends is asked once, and a stop does not wait for it', async () => {
  const { models } = watch(() => new Promise(() => {}))
  await vi.waitFor(() => expect(models).toHaveBeenCalledOnce(), 20_000)
  await health.close()
  expect(models).toHaveBeenCalledOnce()
})
