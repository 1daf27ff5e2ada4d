/** Bad input and what goes wrong behind the gateway: each as the typed error that the official client throws. */
import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { hello } from './ask-chat.ts'
import type { ConformanceCase } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'
import { everyWay, mustBe, ofResponse, refusesAll, type Expected } from './refusals.ts'

const MIB = 1024 * 1024

export function refuses(
  feature: string,
  expected: Expected,
  send: (world: ConformanceWorld) => Promise<Response>,
): ConformanceCase {
  return {
    area: 'errors',
    feature: `${feature}: ${expected.status} \`${expected.code}\``,
    client: 'fetch',
    mode: 'whole',
    proves: [expected.code],
    async run(world) {
      mustBe(await ofResponse(await send(world)), expected)
    },
  }
}

const chat = '/v1/chat/completions'
const TOOL = { type: 'function', function: { name: 'f' } }

export const errorCases: readonly ConformanceCase[] = [
  refuses('content type other than JSON', { status: 415, code: 'unsupported_media_type' }, ({ post }) =>
    post(chat, '{}', { 'content-type': 'text/plain' }),
  ),
  refuses('a compressed body', { status: 415, code: 'unsupported_media_type' }, async ({ post }) => {
    const response = await post(chat, '{}', { 'content-encoding': 'gzip' })
    assert.equal(response.headers.get('accept-encoding'), 'identity')
    assert.match(await response.clone().text(), /'gzip' is not read here/)
    return response
  }),
  refuses('a form where JSON is read', { status: 415, code: 'unsupported_media_type' }, ({ post }) =>
    post(chat, `--x\r\n\r\n${' '.repeat(12 * MIB)}\r\n--x--`, { 'content-type': 'multipart/form-data; boundary=x' }),
  ),
  refuses('invalid JSON, with its position', { status: 400, code: 'invalid_request' }, async ({ post }) => {
    const response = await post(chat, '{"model": "x",\n  "messages" 1}')
    assert.match(await response.clone().text(), /line 2, column 1\d/)
    return response
  }),
  ...refusesAll(
    'wrong type of a field',
    { status: 400, code: 'invalid_request', param: 'logit_bias' },
    ({ model }, told) => told({ model, content: 'Hi', body: { logit_bias: 'hot' } }),
  ),
  ...refusesAll(
    'field that no engine of the model supports',
    { status: 400, code: 'unsupported_field', param: 'tools' },
    ({ demoModel: model }, told) => told({ model, content: 'Hi', body: { tools: [TOOL] } }),
    // The AI SDK has its own words for tools, and its own error for those that it cannot read.
    everyWay.filter(({ client }) => client !== 'ai-sdk'),
  ),
  ...refusesAll('refused by the engine', { status: 400, code: 'invalid_request' }, ({ model }, told) =>
    told({ model, content: 'REFUSE' }),
  ),
  ...refusesAll(
    'more tokens asked for than the context holds',
    { status: 400, code: 'context_length_exceeded', param: 'max_completion_tokens' },
    ({ model }, told) => told({ model, content: 'Hi', body: { max_completion_tokens: 1_000_000 } }),
  ),
  ...refusesAll(
    'price cap below every price',
    { status: 400, code: 'price_cap_below_every_price', param: 'routing.max_price.output' },
    ({ model }, told) => told({ model, content: 'Hi', body: { routing: { max_price: { output: 0.000001 } } } }),
  ),
  ...refusesAll('unknown key', { status: 401, code: 'invalid_api_key' }, async ({ model }, told) => {
    const refusal = await told({ tenant: 'nobody', model, content: 'Hi' })
    assert.equal(refusal?.header('www-authenticate'), 'Bearer')
    return refusal
  }),
  ...refusesAll('unknown model', { status: 404, code: 'model_not_found', param: 'model' }, (_world, told) =>
    told({ model: 'none', content: 'Hi' }),
  ),
  refuses('unknown path', { status: 404, code: 'not_found' }, ({ post }) => post('/v1/nothing', {})),
  ...refusesAll('engine fails before the first token', { status: 502, code: 'provider_failed' }, ({ model }, told) =>
    told({ model, content: 'FAIL' }),
  ),
  refuses('idempotency key with another body', { status: 409, code: 'state_conflict' }, async ({ post, model }) => {
    const key = { 'idempotency-key': 'k-conflict' }
    assert.equal((await post(chat, { model, messages: hello }, key)).status, 200)
    return post(chat, { model, messages: hello, max_tokens: 2 }, key)
  }),
  refuses(
    'idempotency key whose store is outside the residency',
    { status: 403, code: 'permission_denied' },
    ({ other, model }) =>
      other.post(
        chat,
        { model, messages: hello },
        { 'idempotency-key': 'k-outside', authorization: 'Bearer iso_inside' },
      ),
  ),
  ...refusesAll(
    'no node inside the policy, not to be retried',
    { status: 503, code: 'capacity_unavailable' },
    async ({ model }, told) => {
      const refusal = await told({ model, content: 'Hi', body: { routing: { regions: ['NZ'] } } })
      assert.equal(refusal?.header('retry-after'), null)
      return refusal
    },
  ),
  {
    area: 'errors',
    feature: 'typed error classes',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model, url }) {
      const stranger = new OpenAI({ apiKey: 'nobody', baseURL: `${url}/v1`, maxRetries: 0 })
      await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError)
      await assert.rejects(openai.chat.completions.create({ model: 'none', messages: hello }), OpenAI.NotFoundError)
      await assert.rejects(openai.chat.completions.create({ model, messages: [] }), OpenAI.BadRequestError)
      const failing = [{ role: 'user' as const, content: 'FAIL' }]
      await assert.rejects(openai.chat.completions.create({ model, messages: failing }), OpenAI.InternalServerError)
    },
  },
  {
    area: 'errors',
    feature: 'engine dies in the middle: an error frame, no `[DONE]`',
    client: 'openai',
    mode: 'stream',
    async run({ openai, model }) {
      let text = ''
      const messages = [{ role: 'user' as const, content: 'DIE' }]
      const reading = (async () => {
        for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true })) {
          text += chunk.choices[0]?.delta.content ?? ''
        }
      })()
      await assert.rejects(reading, OpenAI.APIError)
      assert.equal(text, 'one two')
    },
  },
]
