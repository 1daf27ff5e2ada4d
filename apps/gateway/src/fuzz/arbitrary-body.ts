/**
 * Bodies as customers send them, as they should not, and as only an attacker would: whole requests, requests with single
 * fields replaced by anything, JSON of extreme depth and size, keys twice, numbers beyond every range, and bytes that are no
 * text.
 */
import fc from 'fast-check'

export type Path = '/v1/chat/completions' | '/v1/completions' | '/v1/embeddings' | '/v1/responses'
export const paths: readonly Path[] = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses']

const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '\u0000', '\ud800', '__proto__', 'constructor', 'a'.repeat(5_000), ':price'),
  },
)
const number = fc.oneof(
  fc.integer({ min: -2, max: 300 }),
  fc.constantFrom(0, -0, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, 2 ** 64, 1_000_000, 1_000_001),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
/** Any small JSON value. */
const anything = fc.oneof(
  { weight: 3, arbitrary: fc.oneof(text, number, fc.boolean(), fc.constant(null)) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3, noUnicodeString: false }) },
)

/** The field as it should be, mostly; else anything. */
const mostly = (arbitrary: fc.Arbitrary<unknown>, weight = 12): fc.Arbitrary<unknown> =>
  fc.oneof({ weight, arbitrary }, { weight: 1, arbitrary: anything })

const parts = fc.array(
  mostly(
    fc.oneof(
      fc.record({ type: fc.constant('text'), text }),
      fc.record({ type: fc.constant('image_url'), image_url: fc.record({ url: text }) }),
      fc.record({ type: fc.constant('input_text'), text }),
    ),
  ),
  { maxLength: 3 },
)
const role = fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'function')
const message = mostly(
  fc.record(
    {
      role: mostly(role),
      content: mostly(fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: parts })),
      tool_calls: mostly(fc.array(anything, { maxLength: 2 })),
      name: mostly(text),
    },
    { requiredKeys: ['role', 'content'] },
  ),
)
const tool = fc.record({
  type: mostly(fc.constant('function')),
  function: mostly(fc.record({ name: text, parameters: fc.constant({ type: 'object' }) })),
})
const routing = fc.record(
  {
    sort: mostly(fc.constantFrom('price', 'latency', 'throughput', 'balanced')),
    max_price: mostly(fc.record({ prompt: number, completion: number, request: number }, { requiredKeys: [] })),
    regions: mostly(fc.array(fc.constantFrom('DE', 'US', 'eu-de', 'DE/eu-de'), { maxLength: 3 })),
    allow_fallbacks: mostly(fc.boolean()),
    allow_continuation: mostly(fc.boolean()),
    exclude: mostly(fc.array(text, { maxLength: 2 })),
    ttft_slo_ms: mostly(number),
    tpot_slo_ms: mostly(number),
    admission: mostly(fc.constantFrom('slack', 'capacity')),
  },
  { requiredKeys: [] },
)

/** Fields that every path knows. */
const common = (models: readonly string[]) => ({
  model: mostly(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...models) },
      { weight: 1, arbitrary: fc.constantFrom(...models).map((name) => `${name}:price`) },
      { weight: 1, arbitrary: text },
    ),
    40,
  ),
  stream: mostly(fc.boolean()),
  stream_options: mostly(fc.record({ include_usage: fc.boolean() })),
  n: mostly(fc.integer({ min: 1, max: 3 })),
  // Small: a run of a million must not wait for what engines write.
  max_tokens: mostly(fc.integer({ min: 1, max: 4 })),
  temperature: mostly(number),
  top_p: mostly(number),
  seed: mostly(number),
  stop: mostly(fc.oneof(text, fc.array(text, { maxLength: 5 }))),
  user: mostly(text),
  metadata: mostly(fc.dictionary(text, text, { maxKeys: 3 })),
  logit_bias: mostly(fc.dictionary(text, number, { maxKeys: 3 })),
  logprobs: mostly(fc.boolean()),
  tools: mostly(fc.array(tool, { maxLength: 3 })),
  tool_choice: mostly(fc.constantFrom('auto', 'none', 'required')),
  response_format: mostly(fc.record({ type: fc.constantFrom('text', 'json_object', 'json_schema') })),
  prompt_cache_key: mostly(text),
  routing: mostly(routing),
})

