/**
 * What a form makes it makes once: API keys, webhooks, listings and organisations, asked for again after a lost answer and many
 * times at once, on the real Postgres and Redis.
 */
import { apiErrorOf, type ApiCaller } from '@isochrone/api'
import { redisKeys } from '@isochrone/protocol'
import { loadControlSnapshot } from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, seed } from './seed.ts'
import { startTestControlPlane, type TestControlPlane } from './seed/test-control-plane.ts'

const AT_ONCE = 8

let plane: TestControlPlane
let team: ApiCaller
let provider: ApiCaller

beforeAll(async () => {
  plane = await startTestControlPlane()
  await seed(plane.ctx)
  team = await plane.as(await plane.signIn('team@isochrone.test', demoPassword))
  provider = await plane.as(await plane.signIn('provider@isochrone.test', demoPassword))
})
afterAll(() => plane?.stop())

const failureOf = (promise: Promise<unknown>) => promise.then(() => null, apiErrorOf)
/** The names that the next page would show. */
const teamsOrganisations = async () => {
  const next = await plane.as(await plane.signIn('team@isochrone.test', demoPassword))
  return (await next.session.me())?.organisations.map(({ name }) => name) ?? []
}
const manyTimes = <T>(ask: () => Promise<T>) => Promise.all(Array.from({ length: AT_ONCE }, ask))

/** A secret that nobody has is a key that nobody can tell from a stolen one: it must be one, and it must be named. */
test('a form whose answer was lost mints no second key, and is told which one it has made', async () => {
  const wish = { name: 'CI', budget: { amountUsd: '5', period: 'day' }, key: 'the-form-of-CI' } as const
  const lost = await team.keys.create(wish)
  expect(await plane.auth.api.verifyApiKey({ body: { key: lost.secret ?? '' } })).toMatchObject({ valid: true })
  const again = await team.keys.create(wish)
  expect(again).toEqual({ key: lost.key, secret: null })
  // Whatever is asked for now: what there is stays as it is.
  const other = await team.keys.create({ name: 'Other', expiresInDays: 1, key: wish.key })
  expect(other).toEqual({ key: lost.key, secret: null })
  await team.keys.revoke({ id: lost.key.id })
  expect(await team.keys.create(wish)).toMatchObject({ key: { id: lost.key.id, enabled: false }, secret: null })
  expect(await plane.auth.api.verifyApiKey({ body: { key: lost.secret ?? '' } })).toMatchObject({ valid: false })
  expect((await team.keys.list()).filter(({ name }) => name === 'CI' || name === 'Other')).toHaveLength(1)
})

test('of many presses at once one has the secret, and gateways hear of one key', async () => {
  const wish = { name: 'Pressed', budget: { amountUsd: '5', period: 'month' }, key: 'pressed-at-once' } as const
  const made = await manyTimes(() => team.keys.create(wish))
  expect(new Set(made.map(({ key }) => key.id)).size).toBe(1)
  const secrets = made.flatMap(({ secret }) => secret ?? [])
  expect(secrets).toHaveLength(1)
  expect(await plane.auth.api.verifyApiKey({ body: { key: secrets[0] ?? '' } })).toMatchObject({ valid: true })
  const { states } = await loadControlSnapshot(plane.store)
  const keys = states.flatMap((state) => (state.kind === 'api-key' && state.name === 'Pressed' ? [state.keyId] : []))
  expect(keys).toEqual([made[0]?.key.id])
  expect(await plane.db.apiKeyBudget.count({ where: { keyId: { in: keys } } })).toBe(1)
  expect(await plane.redis.hget(redisKeys.keyBudget(keys[0] ?? ''), 'limit')).toBe('5000000')
})

test('the same key is another organisation’s own', async () => {
  const key = 'a-key-of-two'
  const ours = await team.keys.create({ name: 'Ours', key })
  const theirs = await provider.keys.create({ name: 'Theirs', key })
  expect(theirs.key.id).not.toBe(ours.key.id)
  expect(theirs.secret).not.toBeNull()
  const url = 'https://example.test/theirs'
  const [mine, hooks] = [
    await team.webhooks.create({ url, events: ['job.failed'], key }),
    await provider.webhooks.create({ url, events: ['job.failed'], key }),
  ]
  expect(hooks.endpoint.id).not.toBe(mine.endpoint.id)
  expect(hooks.secret).not.toBe(mine.secret)
})

