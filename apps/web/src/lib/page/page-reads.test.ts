import { expect, test } from 'vitest'
import { keepPageReads } from './page-reads.ts'

const lost = () => Promise.reject(new TypeError('Failed to fetch'))
const read = { headers: { rsc: '1' } }

function page(...answers: (() => Promise<Response>)[]) {
  const asked: (RequestInit | undefined)[] = []
  const waits: number[] = []
  const state = { isLeaving: false }
  const page = {
    fetch: ((_input, init) => {
      asked.push(init)
      return (answers.shift() ?? (() => Promise.resolve(new Response('here'))))()
    }) as typeof fetch,
  }
  const connection = keepPageReads(page, {
    isLeaving: () => state.isLeaving,
    wait: async (ms) => void waits.push(ms),
  })
  return { page, connection, asked, waits, state }
}

test('a read of a page is asked again until the server answers, less and less often, and the page says so', async () => {
  const { page: it, connection, asked, waits } = page(...Array.from({ length: 6 }, () => lost))
  const said: boolean[] = []
  const stop = connection.subscribe(() => said.push(connection.isLost()))
  expect(await (await it.fetch('/offers?_rsc=1', read)).text()).toBe('here')
  expect(asked).toHaveLength(7)
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000])
  expect(said).toEqual([true, false])
  stop()
})

test('the page waits until the last of several reads is back', async () => {
  const { page: it, connection } = page(lost, lost)
  const said: boolean[] = []
  connection.subscribe(() => said.push(connection.isLost()))
  await Promise.all([it.fetch('/a', read), it.fetch('/b', { headers: new Headers(read.headers) })])
  expect(said).toEqual([true, false])
})

test.each([
  ['what changes something', { method: 'POST', headers: { rsc: '1' } }],
  ['what is no read of a page', { headers: { accept: 'application/json' } }],
  ['what has no headers', undefined],
  ['what was taken back', { ...read, signal: AbortSignal.abort() }],
])('%s is asked once', async (_what, init) => {
  const { page: it, asked, connection } = page(lost)
  await expect(it.fetch('/', init)).rejects.toThrow('Failed to fetch')
  expect(asked).toHaveLength(1)
  expect(connection.isLost()).toBe(false)
})

test('an answer of any kind is an answer, and a page that is left asks no more', async () => {
  const refused = page(() => Promise.resolve(new Response('no', { status: 503 })))
  expect((await refused.page.fetch('/', read)).status).toBe(503)
  const leaving = page(lost, lost)
  leaving.state.isLeaving = true
  await expect(leaving.page.fetch('/', read)).rejects.toThrow('Failed to fetch')
  expect(leaving.asked).toHaveLength(1)
})
