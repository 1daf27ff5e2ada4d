/** What a key leaves in the store says nothing to who reads it, and stays inside the organisation's residency. */
import { createHash } from 'node:crypto'
import { manualClock } from '@isochrone/domain'
import { afterEach, expect, test } from 'vitest'
import { API_KEY, OTHER_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL } from '../testing/fake-node.ts'
import { memoryIdempotencyStore } from './idempotency-store.ts'
import { createIdempotency } from './idempotency.ts'
import { createSealing, digestOf } from './kept-answer.ts'
import { requireKeysInside } from './require-keys-inside.ts'

let gateway: Awaited<ReturnType<typeof startFakeGateway>> | undefined
afterEach(() => gateway?.close())

const secret = 'a secret that the gateways share'
const keyed = { orgId: 'org_1', idempotencyKey: 'k', digest: 'd' }

/** A store that writes down what it is asked to hold. */
function watchedStore() {
  const kept = memoryIdempotencyStore()
  const written: string[] = []
  const store: typeof kept = {
    ...kept,
    claim: async (name, value) => (written.push(name, value), await kept.claim(name, value)),
    put: async (name, value, next, leftMs) => (written.push(next), await kept.put(name, value, next, leftMs)),
  }
  return { store, written }
}

test('nothing is written for an organisation whose residency the store is outside of', async () => {
  const { store, written } = watchedStore()
  gateway = await startFakeGateway({
    nodes: [fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a'] })],
    routing: { regions: ['DE'] },
    place: { country: 'DE', region: 'eu-de' },
    change(deps) {
      const requireInside = (orgId: string): void => {
        const organisation = deps.control.organisation(orgId)
        if (organisation) requireKeysInside(organisation, { country: 'US', region: '' })
      }
      deps.idempotency = createIdempotency({ secret, store, clock: deps.clock, requireInside })
    },
  })
  const { url } = gateway
  const post = (apiKey: string, key: Record<string, string>) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...key },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }] }),
    })
  const refused = await post(API_KEY, { 'idempotency-key': 'order-1' })
  expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([403, 'false'])
  expect(await refused.json()).toMatchObject({
    error: {
      code: 'permission_denied',
      message: expect.stringMatching(/in a store in US, outside .* without the key/),
    },
  })
  expect((await post(API_KEY, {})).status).toBe(200)
  expect(written).toEqual([])
  expect((await post(OTHER_KEY, { 'idempotency-key': 'order-1' })).status).toBe(200)
  expect(written).not.toEqual([])
})

test('a kept answer opens for its own key and body alone, and does not show what it says', () => {
  const sealing = createSealing(secret)
  const text = sealing.seal(keyed, { headers: {}, body: 'canary' })
  expect(Buffer.from(text, 'base64').includes('canary')).toBe(false)
  expect(sealing.open(keyed, text).body).toBe('canary')
  for (const other of [{ orgId: 'org_2' }, { idempotencyKey: 'j' }, { digest: 'g' }]) {
    expect(() => sealing.open({ ...keyed, ...other }, text)).toThrow()
    expect(sealing.fingerprintOf({ ...keyed, ...other })).not.toBe(sealing.fingerprintOf(keyed))
  }
})

/** Who reads the store can make any guess at key and body, and check none. */
test('what is kept under a guessable key and body says nothing without the secret of the gateways', async () => {
  const { store, written } = watchedStore()
  const guessed = { orgId: 'org_1', idempotencyKey: 'order-1', digest: digestOf('/v1/completions', Buffer.from('{}')) }
  const keys = createIdempotency({ secret, store, clock: manualClock(), requireInside: () => {} })
  const entered = await keys.enter(guessed, 'req_1', new AbortController().signal)
  if (!('claim' in entered)) throw new Error('the key was free')
  await entered.claim.keep({ headers: {}, body: 'canary' })
  const [name, , kept = ''] = written
  const { fingerprint, answer } = JSON.parse(kept) as { fingerprint: string; answer: string }
  const [own, stranger] = [createSealing(secret), createSealing('another secret')]
  expect([own.nameOf(guessed), own.fingerprintOf(guessed)]).toEqual([name, fingerprint])
  expect(stranger.nameOf(guessed)).not.toBe(name)
  expect(stranger.fingerprintOf(guessed)).not.toBe(fingerprint)
  expect(() => stranger.open(guessed, answer)).toThrow()
  const plainName = createHash('sha256').update('org_1\0order-1').digest('hex')
  for (const plain of [plainName, guessed.digest, 'order-1', 'canary']) expect(written.join(' ')).not.toContain(plain)
})
