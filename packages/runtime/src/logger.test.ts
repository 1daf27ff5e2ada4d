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

/** Whoever throws hangs onto its error what it has at hand: a node's words, a command with its values. */
test('of an error type, code, message, stack and causes are written, and no other field', () => {
  const lines: string[] = []
  const logger = createLogger('test', 'trace', { write: (line: string) => void lines.push(line) })
  const cause = Object.assign(new TypeError('the socket is gone'), { command: { args: ['canary'] } })
  const error = Object.assign(new Error('no answer', { cause }), { code: 'late', details: { message: 'canary' } })
  logger.error({ err: error }, 'failed')
  logger.error(error)
  logger.error({ err: { prompt: 'canary' } }, 'thrown as an object')
  logger.error({ err: new AggregateError([error, new Error('nor there')], 'nobody') }, 'all failed')
  const [first, second, thrown, all] = lines.map((line) => (JSON.parse(line) as { err: object }).err)
  expect(first).toMatchObject({ type: 'Error', code: 'late', message: 'no answer: the socket is gone' })
  expect(Object.keys(first ?? {})).toEqual(['type', 'code', 'message', 'stack'])
  expect(first).toHaveProperty('stack', expect.stringContaining('caused by: TypeError: the socket is gone'))
  expect(second).toEqual(first)
  expect(thrown).toMatchObject({ type: 'object' })
  expect(all).toMatchObject({ message: 'nobody', together: ['no answer', 'nor there'] })
  expect(lines.join('')).not.toContain('canary')
})

test('causes in a circle end somewhere', () => {
  const lines: string[] = []
  const logger = createLogger('test', 'trace', { write: (line: string) => void lines.push(line) })
  const error = new Error('round')
  error.cause = error
  logger.error({ err: error }, 'failed')
  expect(lines.join('')).toContain('round: round')
})
