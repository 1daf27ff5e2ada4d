/** A batch from a page: who may send its file, what is never kept of one, and that a doubled click is one batch. */
import { createFileUpload, apiErrorOf, viewerFromHeaders, type ApiCaller, type FileUpload } from '@isochrone/api'
import { BATCH_FILE_TYPE, FILE_BYTES_MAX } from '@isochrone/domain'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, seed } from './seed.ts'
import { startTestControlPlane, type TestControlPlane } from './seed/test-control-plane.ts'

let plane: TestControlPlane
let upload: FileUpload
let cookie: string
let team: ApiCaller
const endpoint = '/v1/chat/completions'
const line = (id: number) =>
  JSON.stringify({ custom_id: `l${id}`, method: 'POST', url: endpoint, body: { model: 'm', messages: [] } })

beforeAll(async () => {
  plane = await startTestControlPlane()
  await seed(plane.ctx)
  upload = createFileUpload(plane)
  cookie = await plane.signIn('team@isochrone.test', demoPassword)
  team = await plane.as(cookie)
}, 300_000)
afterAll(() => plane?.stop())

interface Sent {
  as?: string | null
  headers?: Record<string, string>
  signal?: AbortSignal
}

async function send(body: string | ReadableStream<Uint8Array>, { as = cookie, headers = {}, signal }: Sent = {}) {
  const request = new Request('http://web.test/api/files?name=in.jsonl', {
    method: 'POST',
    headers: {
      'content-type': BATCH_FILE_TYPE,
      'sec-fetch-site': 'same-origin',
      ...(typeof body === 'string' && { 'content-length': String(Buffer.byteLength(body)) }),
      ...headers,
      ...(as !== null && { cookie: as }),
    },
    body,
    duplex: 'half',
    ...(signal && { signal }),
  })
  const answer = await upload(request, await viewerFromHeaders(plane, request.headers))
  return { status: answer.status, body: (await answer.json()) as { id: string; error?: { code: string } } }
}
const codeOf = async (answer: ReturnType<typeof send>) => (await answer).body.error?.code
const files = () => plane.db.storedFile.count()

test('a file arrives whole, and however often its batch is asked for there is one', async () => {
  const text = [line(1), line(2)].join('\n')
  const { status, body } = await send(text)
  expect(status).toBe(201)
  const stored = await plane.db.storedFile.findUniqueOrThrow({ where: { id: body.id } })
  expect([stored.ready, Number(stored.bytes), stored.filename]).toEqual([true, text.length, 'in.jsonl'])
  const wish = { fileId: body.id, endpoint, key: 'one-choice-of-a-file' } as const
  const made = await Promise.all(Array.from({ length: 8 }, () => team.batches.create(wish)))
  expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  expect(await plane.db.batch.count()).toBe(1)
  expect(await team.batches.detail({ id: made[0]?.id ?? '' })).toMatchObject({ status: 'validating', endpoint })
  const other = await team.batches.create({ ...wish, endpoint: '/v1/embeddings' }).catch(apiErrorOf)
  expect(other).toMatchObject({ code: 'state_conflict' })
})

test('visitors, members, other sites and forms are refused before a byte is stored', async () => {
  const before = await files()
  expect(await codeOf(send('{}', { as: null }))).toBe('unauthenticated')
  expect(await codeOf(send('{}', { headers: { 'sec-fetch-site': 'cross-site' } }))).toBe('forbidden')
  expect(await codeOf(send('{}', { headers: { 'content-type': 'text/plain' } }))).toBe('unsupported_media_type')
  const { userId } = (await team.session.me()) ?? { userId: '' }
  await plane.db.member.updateMany({ where: { userId }, data: { role: 'member' } })
  expect(await codeOf(send('{}'))).toBe('forbidden')
  await plane.db.member.updateMany({ where: { userId }, data: { role: 'owner' } })
  expect(await files()).toBe(before)
})

test('what is empty, too large, cut off or longer than was said is not kept', async () => {
  const before = await files()
  expect(await codeOf(send('', { headers: { 'content-length': '0' } }))).toBe('invalid_input')
  expect(await codeOf(send('{}', { headers: { 'content-length': String(FILE_BYTES_MAX + 1) } }))).toBe(
    'payload_too_large',
  )
  expect(await codeOf(send('{}', { headers: { 'content-length': '100' } }))).toBe('invalid_input')
  expect(await codeOf(send('{}{}', { headers: { 'content-length': '2' } }))).toBe('invalid_input')
  expect(await files()).toBe(before)
})

/** Cancelling while the file is sent: the half that arrived is gone at once. */
test('a sender who leaves leaves nothing', async () => {
  const before = await files()
  const leave = new AbortController()
  const endless = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      controller.enqueue(new Uint8Array(512 * 1024))
      if ((await plane.db.fileChunk.count({ where: { file: { ready: false } } })) > 1) leave.abort()
    },
  })
  const headers = { 'content-length': String(FILE_BYTES_MAX) }
  expect(await codeOf(send(endless, { headers, signal: leave.signal }))).toBe('invalid_input')
  expect([await files(), await plane.db.fileChunk.count({ where: { file: { ready: false } } })]).toEqual([before, 0])
})

test('four files of an organisation arrive at a time, and one that ends makes room', async () => {
  const ends: (() => void)[] = []
  const slow = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => void ends.push(() => (controller.enqueue(Buffer.from('{}')), controller.close())),
    })
  const headers = { 'content-length': '2' }
  const four = Array.from({ length: 4 }, () => send(slow(), { headers }))
  await expect.poll(() => plane.db.storedFile.count({ where: { ready: false } })).toBe(4)
  expect(await codeOf(send('{}'))).toBe('rate_limited')
  for (const end of ends) end()
  expect((await Promise.all(four)).map(({ status }) => status)).toEqual([201, 201, 201, 201])
  expect((await send('{}')).status).toBe(201)
})

/** A residency binds the store: neither the file nor the batch is taken. */
test('an organisation whose residency the store is outside of is refused', async () => {
  const { body } = await send('{}')
  await team.organisation.setRouting({ routing: { regions: ['DE'] } })
  const before = await files()
  expect(await codeOf(send('{}'))).toBe('forbidden')
  const wish = { fileId: body.id, endpoint, key: 'for-a-store-outside' } as const
  expect(await team.batches.create(wish).catch(apiErrorOf)).toMatchObject({ code: 'forbidden' })
  await team.organisation.setRouting({ routing: {} })
  expect(await files()).toBe(before)
})
