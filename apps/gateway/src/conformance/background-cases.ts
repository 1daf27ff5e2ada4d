/** What is answered later: background responses, polled, followed, resumed, cancelled and erased; queued completions and jobs. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { streamText } from 'ai'
import OpenAI from 'openai'
import { hello } from './ask-chat.ts'
import type { Client, ConformanceCase, Mode } from './conformance-case.ts'
import { AWAY_COUNTRY, type ConformanceWorld } from './conformance-world.ts'
import { refuses } from './error-cases.ts'

type Response = OpenAI.Responses.Response
type Event = OpenAI.Responses.ResponseStreamEvent
const END_MS_MAX = 180_000
const LOOK_MS = 50
const over: ReadonlySet<unknown> = new Set(['completed', 'failed', 'cancelled', 'incomplete', 'succeeded'])

const later = (
  area: 'responses' | 'queued',
  feature: string,
  run: ConformanceCase['run'],
  more: { client?: Client; mode?: Mode; proves?: readonly string[] } = {},
): ConformanceCase => ({ area, feature, client: 'openai', mode: 'whole', ...more, run })

const begin = ({ openai, model }: ConformanceWorld, input = 'Hi') =>
  openai.responses.create({ model, input, background: true, metadata: { a: 'b' } })

async function ended<T extends { status?: unknown }>(read: () => Promise<T>): Promise<T> {
  const until = Date.now() + END_MS_MAX
  for (;;) {
    const now = await read()
    if (over.has(now.status)) return now
    assert.ok(Date.now() < until, `still ${String(now.status)}`)
    await sleep(LOOK_MS)
  }
}

const endOf = ({ openai }: ConformanceWorld, { id }: Pick<Response, 'id'>) => ended(() => openai.responses.retrieve(id))

async function eventsOf(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of stream) events.push(event)
  return events
}

const jobOf = async ({ get }: ConformanceWorld, id: string): Promise<Record<string, unknown>> =>
  (await (await get(`/v1/jobs/${id}`)).json()) as Record<string, unknown>

export const backgroundCases: readonly ConformanceCase[] = [
  later('responses', '`background: true`: queued, then polled to its end', async (world) => {
    const first = await begin(world)
    assert.deepEqual([first.status, first.background], ['queued', true])
    const last = await endOf(world, first)
    assert.deepEqual([last.status, last.output_text], ['completed', 'one two three four'])
    assert.deepEqual([last.usage?.output_tokens, last.metadata], [4, { a: 'b' }])
  }),
  later(
    'responses',
    '`background: true`: followed, and resumed after any event',
    async (world) => {
      const { openai, model } = world
      const events = await eventsOf(
        await openai.responses.create({ model, input: 'Hi', background: true, stream: true }),
      )
      const text = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')
      assert.deepEqual([text, events.at(-1)?.type], ['one two three four', 'response.completed'])
      const [created] = events
      const id = created?.type === 'response.created' ? created.response.id : ''
      const resumed = await eventsOf(await openai.responses.retrieve(id, { stream: true, starting_after: 1 }))
      assert.deepEqual(resumed, events.slice(2))
    },
    { mode: 'stream' },
  ),
  later('responses', '`responses.inputItems.list` of a background response', async (world) => {
    const { openai, model } = world
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: [{ type: 'input_text', text: 'And now?' }] },
    ]
    const { id } = await openai.responses.create({ model, instructions: 'Be short.', input, background: true })
    const items: unknown[] = []
    for await (const item of openai.responses.inputItems.list(id, { order: 'asc', limit: 2 })) items.push(item)
    assert.deepEqual(
      items.map((item) => {
        const { role, content } = item as OpenAI.Responses.ResponseInputMessageItem
        return [role, ...content.map((part) => (part as { text: string }).text)]
      }),
      [
        ['user', 'Hi'],
        ['assistant', 'Hello'],
        ['user', 'And now?'],
      ],
    )
    const newest = await openai.responses.inputItems.list(id, { limit: 1 })
    assert.deepEqual([newest.data, newest.has_more], [items.slice(-1), true])
    await openai.responses.delete(id)
    await assert.rejects(openai.responses.inputItems.list(id), OpenAI.NotFoundError)
  }),
  {
    area: 'responses',
    feature: '`responses.inputTokens.count`',
    client: 'openai',
    mode: 'whole',
    refused: 'only the engine that serves a request has its tokenizer; the answer’s usage counts',
    async run({ openai, model }) {
      const refusal: unknown = await openai.responses.inputTokens.count({ model, input: 'Hi' }).catch((e: unknown) => e)
      assert.ok(refusal instanceof OpenAI.NotFoundError)
      assert.match(refusal.message, /tokenizer/)
    },
  },
  later('responses', '`background: true`: cancel', async (world) => {
    const first = await begin(world, 'SLOW')
    assert.equal((await world.openai.responses.cancel(first.id)).status, 'cancelled')
    assert.equal((await world.openai.responses.cancel(first.id)).status, 'cancelled')
  }),
  later('responses', '`background: true`: delete', async (world) => {
    const first = await endOf(world, await begin(world))
    await world.openai.responses.delete(first.id)
    await assert.rejects(world.openai.responses.retrieve(first.id), OpenAI.NotFoundError)
  }),
  later('responses', '`background: true`: refused by the engine, `failed` with its reason', async (world) => {
    const last = await endOf(world, await begin(world, 'REFUSE'))
    assert.deepEqual([last.status, last.error?.code], ['failed', 'invalid_request'])
  }),
  later(
    'responses',
    '`background: true`: its node fails after text was shown, event `response_restarted`',
    async ({ openai, model }) => {
      const stream = await openai.responses.create({ model, input: 'BREAK', background: true, stream: true })
      const seen: unknown[] = []
      let id = ''
      const reading = (async () => {
        for await (const event of stream) {
          seen.push(event.type === 'error' ? event.code : event.type)
          if (event.type === 'response.created') ({ id } = event.response)
        }
      })()
      await reading.catch((error: unknown) => seen.push(error instanceof OpenAI.APIError ? error.code : error))
      await openai.responses.cancel(id)
      assert.equal(seen.at(-1), 'response_restarted', seen.join(', '))
    },
    { mode: 'stream', proves: ['response_restarted'] },
  ),
  later(
    'queued',
    '`x-isochrone-queue: 1`, then `GET /v1/jobs/{id}`',
    async (world) => {
      const { post, model } = world
      const response = await post('/v1/chat/completions', { model, messages: hello }, { 'x-isochrone-queue': '1' })
      const job = (await response.json()) as { id: string; status: string }
      assert.deepEqual([response.status, job.status], [202, 'queued'])
      const last = await ended(() => jobOf(world, job.id))
      const { choices } = last.response as OpenAI.ChatCompletion
      assert.deepEqual(
        [last.status, last.http_status, choices[0]?.message.content],
        ['succeeded', 200, 'one two three four'],
      )
    },
    { client: 'fetch' },
  ),
  later(
    'queued',
    '`Prefer: wait=60`: the completion itself, as if it had not been queued',
    async ({ openai, model }) => {
      const headers = { 'x-isochrone-queue': '1', prefer: 'wait=60' }
      const answer = await openai.chat.completions.create({ model, messages: hello }, { headers })
      assert.equal(answer.choices[0]?.message.content, 'one two three four')
    },
  ),
  later(
    'queued',
    '`Prefer: wait=60` with `stream: true`: the stream, choices, tools and usage as ever',
    async (world) => {
      const { openai, model } = world
      const options = { headers: { 'x-isochrone-queue': '1', prefer: 'wait=60' } }
      const tools: OpenAI.Chat.ChatCompletionTool[] = ['a', 'b'].map((name) => ({
        type: 'function',
        function: { name },
      }))
      for (const params of [{ n: 2, logprobs: true, max_tokens: 100 }, { tools }]) {
        const body = { model, messages: hello, ...params }
        const whole = await openai.chat.completions.create(body, options)
        const stream = openai.chat.completions.stream({ ...body, stream_options: { include_usage: true } }, options)
        const { choices, usage } = await stream.finalChatCompletion()
        const said = (all: typeof whole.choices) =>
          all.map(({ message: { content, tool_calls: calls }, finish_reason: finish, logprobs }) => ({
            content,
            calls: calls?.map((call) => (call.type === 'function' ? [call.id, call.function.arguments] : call)),
            finish,
            logprobs: logprobs?.content?.length,
          }))
        assert.deepEqual(said(choices), said(whole.choices))
        assert.deepEqual(usage, whole.usage)
      }
      const parts: string[] = []
      const text = { model, prompt: 'Hi', stream: true } as const
      for await (const { choices } of await openai.completions.create(text, options))
        parts.push(choices[0]?.text ?? '', choices[0]?.finish_reason ?? '')
      assert.equal(parts.join(''), 'one two three fourstop')
    },
    { mode: 'stream' },
  ),
  later(
    'queued',
    '`Prefer: wait=60` with `stream: true`, by its provider',
    async ({ compatible, model }) => {
      const headers = { 'x-isochrone-queue': '1', prefer: 'wait=60' }
      const { textStream } = streamText({ model: compatible(model), prompt: 'Hi', maxRetries: 0, headers })
      const parts: string[] = []
      for await (const part of textStream) parts.push(part)
      assert.equal(parts.join(''), 'one two three four')
    },
    { client: 'ai-sdk', mode: 'stream' },
  ),
  later(
    'queued',
    '`Prefer: wait=60` with `stream: true` under an idempotency key: the same stream again',
    async ({ post, model }) => {
      const headers = { 'x-isochrone-queue': '1', prefer: 'wait=60', 'idempotency-key': crypto.randomUUID() }
      const ask = () => post('/v1/chat/completions', { model, messages: hello, stream: true }, headers)
      const [first, again] = [await ask(), await ask()]
      assert.match(first.headers.get('content-type') ?? '', /^text\/event-stream/)
      assert.equal(again.headers.get('content-type'), first.headers.get('content-type'))
      const text = await first.text()
      assert.equal(text.split('\n\n').at(-2), 'data: [DONE]')
      assert.deepEqual(
        [await again.text(), again.headers.get('x-isochrone-job')],
        [text, first.headers.get('x-isochrone-job')],
      )
    },
    { client: 'fetch', mode: 'stream' },
  ),
  later('queued', '`x-isochrone-wait-ms`: answered at once where there is room', async ({ openai, model }) => {
    const headers = { 'x-isochrone-wait-ms': '60000' }
    const answer = await openai.chat.completions.create({ model, messages: hello }, { headers })
    assert.equal(answer.choices[0]?.message.content, 'one two three four')
  }),
  later(
    'queued',
    '`POST /v1/jobs/{id}/cancel`, `DELETE /v1/jobs/{id}`',
    async (world) => {
      const { post, model } = world
      const body = { model, messages: [{ role: 'user', content: 'SLOW' }] }
      const { id } = (await (await post('/v1/chat/completions', body, { 'x-isochrone-queue': '1' })).json()) as {
        id: string
      }
      assert.equal((await post(`/v1/jobs/${id}/cancel`, '{}')).status, 200)
      assert.equal((await jobOf(world, id)).status, 'cancelled')
      const again = await post(`/v1/jobs/${id}/cancel`, '{}')
      assert.equal(again.status, 409)
      const gone = await fetch(`${world.url}/v1/jobs/${id}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${world.apiKey}` },
      })
      assert.equal(gone.status, 200)
    },
    { client: 'fetch' },
  ),
  later(
    'queued',
    'nobody can take it before its deadline: the job fails with `job_deadline_exceeded`',
    async (world) => {
      const { post, model } = world
      const body = { model, messages: hello, routing: { regions: [AWAY_COUNTRY] } }
      const headers = { 'x-isochrone-queue': '1', 'x-isochrone-wait-ms': '200' }
      const { id } = (await (await post('/v1/chat/completions', body, headers)).json()) as { id: string }
      const { http_status: status, error: answer } = await ended(() => jobOf(world, id))
      const { error } = answer as { error: Record<string, unknown> }
      const { type, code, owner } = error
      assert.deepEqual([status, type, code, owner], [504, 'timeout', 'job_deadline_exceeded', 'client'])
      assert.match(String(error.request_id), /^req_/)
      const waited = await post('/v1/chat/completions', body, { ...headers, prefer: 'wait=60' })
      assert.deepEqual([waited.status, waited.headers.get('x-should-retry')], [504, 'false'])
    },
    { client: 'fetch', proves: ['job_deadline_exceeded'] },
  ),
  refuses(
    'queued work that no engine inside its policy could serve, at once and not at its deadline',
    { status: 400, code: 'context_length_exceeded', param: 'max_tokens' },
    ({ post, model }) =>
      post(
        '/v1/chat/completions',
        { model, messages: hello, max_tokens: 1_000_000, routing: { exclude: ['node_2'] } },
        { 'x-isochrone-queue': '1' },
      ),
  ),
  refuses('cancelling a job whose row is held for too long', { status: 503, code: 'busy' }, async (world) => {
    // It waits for a node that never comes, so nobody else touches its row.
    const body = { model: world.model, messages: hello, routing: { regions: [AWAY_COUNTRY] } }
    const accepted = await world.post('/v1/chat/completions', body, { 'x-isochrone-queue': '1' })
    const { id } = (await accepted.json()) as { id: string }
    const cancel = () => world.post(`/v1/jobs/${id}/cancel`, '{}')
    const told = await world.holdJob(id, cancel)
    assert.match(told.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
    // Told so, nothing was done; asked again, it is.
    assert.notEqual((await jobOf(world, id)).status, 'cancelled')
    assert.equal((await cancel()).status, 200)
    assert.equal((await jobOf(world, id)).status, 'cancelled')
    return told
  }),
  refuses(
    'queued work whose store is outside the residency',
    { status: 403, code: 'permission_denied' },
    ({ other, model }) =>
      other.post(
        '/v1/chat/completions',
        { model, messages: hello },
        { 'x-isochrone-queue': '1', authorization: 'Bearer iso_inside' },
      ),
  ),
]
