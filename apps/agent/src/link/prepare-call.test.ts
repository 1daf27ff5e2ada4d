import { ZERO_BYTES32, type StreamOpen } from '@isochrone/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { prepareCall } from './prepare-call.ts'

const open: StreamOpen = {
  requestId: ZERO_BYTES32,
  attempt: 0,
  channelId: ZERO_BYTES32,
  termsHash: ZERO_BYTES32,
  model: 'public',
  modelHash: ZERO_BYTES32,
  salt: ZERO_BYTES32,
  path: '/v1/chat/completions',
  timeoutMs: 1,
  tokensOutMax: 50,
}
const prepare = (body: unknown) => prepareCall(open, Buffer.from(JSON.stringify(body)), { engineModel: 'own-name' })

/** The customer reserved money for this many tokens and no more. */
test('the engine is never asked for more tokens than were reserved', () => {
  const limit = fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined })
  fc.assert(
    fc.property(limit, limit, (max_tokens, max_completion_tokens) => {
      const isNamed = max_tokens !== undefined || max_completion_tokens !== undefined
      const expected = isNamed ? Math.min(50, max_tokens ?? 50, max_completion_tokens ?? 50) : undefined
      const prepared = prepare({ max_tokens, max_completion_tokens })
      expect(prepared).toMatchObject({ ok: true, call: { body: { model: 'own-name' } } })
      expect(prepared.ok && prepared.call.body.max_tokens).toBe(expected)
    }),
  )
})

test.each([
  [{ max_tokens: 'many' }, 'max_tokens'],
  [{ max_tokens: 0 }, 'max_tokens'],
  [{ n: 0 }, 'n'],
  [[], 'the body'],
  [null, 'the body'],
])('%j is refused naming the field', (body, field) => {
  expect(prepare(body)).toMatchObject({ ok: false, message: expect.stringContaining(field) as string })
})

test('what was reserved for all choices is shared among them', () => {
  expect(prepare({ n: 5 })).toMatchObject({ ok: true, call: { body: { n: 5, max_tokens: 10 } } })
  expect(prepare({ prompt: ['a', 'b'], n: 2 })).toMatchObject({ ok: true, call: { body: { max_tokens: 12 } } })
})

/** With one it would refuse what its context cannot hold; `runStream` stops it at what was reserved. */
test('an engine is told no limit for a chat whose author named none', () => {
  for (const body of [{}, { max_tokens: null, n: 1 }, { max_completion_tokens: null, n: null }]) {
    const prepared = prepare(body)
    expect(prepared.ok && Object.keys(prepared.call.body)).not.toContain('max_tokens')
  }
  const text = prepareCall({ ...open, path: '/v1/completions' }, Buffer.from('{"prompt":"a"}'), {
    engineModel: 'own-name',
  })
  expect(text).toMatchObject({ call: { body: { max_tokens: 50 } } })
})

/** An engine that counts at its end alone, and ends by itself, has counted the prompt. */
test('an engine is told the limit that nobody named where its context surely holds prompt and answer', () => {
  const messages = (content: unknown) => ({ messages: [{ role: 'user', content }] })
  const limitOf = (body: object, contextTokens: number, more: Partial<StreamOpen> = {}) => {
    const options = { engineModel: 'own-name', contextTokens }
    const prepared = prepareCall({ ...open, ...more }, Buffer.from(JSON.stringify(body)), options)
    return prepared.ok ? prepared.call.body.max_tokens : null
  }
  const body = messages('x'.repeat(1_000))
  const most = JSON.stringify(body).length * 2 + 2_048 + open.tokensOutMax
  expect(limitOf(body, most)).toBe(50)
  expect(limitOf(body, most - 1)).toBeUndefined()
  expect(limitOf(body, most, { continuation: { text: 'é' } })).toBeUndefined()
  expect(limitOf(messages([{ type: 'text', text: 'x' }]), 10_000)).toBe(50)
  expect(limitOf(messages([{ type: 'image_url', image_url: { url: 'https://a' } }]), 10_000)).toBeUndefined()
})

test('embeddings have no limit on output', () => {
  const prepared = prepareCall({ ...open, path: '/v1/embeddings' }, Buffer.from('{"input":"x"}'), {
    engineModel: 'own-name',
  })
  expect(prepared).toEqual({ ok: true, call: { path: '/v1/embeddings', body: { input: 'x', model: 'own-name' } } })
})

test('everything else is passed on untouched', () => {
  const prepared = prepare({ model: 'public', logit_bias: { 5: 1 }, tools: [{ a: 1 }], stream: false })
  expect(prepared).toMatchObject({ ok: true, call: { body: { logit_bias: { 5: 1 }, tools: [{ a: 1 }] } } })
})

describe('a continuation', () => {
  const text = ' and "so" on\n'
  const goOn = (path: StreamOpen['path'], body: unknown) =>
    prepareCall({ ...open, path, continuation: { text } }, Buffer.from(JSON.stringify(body)), {
      engineModel: 'own-name',
    })
  const leftOpen = { continue_final_message: true, add_generation_prompt: false }

  test('of a chat leaves the delivered text open as the last message', () => {
    const messages = [{ role: 'user', content: 'Hi' }]
    expect(goOn('/v1/chat/completions', { messages })).toMatchObject({
      call: { body: { ...leftOpen, messages: [...messages, { role: 'assistant', content: text }] } },
    })
    const limited = goOn('/v1/chat/completions', { messages, max_tokens: 60 })
    expect(limited).toMatchObject({ call: { body: { ...leftOpen, max_tokens: 50 } } })
  })

  test('of a text follows the prompt', () => {
    for (const prompt of ['Once', ['Once']]) {
      expect(goOn('/v1/completions', { prompt })).toMatchObject({
        call: { body: { ...leftOpen, max_tokens: 50, prompt: `Once${text}` } },
      })
    }
  })

  test('of what is no text is refused, never answered anew', () => {
    for (const prompt of [[1, 2], ['a', 'b'], [], undefined]) expect(goOn('/v1/completions', { prompt }).ok).toBe(false)
    expect(goOn('/v1/chat/completions', { messages: 'Hi' }).ok).toBe(false)
  })
})
