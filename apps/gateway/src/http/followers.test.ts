import { afterEach, expect, test } from 'vitest'
import { API_KEY, OTHER_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import { MODEL } from '../testing/fake-node.ts'
import { createFollowers } from './followers.ts'

const open: { close(): Promise<unknown> }[] = []
let gone = new AbortController()
afterEach(async () => {
  gone.abort()
  gone = new AbortController()
  for (const gateway of open.splice(0)) await gateway.close()
})

/** Tenants: one that follows without end takes no place from another. */
test('an organisation has its part of the places, and the others the rest', () => {
  const followers = createFollowers({ max: 8, perOrgMax: 3 })
  const leaves = [1, 2, 3].map(() => followers.enter('org_a'))
  expect(() => followers.enter('org_a')).toThrow(
    expect.objectContaining({ code: 'rate_limited', retryAfterS: expect.any(Number) as number }),
  )
  for (const orgId of ['org_b', 'org_b', 'org_b', 'org_c', 'org_c']) followers.enter(orgId)
  expect(() => followers.enter('org_d')).toThrow(expect.objectContaining({ code: 'capacity_unavailable' }))
  leaves[0]?.()
  leaves[0]?.()
  followers.enter('org_d')
  expect(() => followers.enter('org_e')).toThrow(expect.objectContaining({ code: 'capacity_unavailable' }))
})

test('one organisation never has more than half of all', () => {
  const followers = createFollowers({ max: 4, perOrgMax: 32 })
  for (let i = 0; i < 2; i++) followers.enter('org_a')
  expect(() => followers.enter('org_a')).toThrow('2 background responses at once')
})

test('an organisation that follows without end is refused with a time, and another follows at the same gateway', async () => {
  const gateway = await startFakeGateway({ nodes: [] })
  open.push(gateway)
  const responseOf = async (orgId: string): Promise<string> => {
    const input = { orgId, keyId: 'key_1', kind: 'background', path: '/v1/chat/completions', model: MODEL } as const
    const { id } = await gateway.deps.jobs.enqueue({ ...input, body: {}, source: { echo: {} } })
    return id.replace('job_', 'resp_')
  }
  const [mine, theirs] = [await responseOf('org_1'), await responseOf('org_2')]
  const follow = (id: string, key: string) =>
    fetch(`${gateway.url}/v1/responses/${id}?stream=true`, {
      headers: { authorization: `Bearer ${key}` },
      signal: gone.signal,
    })
  const followed = await Promise.all(Array.from({ length: 32 }, () => follow(mine, API_KEY)))
  expect(followed.map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 200))
  const refused = await follow(mine, API_KEY)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5'])
  expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
  expect((await follow(theirs, OTHER_KEY)).status).toBe(200)
  await followed[0]?.body?.cancel()
  await expect.poll(async () => (await follow(mine, API_KEY)).status, { timeout: 10_000 }).toBe(200)
})
