import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

/** Somebody will pass a whole request one day. */
test('fields that hold prompts, keys or tokens are written without them, three levels down', () => {
  const lines: string[] = []
  const logger = createLogger('test', 'trace', { write: (line: string) => void lines.push(line) })
  const body = { prompt: 'canary', messages: [{ content: 'canary' }], input: 'canary', model: 'kept' }
  logger.info({ body, request: { headers: { authorization: 'Bearer canary', cookie: 'canary' } } }, 'a whole request')
  logger.warn({ apiKey: 'canary', privateKey: 'canary', secret: 'canary', password: 'canary' }, 'secrets')
  const text = lines.join('')
  expect(text).toContain('kept')
  expect(text).toContain('[redacted]')
  expect(text).not.toContain('canary')
})
