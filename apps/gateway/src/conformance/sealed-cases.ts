/** Sealed requests through the official client: what works under the seal, and what is refused instead of sent in clear. */
import assert from 'node:assert/strict'
import { sealedFetch } from '@isochrone/client'
import OpenAI from 'openai'
import { hello } from './ask-chat.ts'
import { weather } from './chat-cases.ts'
import type { Client, ConformanceCase, Mode } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'

const sealedClient = ({ url, apiKey }: ConformanceWorld) =>
  new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0, fetch: sealedFetch({ trustGateway: true }) })

const sealed = (
  feature: string,
  mode: Mode,
  run: (world: ConformanceWorld, openai: OpenAI) => Promise<void>,
  more: { client?: Client; refused?: string } = {},
): ConformanceCase => ({
  area: 'sealed',
  feature,
  client: 'openai',
  mode,
  ...more,
  run: (world) => run(world, sealedClient(world)),
})

const modes: readonly Mode[] = ['whole', 'stream']
const unsealable = 'the helper sends nothing that it cannot seal'

export const sealedCases: readonly ConformanceCase[] = [
  ...modes.map((mode) =>
    sealed('chat', mode, async ({ model, upstream }, openai) => {
      const ask = { model, messages: hello, max_tokens: 16 }
      if (mode === 'whole') {
        const { choices, usage } = await openai.chat.completions.create(ask)
        assert.deepEqual([choices[0]?.message.content, choices[0]?.finish_reason], ['one two three four', 'stop'])
        assert.equal(usage?.completion_tokens, 4)
      } else {
        let text = ''
        const options = { stream: true, stream_options: { include_usage: true } } as const
        let tokens
        for await (const chunk of await openai.chat.completions.create({ ...ask, ...options })) {
          text += chunk.choices[0]?.delta.content ?? ''
          tokens = chunk.usage?.completion_tokens ?? tokens
        }
        assert.deepEqual([text, tokens], ['one two three four', 4])
      }
      assert.deepEqual(upstream.received.at(-1)?.body.messages, hello)
    }),
  ),
  ...modes.map((mode) =>
    sealed('text completion', mode, async ({ model }, openai) => {
      const ask = { model, prompt: 'Hi', max_tokens: 16 }
      let text = ''
      if (mode === 'whole') text = (await openai.completions.create(ask)).choices[0]?.text ?? ''
      else {
        for await (const chunk of await openai.completions.create({ ...ask, stream: true })) {
          text += chunk.choices[0]?.text ?? ''
        }
      }
      assert.equal(text, 'one two three four')
    }),
  ),
  sealed('tools, `n`, log-probabilities and images', 'whole', async ({ model }, openai) => {
    const ask = { model, messages: hello, max_tokens: 16 }
    const called = await openai.chat.completions.create({ ...ask, tools: weather })
    const [call] = called.choices[0]?.message.tool_calls ?? []
    assert.deepEqual(call?.type === 'function' && call.function, { name: 'weather', arguments: '{"city":"Bern"}' })
    const several = await openai.chat.completions.create({ ...ask, n: 2, logprobs: true })
    assert.equal(several.choices.length, 2)
    assert.equal(several.choices[1]?.logprobs?.content?.length, 4)
    const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AA==' } }
    const seen = await openai.chat.completions.create({ ...ask, messages: [{ role: 'user', content: [image] }] })
    assert.match(seen.choices[0]?.message.content ?? '', /image/)
  }),
  sealed('prompt in clear beside the seal: 400 `invalid_request`', 'whole', refusedMix, { client: 'fetch' }),
  sealed(
    'embeddings',
    'whole',
    async ({ model }, openai) => {
      const refusal = openai.embeddings.create({ model, input: 'Hi' })
      await assert.rejects(
        refusal,
        (error: unknown) => error instanceof OpenAI.APIError && error.code === 'sealed_unsupported',
      )
    },
    { refused: unsealable },
  ),
  sealed(
    'responses',
    'whole',
    async ({ model }, openai) => {
      const refusal = openai.responses.create({ model, input: 'Hi' })
      await assert.rejects(
        refusal,
        (error: unknown) => error instanceof OpenAI.APIError && error.code === 'sealed_unsupported',
      )
    },
    { refused: unsealable },
  ),
]

async function refusedMix({ post, model }: ConformanceWorld): Promise<void> {
  const response = await post('/v1/chat/completions', { model, messages: hello, max_tokens: 16, sealed: {} })
  const { error } = (await response.json()) as { error: { code: string; param: string } }
  assert.deepEqual([response.status, error.code, error.param], [400, 'invalid_request', 'messages'])
}
