/** Files and batches with the official client: upload, run, read, cancel, and what is refused of them. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { BATCH_LINES_MAX, batchFaults } from '@isochrone/domain'
import OpenAI, { toFile } from 'openai'
import type { Client, ConformanceCase } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'

type Endpoint = OpenAI.BatchCreateParams['endpoint']
type Line = Record<string, unknown>

/** Of a batch as a whole. */
const ofBatch: ReadonlySet<string> = new Set(['empty_file', 'too_many_lines', 'file_not_found', 'key_revoked'])
const END_MS_MAX = 180_000
const LOOK_MS = 50
const over: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'expired'])

const batch = (
  feature: string,
  run: ConformanceCase['run'],
  more: { client?: Client; proves?: readonly string[] } = {},
): ConformanceCase => ({
  area: 'batches',
  feature,
  client: 'openai',
  mode: 'whole',
  run,
  ...more,
})

const chatLine = ({ model }: ConformanceWorld, id: string, content = 'Hi', more: Line = {}): Line => ({
  custom_id: id,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model, messages: [{ role: 'user', content }] },
  ...more,
})

async function upload({ openai }: ConformanceWorld, lines: readonly (Line | string)[]) {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  return await openai.files.create({ file: await toFile(Buffer.from(text), 'in.jsonl'), purpose: 'batch' })
}

async function create(
  world: ConformanceWorld,
  lines: readonly (Line | string)[],
  endpoint: Endpoint = '/v1/chat/completions',
) {
  const { id } = await upload(world, lines)
  const params = { input_file_id: id, endpoint, completion_window: '24h', metadata: { a: 'b' } } as const
  return await world.openai.batches.create(params)
}

async function endOf({ openai }: ConformanceWorld, { id }: { id: string }): Promise<OpenAI.Batch> {
  const until = Date.now() + END_MS_MAX
  for (;;) {
    const now = await openai.batches.retrieve(id)
    if (over.has(now.status)) return now
    assert.ok(Date.now() < until, `still ${now.status}: ${JSON.stringify(now.request_counts)}`)
    await sleep(LOOK_MS)
  }
}

