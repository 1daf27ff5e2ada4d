/** Text completions, responses, embeddings and models by plain `fetch`: what a program without a client sends and reads. */
import assert from 'node:assert/strict'
import type OpenAI from 'openai'
import type { ConformanceCase, Mode } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'

interface Event {
  type: string | null
  data: Record<string, unknown>
}

async function whole<Body>(response: Response): Promise<Body> {
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Body
}

/** Server-sent events, without the `[DONE]` that ends some streams. */
async function eventsOf(response: Response): Promise<Event[]> {
  const text = await response.text()
  assert.equal(response.status, 200, text)
  const events = text
    .split('\n\n')
    .filter((event) => event !== '' && !event.startsWith(':') && event !== 'data: [DONE]')
  return events.map((event) => ({
    type: /^event: (.*)$/m.exec(event)?.[1] ?? null,
    data: JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '') as Record<string, unknown>,
  }))
}

const byFetch = (
  area: string,
  feature: string,
  mode: Mode,
  run: (world: ConformanceWorld) => Promise<void>,
): ConformanceCase => ({ area, feature, client: 'fetch', mode, run })

export const fetchCases: readonly ConformanceCase[] = [
  byFetch('completions', '`prompt`, `logprobs`, `echo`, `suffix`, `stop`', 'whole', async ({ post, model }) => {
    const asked = { model, prompt: 'Say', echo: true, suffix: '.', logprobs: 1, stop: 'four' }
    const { choices } = await whole<OpenAI.Completion>(await post('/v1/completions', asked))
    assert.equal(choices[0]?.text.trim(), 'Say one two three')
  }),
  byFetch('completions', '`prompt`, `max_tokens`', 'stream', async ({ post, model }) => {
    const asked = { model, prompt: 'Say', max_tokens: 2, stream: true }
    const chunks = (await eventsOf(await post('/v1/completions', asked))).map(
      ({ data }) => data as { choices: unknown },
    )
    const texts = chunks.flatMap(({ choices }) => (choices as { text: string }[]).map(({ text }) => text))
    assert.equal(texts.join(''), 'one two')
  }),
  byFetch('responses', '`input` text, `instructions`, usage, `metadata`', 'whole', async ({ post, model }) => {
    const asked = { model, input: 'Hi', instructions: 'Be brief.', metadata: { a: 'b' }, store: false }
    const answer = await whole<OpenAI.Responses.Response>(await post('/v1/responses', asked))
    assert.deepEqual([answer.status, answer.usage?.output_tokens, answer.metadata], ['completed', 4, { a: 'b' }])
    assert.match(JSON.stringify(answer.output), /"one two three four"/)
  }),
  byFetch('responses', 'typed events, numbered, with usage at the end', 'stream', async ({ post, model }) => {
    const events = await eventsOf(await post('/v1/responses', { model, input: 'Hi', stream: true }))
    assert.deepEqual(
      events.map(({ data }) => data.sequence_number),
      events.map((_event, index) => index),
    )
    assert.ok(events.every(({ type, data }) => type === data.type))
    const last = events.at(-1)?.data as { type: string; response: OpenAI.Responses.Response } | undefined
    assert.deepEqual([last?.type, last?.response.usage?.output_tokens], ['response.completed', 4])
  }),
  byFetch('embeddings', '`input` array, `dimensions`', 'whole', async ({ post, model }) => {
    const asked = { model, input: ['a', 'b'], dimensions: 3 }
    const { data } = await whole<{ data: { embedding: number[] }[] }>(await post('/v1/embeddings', asked))
    assert.deepEqual(
      data.map(({ embedding }) => embedding.length),
      [3, 3],
    )
  }),
  byFetch('models', 'list and retrieve', 'whole', async ({ get, model }) => {
    const { data } = await whole<{ data: { id: string }[] }>(await get('/v1/models'))
    assert.ok(data.some(({ id }) => id === model))
    assert.equal((await whole<{ id: string }>(await get(`/v1/models/${model}`))).id, model)
  }),
]
