/** A dispute is answered by the provider of the node, in words that can be kept, until its panel has ruled. */
import { disputeStates, manualClock } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { respondToDispute } from './answer-dispute.ts'
import { DOCUMENT_BYTES_MAX } from './documents.ts'
import type { DisputeDeps } from './place-order.ts'

const id = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const operator = `0x${'bb'.repeat(20)}`
const ownWallet = `0x${'cc'.repeat(20)}`
const note = (text: string, mediaType = 'text/plain') => ({ mediaType, text })
const provider = { orgId: 'org_2', providerId: id(8) as string | null }
const payer = { orgId: 'org_1', providerId: null }

async function respond({
  asker = provider,
  answer = note('it was one request'),
  owner = operator,
  refusal = null as string | null,
  disputeId = '4',
  state = 'filed',
  deadlineS = 60n,
} = {}) {
  const row = { id: 4n, state, filer: operator, providerId: id(8), channelId: id(1), deadlineS }
  const kept: string[] = []
  const placed: { subject: string; account: string }[] = []
  const deps = {
    clock: manualClock(0),
    chain: { managedOwnerAddress: `0x${'aa'.repeat(20)}`, operatorAddress: operator },
    disputes: {
      nowS: async () => 60,
      rehearse: async () => ({ blockNumber: 1n, steps: [{ label: 'answer', refusal }], balances: [] }),
      calls: async () => [{ label: 'answer', to: id(1), data: '0x' }],
    },
    store: {
      funding: { channelOfOrg: async (orgId: string) => (orgId === 'org_1' ? { id: id(1) } : null) },
      providers: { byId: async () => ({ ownerAddress: owner }) },
      disputes: {
        dispute: async () => row,
        askedFor: async () => false,
        saveDocument: async ({ hash }: { hash: string }) => void kept.push(hash),
        placeOrder: async (order: (typeof placed)[number]) => {
          placed.push(order)
          return { ...order, status: 'requested', txHash: null, error: null, createdAt: new Date(0) }
        },
      },
    },
  } as unknown as DisputeDeps
  const input = { ...asker, userId: 'user_1', id: disputeId, answer }
  const result = await respondToDispute(deps, input).catch((error: unknown) => error)
  return { result, kept, placed }
}
const refusal = (words: string, code = 'state_conflict') => ({ code, publicMessage: expect.stringContaining(words) })

test('an answer is an order under its own hash for a managed provider, and a call to sign for an own wallet', async () => {
  const managed = await respond()
  expect(managed.result).toMatchObject({ by: 'platform' })
  expect(managed.placed).toMatchObject([{ account: 'operator', subject: `4:${managed.kept[0]}` }])
  // Sent twice it is the same order: of one subject one is open at a time.
  expect((await respond()).placed[0]?.subject).toBe(managed.placed[0]?.subject)
  const own = await respond({ owner: ownWallet })
  expect(own.result).toMatchObject({ by: 'wallet', account: ownWallet })
  expect(own.placed).toEqual([])
})

test('answers are taken until the panel has ruled and in their time, and the sentence says which it was', async () => {
  for (const state of disputeStates) {
    const { result, placed } = await respond({ state })
    if (['filed', 'answered', 'drawn'].includes(state)) expect(placed, state).toHaveLength(1)
    else expect(result, state).toMatchObject(refusal(`is ${state.replaceAll('_', ' ')}: answers are taken until`))
  }
  const late = await respond({ deadlineS: 59n })
  expect(late.result).toMatchObject(refusal('was over at 1970-01-01T00:00:59.000Z'))
  expect([late.kept, late.placed]).toEqual([[], []])
})

test('the payer does not answer for the provider, and to a stranger the dispute is not there', async () => {
  expect((await respond({ asker: payer })).result).toMatchObject(refusal('Only the provider', 'forbidden'))
  for (const asker of [
    { orgId: 'org_3', providerId: null },
    { orgId: 'org_3', providerId: id(9) },
  ]) {
    const { result, kept, placed } = await respond({ asker })
    expect(result).toMatchObject({ code: 'not_found' })
    expect([kept, placed]).toEqual([[], []])
  }
  for (const disputeId of ['', '-4', '4 or 1', '9'.repeat(30)]) {
    expect((await respond({ disputeId })).result).toMatchObject({ code: 'not_found' })
  }
})

test('an answer that is huge, empty, mistyped or refused by the contract is kept nowhere', async () => {
  for (const [answer, code] of [
    [note('é'.repeat(DOCUMENT_BYTES_MAX / 2 + 1)), 'payload_too_large'],
    [note(' \n'), 'invalid_input'],
    [note('x', 'image/png'), 'unsupported_media_type'],
    [note('{', 'application/json'), 'invalid_input'],
    [note('a\uD800b'), 'invalid_input'],
  ] as const) {
    const { result, kept, placed } = await respond({ answer })
    expect(result).toMatchObject({ code, field: 'answer' })
    expect([kept, placed]).toEqual([[], []])
  }
  const { result, kept, placed } = await respond({ refusal: 'The answer is late.' })
  expect(result).toMatchObject(refusal('The answer is late.'))
  expect([kept, placed]).toEqual([[], []])
})