async function linesOf({ openai }: ConformanceWorld, fileId: string | undefined): Promise<Line[]> {
  const text = await (await openai.files.content(fileId ?? '')).text()
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

const runs = (endpoint: Endpoint, body: (world: ConformanceWorld) => Line, check: (answer: Line) => void) =>
  batch(`\`${endpoint}\` in a batch`, async (world) => {
    const lines = ['a', 'b'].map((id) => ({ custom_id: id, method: 'POST', url: endpoint, body: body(world) }))
    const last = await endOf(world, await create(world, lines, endpoint))
    assert.equal(last.status, 'completed', JSON.stringify(last))
    const written = await linesOf(world, last.output_file_id)
    assert.deepEqual(
      written.map((line) => line.custom_id),
      ['a', 'b'],
    )
    for (const { response } of written) {
      const { status_code: status, body: answer } = response as { status_code: number; body: Line }
      assert.equal(status, 200)
      check(answer)
    }
  })

export const batchCases: readonly ConformanceCase[] = [
  batch('`files.create`, `retrieve`, `list`, `content`, `delete`', async (world) => {
    const { files } = world.openai
    const file = await upload(world, [chatLine(world, 'a')])
    assert.deepEqual(
      [file.object, file.purpose, file.filename, file.status],
      ['file', 'batch', 'in.jsonl', 'processed'],
    )
    assert.equal((await files.retrieve(file.id)).bytes, file.bytes)
    const listed: string[] = []
    for await (const each of files.list({ limit: 2 })) listed.push(each.id)
    assert.ok(listed.includes(file.id))
    assert.equal((await (await files.content(file.id)).text()).length, file.bytes)
    assert.deepEqual(await files.delete(file.id), { id: file.id, object: 'file', deleted: true })
    await assert.rejects(files.retrieve(file.id), OpenAI.NotFoundError)
  }),
  batch('`batches.create` to its end: one answer for each line, those that fail in the error file', async (world) => {
    const lines = Array.from({ length: 12 }, (_, i) => chatLine(world, `line ${i}`, i === 5 ? 'REFUSE' : 'Hi'))
    const first = await create(world, [...lines, ''])
    assert.deepEqual([first.status, first.object, first.metadata], ['validating', 'batch', { a: 'b' }])
    const last = await endOf(world, first)
    assert.equal(last.status, 'completed', JSON.stringify(last.errors))
    assert.deepEqual(last.request_counts, { total: 12, completed: 11, failed: 1 })
    const [written, failed] = [await linesOf(world, last.output_file_id), await linesOf(world, last.error_file_id)]
    const ids = [...written, ...failed].map((line) => String(line.custom_id))
    assert.deepEqual(new Set(ids), new Set(lines.map((line) => line.custom_id)))
    assert.equal(ids.length, 12)
    const responses = [failed, written].map(([line]) => line?.response as { status_code: number; body: unknown })
    assert.deepEqual(
      responses.map((response) => response.status_code),
      [400, 200],
    )
    const answer = responses[1]?.body as OpenAI.ChatCompletion | undefined
    assert.equal(answer?.choices[0]?.message.content, 'one two three four')
  }),
  runs(
    '/v1/completions',
    ({ model }) => ({ model, prompt: 'Hi' }),
    (answer) => assert.equal(answer.object, 'text_completion'),
  ),
  runs(
    '/v1/embeddings',
    ({ model }) => ({ model, input: 'Hi' }),
    (answer) => assert.equal(answer.object, 'list'),
  ),
  runs(
    '/v1/responses',
    ({ model }) => ({ model, input: 'Hi' }),
    (answer) => assert.equal(answer.object, 'response'),
  ),
  batch('`batches.list`', async (world) => {
    const { id } = await create(world, [chatLine(world, 'a')])
    const ids: string[] = []
    for await (const each of world.openai.batches.list({ limit: 2 })) ids.push(each.id)
    assert.equal(ids[0], id)
    assert.equal(new Set(ids).size, ids.length)
    await endOf(world, { id })
  }),
  batch(
    '`batches.cancel`: what was answered is kept, every other line says why not',
    async (world) => {
      const lines = Array.from({ length: 6 }, (_, i) => chatLine(world, `${i}`, i === 0 ? 'Hi' : 'SLOW'))
      const first = await create(world, lines)
      const until = Date.now() + END_MS_MAX
      while ((await world.openai.batches.retrieve(first.id)).request_counts?.completed !== 1) {
        assert.ok(Date.now() < until, 'no line was answered')
        await sleep(LOOK_MS)
      }
      assert.equal((await world.openai.batches.cancel(first.id)).status, 'cancelling')
      const last = await endOf(world, first)
      assert.deepEqual([last.status, last.request_counts], ['cancelled', { total: 6, completed: 1, failed: 5 }])
      const failed = await linesOf(world, last.error_file_id)
      assert.deepEqual(
        failed.map((line) => (line.error as { code: string }).code),
        Array.from({ length: 5 }, () => 'batch_cancelled'),
      )
    },
    { proves: ['batch_cancelled'] },
  ),
  batch(
    'an input with lines at fault: `failed`, with line, field and reason of each',
    async (world) => {
      const lines = [
        chatLine(world, 'a'),
        chatLine(world, 'a'),
        '{"custom_id":',
        chatLine(world, 'b', 'Hi', { method: 'GET' }),
        chatLine(world, 'c', 'Hi', { url: '/v1/embeddings' }),
        chatLine(world, 'd', 'Hi', { body: { model: 'nobody/has-it', messages: [] } }),
        ...[
          { stream: true },
          { background: true },
          { sealed: {} },
          { routing: { sort: 'dear' } },
          { user: '\u0000' },
        ].map((more, index) =>
          chatLine(world, `e${index}`, 'Hi', { body: { model: world.model, messages: [], ...more } }),
        ),
        chatLine(world, 'f'.repeat(513)),
        chatLine(world, 'g', 'Hi', { body: 'Hi' }),
        chatLine(world, 'h', 'x'.repeat(1024 * 1024)),
      ]
      const last = await endOf(world, await create(world, lines))
      assert.equal(last.status, 'failed')
      assert.deepEqual(
        last.errors?.data?.map(({ code, line, param }) => [line, code, param]),
        [
          [2, 'duplicate_custom_id', 'custom_id'],
          [3, 'invalid_json_line', null],
          [4, 'invalid_method', 'method'],
          [5, 'url_mismatch', 'url'],
          [6, 'model_not_found', 'body.model'],
          [7, 'stream_not_supported', 'body.stream'],
          [8, 'background_not_supported', 'body.background'],
          [9, 'sealed_not_supported', 'body.sealed'],
          [10, 'invalid_routing', 'body.routing.sort'],
          [11, 'invalid_text', 'body'],
          [12, 'invalid_custom_id', 'custom_id'],
          [13, 'missing_required_parameter', 'body'],
          [14, 'line_too_long', null],
        ],
      )
    },
    { proves: batchFaults.filter((code) => !ofBatch.has(code)) },
  ),
  batch(
    'an input without lines, and one with too many: `failed`, with the reason',
    async (world) => {
      const none = await endOf(world, await create(world, ['\n']))
      assert.deepEqual(
        [none.status, none.errors?.data?.map(({ code, line }) => [code, line])],
        ['failed', [['empty_file', null]]],
      )
      const lines = Array.from({ length: BATCH_LINES_MAX + 1 }, (_, index) => chatLine(world, `${index}`))
      const many = await endOf(world, await create(world, lines))
      assert.deepEqual(
        [many.status, many.errors?.data?.map(({ code, line }) => [code, line])],
        ['failed', [['too_many_lines', null]]],
      )
    },
    { proves: ['empty_file', 'too_many_lines'] },
  ),
  batch('`Idempotency-Key`: the same batch again', async (world) => {
    const { id } = await upload(world, [chatLine(world, 'a')])
    const params = { input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const
    const options = { headers: { 'Idempotency-Key': `batch of ${id}` } }
    const twice = await Promise.all([1, 2].map(() => world.openai.batches.create(params, options)))
    assert.equal(twice[0]?.id, twice[1]?.id)
    await assert.rejects(
      world.openai.batches.create({ ...params, endpoint: '/v1/completions' }, options),
      OpenAI.ConflictError,
    )
    await endOf(world, { id: twice[0]?.id ?? '' })
  }),
  batch('a file that a batch reads is not deleted; another organisation’s is not found', async (world) => {
    const { id } = await upload(world, [chatLine(world, 'a', 'SLOW')])
    const params = { input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const
    const first = await world.openai.batches.create(params)
    await assert.rejects(world.openai.files.delete(id), OpenAI.ConflictError)
    await world.openai.batches.cancel(first.id)
    const stranger = new OpenAI({ apiKey: 'iso_slow', baseURL: `${world.url}/v1`, maxRetries: 0 })
    await assert.rejects(stranger.files.retrieve(id), OpenAI.NotFoundError)
    await assert.rejects(stranger.batches.retrieve(first.id), OpenAI.NotFoundError)
    await endOf(world, first)
  }),
]
