import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { createShutdown } from './shutdown.ts'

const logger = createLogger('test', 'silent')

test('steps stop in reverse order of registration, once', async () => {
  const order: string[] = []
  const shutdown = createShutdown({ logger, handleSignals: false })
  shutdown.onShutdown('database', () => order.push('database'))
  shutdown.onShutdown('server', () => order.push('server'))
  expect(await Promise.all([shutdown.run('test'), shutdown.run('again')])).toEqual([true, true])
  expect(order).toEqual(['server', 'database'])
})

test('a step that hangs or fails delays the others no longer than its limit', async () => {
  const order: string[] = []
  const shutdown = createShutdown({ logger, handleSignals: false, stepLimitMs: 30 })
  shutdown.onShutdown('last', () => order.push('last'))
  shutdown.onShutdown('hangs', () => new Promise(() => {}))
  shutdown.onShutdown('fails', () => Promise.reject(new Error('no')))
  expect(await shutdown.run('test')).toBe(false)
  expect(order).toEqual(['last'])
})
