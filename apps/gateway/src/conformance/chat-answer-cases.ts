/** What stands around the text of a chat completion: usage and cost, headers, retries under a key, a client that leaves. */
import assert from 'node:assert/strict'
import type OpenAI from 'openai'
import { hello } from './ask-chat.ts'
import type { ConformanceCase } from './conformance-case.ts'

export const chatAnswerCases: readonly ConformanceCase[] = [
  {
    area: 'chat',
    feature: '`stream_options.include_usage`, cost and node in the last chunk',
    client: 'openai',
    mode: 'stream',
    async run({ openai, model }) {
      const ids = new Set<string>()
      let last: OpenAI.Chat.ChatCompletionChunk | undefined
      const stream = await openai.chat.completions.create({
        model,
        messages: hello,
        stream: true,
        stream_options: { include_usage: true },
      })
      for await (const chunk of stream) {
        ids.add(chunk.id)
        last = chunk
      }
      assert.equal(ids.size, 1)
      assert.equal(last?.usage?.completion_tokens, 4)
      assert.equal(last?.usage?.prompt_tokens_details?.cached_tokens, 4)
      assert.match((last as unknown as { isochrone: { priceMicroUsd: string } }).isochrone.priceMicroUsd, /^\d+$/)
    },
  },
  {
    area: 'chat',
    feature: '`x-request-id`, cost, node, region, rate limits in headers',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model }) {
      const { response, data } = await openai.chat.completions.create({ model, messages: hello }).withResponse()
      const header = (name: string) => response.headers.get(name) ?? ''
      assert.match(header('x-request-id'), /^req_/)
      assert.match(header('x-isochrone-node'), /^node_/)
      assert.equal(header('x-isochrone-region'), 'local')
      assert.equal(
        header('x-isochrone-cost-micro-usd'),
        (data as unknown as { isochrone: { priceMicroUsd: string } }).isochrone.priceMicroUsd,
      )
      assert.ok(Number(header('x-ratelimit-remaining-requests')) < Number(header('x-ratelimit-limit-requests')))
      assert.match(header('x-ratelimit-reset-requests'), /^[\d.]+(ms|s)$/)
    },
  },
  ...(['whole', 'stream'] as const).map((mode): ConformanceCase => ({
    area: 'chat',
    feature: '`Idempotency-Key`: a retry gets the same answer, billed once',
    client: 'fetch',
    mode,
    async run({ post, model, upstream }) {
      const before = upstream.received.length
      const body = { model, messages: hello, stream: mode === 'stream' }
      const key = { 'idempotency-key': `k-${mode}` }
      const answers = await Promise.all([1, 2, 3].map(() => post('/v1/chat/completions', body, key)))
      const texts = await Promise.all(answers.map((answer) => answer.text()))
      assert.equal(new Set(texts).size, 1)
      assert.equal(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size, 1)
      assert.equal(upstream.received.length, before + 1)
    },
  })),
  {
    area: 'chat',
    feature: 'the client leaves: `AbortSignal`',
    client: 'openai',
    mode: 'stream',
    async run({ openai, demoModel }) {
      const gone = new AbortController()
      const stream = await openai.chat.completions.create(
        { model: demoModel, messages: hello, max_tokens: 500, stream: true },
        { signal: gone.signal },
      )
      let chunks = 0
      for await (const _chunk of stream) if (++chunks === 3) gone.abort()
      assert.ok(chunks < 500)
    },
  },
  ...(['whole', 'stream'] as const).map((mode): ConformanceCase => ({
    area: 'chat',
    feature: 'messages on the built-in engine',
    client: 'fetch',
    mode,
    async run({ post, demoModel }) {
      const response = await post('/v1/chat/completions', {
        model: demoModel,
        messages: hello,
        max_tokens: 8,
        seed: 1,
        stream: mode === 'stream',
      })
      assert.equal(response.status, 200)
      const text = await response.text()
      if (mode === 'stream') assert.ok(text.endsWith('data: [DONE]\n\n'))
      else assert.ok((JSON.parse(text) as OpenAI.Chat.ChatCompletion).usage?.completion_tokens)
    },
  })),
]