test('a webhook is added once, and whoever asks again has its secret', async () => {
  const wish = {
    url: 'https://example.test/once',
    events: ['job.failed', 'job.succeeded'],
    key: 'the-form-of-once',
  } as const
  const ask = (change: object = {}) => team.webhooks.create({ ...wish, events: [...wish.events], ...change })
  const made = await manyTimes(() => ask())
  expect(new Set(made.map(({ endpoint, secret }) => `${endpoint.id} ${secret}`)).size).toBe(1)
  expect(await ask()).toEqual(made[0])
  expect((await team.webhooks.list()).filter(({ url }) => url === wish.url)).toHaveLength(1)
  for (const change of [{ url: 'https://example.test/another' }, { events: ['job.failed'] }]) {
    expect(await failureOf(ask(change))).toMatchObject({
      code: 'state_conflict',
      field: 'key',
      publicMessage: expect.stringContaining(wish.url),
    })
  }
  expect((await team.webhooks.list()).some(({ url }) => url === 'https://example.test/another')).toBe(false)
})

test('a listing is begun once; asked again it is found as it stands', async () => {
  const key = 'the-button-of-a-page'
  const begun = await manyTimes(() => provider.listings.create({ key }))
  expect(new Set(begun.map(({ id }) => id)).size).toBe(1)
  const [first] = begun
  if (!first) throw new Error('one was begun')
  await provider.listings.withdraw({ id: first.id, version: first.version })
  expect(await provider.listings.create({ key })).toMatchObject({ id: first.id, status: 'withdrawn' })
  expect((await provider.listings.create({ key: 'the-next-button' })).id).not.toBe(first.id)
})

test('an organisation is made once, whoever asks again has it, and by another name the form is told which it was', async () => {
  const wish = { name: 'Made Once', key: 'the-form-of-made-once' }
  const made = await manyTimes(() => team.session.createOrganisation(wish))
  expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  expect(made[0]).toMatchObject({ name: 'Made Once', role: 'owner', providerId: null })
  expect(await team.session.createOrganisation(wish)).toEqual(made[0])
  expect(await failureOf(team.session.createOrganisation({ ...wish, name: 'Made Twice' }))).toMatchObject({
    code: 'state_conflict',
    field: 'key',
    publicMessage: expect.stringContaining('has made Made Once already'),
  })
  expect((await teamsOrganisations()).filter((name) => name.startsWith('Made'))).toEqual(['Made Once'])
  expect(await plane.db.organization.count({ where: { name: { in: ['Made Once', 'Made Twice'] } } })).toBe(1)
  const { states } = await loadControlSnapshot(plane.store)
  expect(states.filter((state) => state.kind === 'organisation' && state.orgId === made[0]?.id)).toHaveLength(1)
})

/** Whose form it was is part of its key: nobody learns of, or gets into, what another person made. */
test('the same key is another person’s own, and gives nobody back what they have left', async () => {
  const wish = { name: 'Of One', key: 'a-key-of-two-people' }
  const ours = await team.session.createOrganisation(wish)
  const theirs = await provider.session.createOrganisation({ ...wish, name: 'Of Another' })
  expect(theirs.id).not.toBe(ours.id)
  expect(await teamsOrganisations()).toContain(ours.name)
  await plane.db.member.deleteMany({ where: { organizationId: ours.id } })
  expect(await failureOf(team.session.createOrganisation(wish))).toMatchObject({ code: 'state_conflict', field: 'key' })
  expect(await teamsOrganisations()).not.toContain(ours.name)
})

test('a form without a key, or with one that could be guessed, is refused', async () => {
  for (const key of ['', '1234567', 'x'.repeat(65)]) {
    expect(await failureOf(team.keys.create({ name: 'CI', key }))).toMatchObject({
      code: 'invalid_input',
      field: 'key',
    })
    expect(await failureOf(provider.listings.create({ key }))).toMatchObject({ code: 'invalid_input', field: 'key' })
    expect(await failureOf(team.session.createOrganisation({ name: 'Unkeyed', key }))).toMatchObject({
      code: 'invalid_input',
      field: 'key',
    })
  }
})
