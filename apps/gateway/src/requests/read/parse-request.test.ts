import { DEFAULT_TOKENS_OUT_MAX } from '@isochrone/domain'
import { createSealingKeyPair, newSealedId, sealRequest } from '@isochrone/protocol/sealed'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errorPositionOfJson } from './json-error-position.ts'
import { fieldOfRefusal, readKnownFields } from './known-fields.ts'
import { parseInferenceRequest, parseJson } from './parse-request.ts'

const parse = (body: unknown) => parseInferenceRequest('/v1/chat/completions', Buffer.from(JSON.stringify(body)))
const messages = [{ role: 'user', content: 'x' }]

test('what is reserved is the limit over all choices, and a default where none is named', () => {
  expect(parse({ model: 'm', messages }).tokensOutMax).toBe(DEFAULT_TOKENS_OUT_MAX)
  expect(parse({ model: 'm', messages, n: null, max_tokens: null }).tokensOutNeeded).toBe(256)
  expect(parse({ model: 'm', messages, max_tokens: 4_096 }).tokensOutNeeded).toBeUndefined()
  expect(parse({ model: 'm', messages, max_tokens: 7, n: 3 }).tokensOutMax).toBe(21)
  expect(parse({ model: 'm', messages, max_tokens: 7, max_completion_tokens: 5 }).tokensOutMax).toBe(5)
})

/** `temperature: 0.5` is read by hand, `logit_bias` by the schema. */
test.each([{ temperature: 0.5 }, { logit_bias: {} }])('what is too long is what was sent, beside %j', (more) => {
  const fieldOf = (limits: object) => parse({ model: 'm', messages, ...more, ...limits }).lengthField
  expect(fieldOf({})).toBe('messages')
  expect(fieldOf({ max_tokens: 7 })).toBe('max_tokens')
  expect(fieldOf({ max_tokens: 7, max_completion_tokens: 5 })).toBe('max_completion_tokens')
})

test('of what is sealed a limit counts as named where it is said in clear', async () => {
  const path = '/v1/chat/completions'
  const { publicKey } = await createSealingKeyPair()
  const header = { v: 1 as const, id: newSealedId(), at: 0, path, model: 'm', stream: false, routing: null } as const
  const { envelope } = await sealRequest({ ...header, max_tokens: 4_096, keys: [publicKey] }, '{}')
  const clear = { model: 'm', stream: false, sealed: envelope }
  expect(parse(clear)).toMatchObject({ tokensOutMax: 4_096, tokensOutNeeded: 256 })
  expect(parse({ ...clear, max_tokens: 4_096 }).tokensOutNeeded).toBeUndefined()
  expect(() => parse({ ...clear, max_tokens: 4_095 })).toThrow("'max_tokens' is not what was sealed")
})