const required: Record<Path, Record<string, fc.Arbitrary<unknown>>> = {
  '/v1/chat/completions': { messages: mostly(fc.array(message, { maxLength: 4 }), 20) },
  '/v1/completions': { prompt: mostly(fc.oneof(text, fc.array(fc.oneof(text, number), { maxLength: 4 })), 20) },
  '/v1/embeddings': { input: mostly(fc.oneof(text, fc.array(fc.oneof(text, number), { maxLength: 4 })), 20) },
  '/v1/responses': {
    input: mostly(fc.oneof(text, fc.array(message, { maxLength: 3 })), 20),
    instructions: mostly(text),
    max_output_tokens: mostly(fc.integer({ min: 1, max: 4 })),
    text: mostly(fc.record({ format: fc.record({ type: fc.constantFrom('text', 'json_schema') }) })),
    reasoning: mostly(fc.record({ effort: text })),
    include: mostly(fc.array(text, { maxLength: 2 })),
    store: mostly(fc.boolean()),
    previous_response_id: mostly(fc.constant(null)),
  },
}

/** JSON with what no object can say: a key twice, numbers as texts, white space, values cut in two. */
const printed = (value: Record<string, unknown>, twice: number, spaced: boolean): string => {
  const json = JSON.stringify(value, null, spaced ? 1 : undefined)
  const keys = Object.keys(value)
  const key = keys[twice % Math.max(1, keys.length)]
  if (key === undefined || twice % 5 > 0) return json
  return `${json.slice(0, -1)}${keys.length > 0 ? ',' : ''}${JSON.stringify(key)}:${JSON.stringify(value[key])}}`
}

const usual = (path: Path, models: readonly string[]): fc.Arbitrary<Buffer> => {
  const { model, ...optional } = common(models)
  const own = required[path]
  const first = Object.keys(own)[0] as 'model'
  return fc
    .tuple(
      fc.record({ model, ...own }, { requiredKeys: ['model', first] }),
      fc.record(optional, { requiredKeys: [] }),
      fc.subarray(Object.keys(optional), { maxLength: 3 }),
      fc.nat(1_000),
      fc.boolean(),
    )
    .map(([must, may, kept, twice, spaced]) => {
      const chosen = Object.fromEntries(Object.entries(may).filter(([key]) => kept.includes(key)))
      return Buffer.from(printed({ ...must, ...chosen }, twice, spaced))
    })
}

const DEPTHS = [10, 1_000, 20_000, 200_000]
/** Deep, long, empty, no object, no JSON, no text. */
const extreme = (models: readonly string[]): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom(...DEPTHS), fc.constantFrom('[', '{"a":', '[{"b":['), fc.boolean())
      .map(([n, open, closed]) => {
        const shut = { '[': ']', '{"a":': '}', '[{"b":[': ']}]' }[open] ?? ''
        const deep = closed ? `${open.repeat(n)}1${shut.repeat(n)}` : open.repeat(n)
        return Buffer.from(
          `{"model":"${models[0]}","messages":[{"role":"user","content":"a"}],"max_tokens":1,"extra":${deep}}`,
        )
      }),
    fc.constantFrom(1, 100, 5_000).map((n) => {
      const keys = Array.from({ length: n }, (_, index) => `"k${index}":${index}`)
      return Buffer.from(`{"model":"${models[0]}","prompt":"a","max_tokens":1,${keys.join(',')}}`)
    }),
    fc
      .constantFrom('9'.repeat(5_000), '-'.repeat(50), '1e400', '0x10', 'NaN', '.5', '1.', '01')
      .map((n) => Buffer.from(`{"model":"${models[0]}","prompt":"a","max_tokens":${n}}`)),
    fc
      .constantFrom('', ' ', 'null', '[]', '1', '"a"', 'true', '{}', '{"model":null}', '\ufeff{}')
      .map((each) => Buffer.from(each)),
    fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each)),
    fc.jsonValue({ maxDepth: 5 }).map((each) => Buffer.from(JSON.stringify(each))),
  )

/** A path and a body for it. */
export const arbitraryBody = (models: readonly string[]): fc.Arbitrary<{ path: Path; body: Buffer }> =>
  fc.oneof(
    ...paths.map((path) => ({
      weight: path === '/v1/chat/completions' ? 8 : 4,
      arbitrary: usual(path, models).map((body) => ({ path, body })),
    })),
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...paths), extreme(models)).map(([path, body]) => ({ path, body })),
    },
  )
