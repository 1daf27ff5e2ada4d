import { expect, test } from 'vitest'
import { measureWitnesses } from './nearest-witness.ts'

/** Witnesses whose pings take so long, in order; what is no number does not answer. */
function network(times: Record<string, (number | 'refused' | 'error')[]>) {
  let nowMs = 0
  const asked: { url: string; init: RequestInit }[] = []
  const fetch = async (url: URL, init: RequestInit) => {
    asked.push({ url: url.href, init })
    const next = times[url.host]?.shift() ?? 'error'
    if (next === 'error') throw new TypeError('failed to fetch')
    if (next !== 'refused') nowMs += next
    return new Response(null, { status: next === 'refused' ? 503 : 204 })
  }
  return { asked, deps: { fetch, nowMs: () => nowMs } }
}
const witness = (name: string) => ({ name, url: `http://${name}.test` })

test('the fastest of five counts, and the one that opens the connection does not', async () => {
  const { asked, deps } = network({ 'a.test': [1, 30, 20, 25, 40, 22] })
  expect(await measureWitnesses([witness('a')], deps)).toEqual([{ name: 'a', rttMs: 20 }])
  expect(asked.map(({ url }) => url)).toEqual(Array(6).fill('http://a.test/v1/ping'))
})

test('the nearest is first, and one that does not answer is last and asked no more', async () => {
  for (const silent of ['refused', 'error'] as const) {
    const { asked, deps } = network({ 'away.test': [silent] })
    expect(await measureWitnesses([witness('away')], deps)).toEqual([{ name: 'away', rttMs: null }])
    expect(asked).toHaveLength(1)
  }
  const far = network({ 'far.test': [9, 80, 80, 80, 80, 80], 'away.test': ['error'] })
  const measured = await measureWitnesses([witness('away'), witness('far')], far.deps)
  expect(measured.map(({ name }) => name)).toEqual(['far', 'away'])
})

/** Who measures says nothing about themselves that the request alone does not say. */
test('neither cookies nor the page’s address are sent', async () => {
  const { asked, deps } = network({ 'a.test': [1, 1, 1, 1, 1, 1] })
  await measureWitnesses([{ name: 'a', url: 'http://a.test/behind/' }], deps)
  expect(asked[0]?.url).toBe('http://a.test/behind/v1/ping')
  for (const { init } of asked) {
    expect(init).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'error' })
  }
})