/** Python's clients draw them of 63 bits, and OpenAI takes them. */
test('a seed of 64 bits is passed on in its own digits', () => {
  for (const seed of ['9007199254740993', '-9223372036854775808', '9223372036854775807']) {
    const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"seed":${seed}}`
    expect(Buffer.from(parseInferenceRequest('/v1/chat/completions', Buffer.from(body)).body).toString()).toBe(body)
    const more = body.replace(/\}$/, ',"logit_bias":{}}')
    expect(() => parseInferenceRequest('/v1/chat/completions', Buffer.from(more))).not.toThrow()
  }
})

test('what OpenAI defines is checked here and named by its path; what it does not define passes', () => {
  const fieldOf = (more: object) => {
    try {
      parse({ model: 'm', messages, ...more })
    } catch (error) {
      return (error as { code: string; field?: string }).field ?? 'unnamed'
    }
    return null
  }
  const wrong: [object, string][] = [
    [{ temperature: 'hot' }, 'temperature'],
    [{ temperature: 9 }, 'temperature'],
    [{ top_p: -1 }, 'top_p'],
    [{ n: 0 }, 'n'],
    [{ n: 9 }, 'n'],
    [{ seed: 1.5 }, 'seed'],
    [{ seed: 1e30 }, 'seed'],
    [{ stop: [1] }, 'stop'],
    [{ presence_penalty: 3 }, 'presence_penalty'],
    [{ logit_bias: { '50256': 'x' } }, 'logit_bias[50256]'],
    [{ logprobs: 2 }, 'logprobs'],
    [{ top_logprobs: 21 }, 'top_logprobs'],
    [{ stream: 'yes' }, 'stream'],
    [{ stream_options: 1 }, 'stream_options'],
    [{ stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
    [{ tools: 'all' }, 'tools'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ response_format: {} }, 'response_format.type'],
    [{ messages: [...messages, { role: 'robot', content: 'x' }] }, 'messages[1].role'],
    [{ messages: [{ role: 'user', content: ['x'] }] }, 'messages[0].content[0]'],
  ]
  for (const [more, field] of wrong) expect(fieldOf(more), JSON.stringify(more)).toBe(field)
  const right = {
    temperature: null,
    top_k: 'whatever',
    n: 3,
    stop: ['a', 'b'],
    logit_bias: { '50256': -100 },
    tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
    tool_choice: 'auto',
    response_format: { type: 'json_object' },
    messages: [{ role: 'tool', content: [{ type: 'text', text: 'x' }], tool_call_id: 'c' }],
  }
  expect(fieldOf(right)).toBeNull()
})

test('a prompt may be a text, token ids or several of either', () => {
  const ask = (prompt: unknown) =>
    parseInferenceRequest('/v1/completions', Buffer.from(JSON.stringify({ model: 'm', prompt })))
  for (const prompt of ['x', ['x'], [1, 2]]) expect(ask(prompt).tokensOutMax).toBe(256)
  // Each of several is answered, and reserved, in full.
  for (const prompt of [
    ['x', 'y'],
    [[1], [2]],
  ])
    expect(ask(prompt).tokensOutMax).toBe(512)
  expect(() => ask([{}])).toThrow(expect.objectContaining({ field: 'prompt[0]' }))
  expect(() => ask([])).toThrow(expect.objectContaining({ field: 'prompt' }))
})

test('the field at the head of an engine’s refusal is found, and a mere word is none', () => {
  const body = { n: 3, messages: [], tools: [] }
  expect(fieldOfRefusal('n: only one choice is supported', body)).toBe('n')
  expect(fieldOfRefusal('messages.0.role: Invalid option', body)).toBe('messages[0].role')
  expect(fieldOfRefusal('messages[2].content: too long', body)).toBe('messages[2].content')
  expect(fieldOfRefusal('error: n is bad', body)).toBeNull()
  expect(fieldOfRefusal('constructor: x', body)).toBeNull()
  expect(fieldOfRefusal('the prompt is too long', body)).toBeNull()
})

test('the place where a text stops being JSON is found without quoting the text', () => {
  const at = (text: string) => errorPositionOfJson(text).position
  expect(at('{"a": 1,}')).toBe(8)
  expect(at('{"a" 1}')).toBe(5)
  expect(at('[1, 2')).toBe(5)
  expect(at('{"a": nope}')).toBe(6)
  expect(at('{} {}')).toBe(3)
  expect(at('{"a": "x\ny"}')).toBe(6)
  expect(errorPositionOfJson('{\n  "a": ]\n}')).toEqual({ position: 9, line: 2, column: 8 })
})

test('what is JSON has no error before its end, and cutting it is an error at the end or at the cut token', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, cut) => {
      expect(errorPositionOfJson(text).position).toBe(text.length)
      const part = text.slice(0, cut % (text.length + 1))
      expect(errorPositionOfJson(part).position).toBeLessThanOrEqual(part.length)
    }),
  )
})

test('the place is that of the first token that cannot stand there, whatever was spoiled', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('\u0001', '}', ']', ',', ':', '"', '\\', '0', 'x', '-'),
      (text, where, put) => {
        const at = where % (text.length + 1)
        const spoiled = text.slice(0, at) + put + text.slice(at)
        let isJson = true
        try {
          JSON.parse(spoiled)
        } catch {
          isJson = false
        }
        const { position, line, column } = errorPositionOfJson(spoiled)
        const before = spoiled.slice(0, position).split('\n')
        expect([line, column]).toEqual([before.length, (before.at(-1) ?? '').length + 1])
        expect(!isJson || position === spoiled.length).toBe(true)
        // Up to there it is the beginning of some JSON.
        expect(errorPositionOfJson(spoiled.slice(0, position)).position).toBe(position)
      },
    ),
  )
})

/** A search that recursed, or was slow, would be a 500 or hold up everybody: these are of one to nine megabytes. */
test('a huge body that is no JSON is the caller’s error, with the place where it goes wrong', () => {
  const bodies: [text: string, position: number][] = [
    [`{"a":"${'a'.repeat(300_000)}"]`, 300_007],
    [`{"a":"${'a'.repeat(9_000_000)}`, 5],
    [`[${'1,'.repeat(500_000)}]`, 1_000_001],
    ['['.repeat(1_000_000), 1_000_000],
    [`[${'\n'.repeat(1_000_000)}x`, 1_000_001],
    [`"${String.raw`\u00e9\n`.repeat(125_000)}"x`, 1_000_002],
  ]
  for (const [text, position] of bodies) {
    const publicMessage = expect.stringContaining(`(position ${position})`)
    expect(() => parseJson(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'invalid_input', publicMessage }),
    )
  }
})

test('a body is nested as deep as any request needs, and no deeper: what prints it later recurses', () => {
  const nested = (levels: number) => Buffer.from(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`)
  expect(parseJson(nested(500))).toBeTypeOf('object')
  expect(() => parseJson(nested(200_000))).toThrow('nested more than 512 levels')
  // Brackets inside strings are text.
  expect(parseJson(Buffer.from(JSON.stringify({ a: `\\"${'['.repeat(2_000)}`, b: '\\\\' })))).toBeTypeOf('object')
})

test('a usual request is read without the schema, to the very same fields or refusal', () => {
  const sample = fc.oneof(
    fc.constantFrom(null, true, false, 'x', '', [], {}, ['a'], { include_usage: true }, { include_usage: 1 }),
    fc.constantFrom({ include_usage: null }, 0, 1, -1, 2, 8, 9, 0.5, 1.5, 256, 1e6, 1e7, 2 ** 60, -0, Number.NaN),
  )
  const names = [
    'stream',
    'stream_options',
    'n',
    'max_tokens',
    'max_completion_tokens',
    'temperature',
    'top_p',
  ] as const
  const more = ['presence_penalty', 'frequency_penalty', 'seed', 'stop', 'user', 'top_k', 'model', 'echo'] as const
  const body = fc.dictionary(fc.constantFrom(...names, ...more), sample)
  const read = (path: '/v1/chat/completions' | '/v1/completions', fields: Record<string, unknown>) => {
    try {
      return readKnownFields(path, fields)
    } catch (error) {
      return (error as Error).message + String((error as { field?: string }).field)
    }
  }
  fc.assert(
    fc.property(fc.constantFrom('/v1/chat/completions', '/v1/completions'), body, (path, fields) => {
      // The schema alone knows the last field, and takes it as left out.
      expect(read(path, fields)).toEqual(read(path, { ...fields, logit_bias: null }))
    }),
    { numRuns: 2_000 },
  )
})
