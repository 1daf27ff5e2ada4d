/** Who may vote, when and how often: each refusal is a sentence of its own, said before anything is kept or there is a call to sign. */
import { disputeStates, manualClock } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { DOCUMENT_BYTES_MAX } from './documents.ts'
import type { DisputeDeps } from './place-order.ts'
import { prepareJudgement } from './prepare-judgement.ts'
import { prepareRuling } from './prepare-ruling.ts'

const id = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const wallet = (digit: string): Hex => `0x${digit.repeat(40)}`
const [anna, ben, cleo, dora] = ['a', 'b', 'c', 'd'].map(wallet) as [Hex, Hex, Hex, Hex]
const [filer, appellant, payee] = ['1', '2', '3'].map(wallet) as [Hex, Hex, Hex]
const panel = [anna, ben, cleo]

const drawn = { step: 'drawn', body: { panel } }
const voted = (arbiter: Hex) => ({ step: 'voted', body: { arbiter, reasonHash: id(7) } })

interface World {
  dispute?: object
  events?: { step: string; body: object }[]
  /** Of the challenged record; null where nobody challenges it. */
  open?: object | null
  nowS?: number
}

function world({ dispute = {}, events = [drawn], open = {}, nowS = 60 }: World = {}) {
  const kept: string[] = []
  const row = {
    id: 4n,
    state: 'drawn',
    filer,
    appellant: null,
    channelId: id(1),
    providerId: id(8),
    amountMicroUsd: 100n,
    deadlineS: 60n,
    ...dispute,
  }
  const challenge = {
    challenger: filer,
    bond: 10n,
    rulingEndsAtS: 60,
    evidenceHash: id(6),
    panel: panel.map((address) => ({ address, vote: null })),
  }
  const parties = async () => ({ userIds: ['user_of_a_party'], addresses: [payee] })
  const record = { nodeId: id(4), lane: id(2), epoch: 7n, providerId: id(8), earnedMicroUsd: 0n, record: {} }
  const deps = {
    clock: manualClock(0),
    chain: { managedOwnerAddress: wallet('e'), operatorAddress: wallet('f') },
    disputes: {
      nowS: async () => nowS,
      rehearse: async () => ({ blockNumber: 1n, steps: [{ label: 'vote', refusal: null }], balances: [] }),
      calls: async () => [{ label: 'vote', to: id(1), data: '0x' }],
      recordCase: async () => ({ open: open && { ...challenge, ...open }, votes: [] }),
    },
    store: {
      providers: { nodesByNodeId: async () => [] },
      evidence: {
        recordVersions: async () => [record],
        countsOf: async () => [],
        termsRows: async () => [],
        vouchersOfProvider: async () => [],
        payoutsOfEpochs: async () => [],
        recordsOfProvider: async () => [],
      },
      readings: { epochsByKey: async () => [{ status: 'anchored', payableAtS: null }] },
      disputes: {
        dispute: async () => row,
        partiesOf: parties,
        partiesOfRecord: parties,
        disputeEvents: async () => events,
        documents: async () => [],
        saveDocument: async ({ hash }: { hash: string }) => void kept.push(hash),
      },
    },
  } as unknown as DisputeDeps
  return { deps, kept }
}

const by = { userId: 'user_staff', arbiter: anna as string, reason: 'the counts are one too many' }
async function rule(asked: World = {}, change: Partial<typeof by> & { refundMicroUsd?: bigint; id?: string } = {}) {
  const { deps, kept } = world(asked)
  const result = await prepareRuling(deps, { id: '4', refundMicroUsd: 100n, ...by, ...change }).catch((error) => error)
  return { result, kept }
}
async function judge(asked: World = {}, change: Partial<typeof by> = {}) {
  const { deps, kept } = world(asked)
  const key = { lane: id(2), epoch: 7, nodeId: id(4) }
  const result = await prepareJudgement(deps, { ...key, upheld: true, ...by, ...change }).catch((error) => error)
  return { result, kept }
}
const refusal = (words: string, code = 'state_conflict') => ({ code, publicMessage: expect.stringContaining(words) })

test('a member of the panel votes up to the last second, however its wallet writes its address', async () => {
  for (const arbiter of [anna, `0x${'A'.repeat(40)}`]) {
    for (const { result, kept } of [await rule({}, { arbiter }), await judge({}, { arbiter })]) {
      expect(result).toMatchObject({ calls: [{ label: 'vote' }], reasonHash: kept[0] })
      expect(kept).toHaveLength(1)
    }
  }
})

test.each<[string, World, Partial<typeof by>, string]>([
  ['late', { nowS: 61 }, {}, 'The time to rule was over at 1970-01-01T00:01:00.000Z'],
  [
    'twice',
    { events: [drawn, voted(anna)] },
    {},
    `has voted on the dispute already, and a vote stands. Its reason is ${id(7)}`,
  ],
  ['by who is on no panel', {}, { arbiter: dora }, 'Only its three members vote'],
  ['by somebody who works for a party', {}, { userId: 'user_of_a_party' }, 'You work for a party'],
  ['by the filer', { dispute: { filer: anna } }, {}, 'This wallet is a party'],
  ['by the appellant', { dispute: { appellant } }, { arbiter: appellant }, 'This wallet is a party'],
  ['by who is paid', {}, { arbiter: payee }, 'This wallet is a party'],
])('a ruling %s is refused in a sentence, and nothing is kept', async (_, asked, change, words) => {
  const { result, kept } = await rule(asked, change)
  expect(result).toMatchObject(refusal(words))
  expect(kept).toEqual([])
})

test('votes are cast while a panel is drawn and has not ruled, and in no other state', async () => {
  for (const state of disputeStates) {
    const { result } = await rule({ dispute: { state } })
    if (state === 'drawn' || state === 'appeal_drawn') expect(result, state).toHaveProperty('calls')
    else expect(result, state).toMatchObject(refusal('votes are cast while a panel is drawn'))
  }
})

/** Two instances are no second opinion where the same people sit in both. */
test('an appeal is ruled by three others: who ruled before is told so, and a vote of then is no vote of now', async () => {
  const onAppeal = { dispute: { state: 'appeal_drawn', appellant } }
  const others = [dora, wallet('4'), wallet('5')]
  const events = [drawn, voted(anna), voted(ben), { step: 'drawn', body: { panel: others } }]
  expect((await rule({ ...onAppeal, events })).result).toMatchObject(refusal('an appeal goes to three others'))
  // Who sat in the first panel and was silent is on no panel now.
  expect((await rule({ ...onAppeal, events }, { arbiter: cleo })).result).toMatchObject(
    refusal('Only its three members'),
  )
  expect((await rule({ ...onAppeal, events }, { arbiter: dora })).result).toHaveProperty('calls')
  const again = [...events, voted(dora)]
  expect((await rule({ ...onAppeal, events: again }, { arbiter: dora })).result).toMatchObject(refusal('has voted'))
})

test('a ruling gives back nothing, all that is asked or something between; its reason is bounded and is words', async () => {
  for (const refundMicroUsd of [0n, 1n, 100n])
    expect((await rule({}, { refundMicroUsd })).result).toHaveProperty('calls')
  for (const refundMicroUsd of [-1n, 101n, 1n << 200n]) {
    const { result, kept } = await rule({}, { refundMicroUsd })
    expect(result).toMatchObject({ ...refusal('between zero and what is asked', 'invalid_input'), field: 'refundUsd' })
    expect(kept).toEqual([])
  }
  for (const [reason, code] of [
    ['x'.repeat(DOCUMENT_BYTES_MAX + 1), 'payload_too_large'],
    [' \n', 'invalid_input'],
    ['a\0b', 'invalid_input'],
  ] as const) {
    for (const { result, kept } of [await rule({}, { reason }), await judge({}, { reason })]) {
      expect(result).toMatchObject({ code, field: 'reason' })
      expect(kept).toEqual([])
    }
  }
  for (const name of ['', 'x', '-1', '4; DROP', '9'.repeat(40)]) {
    expect((await rule({}, { id: name })).result).toMatchObject({ code: 'not_found' })
  }
})

const seatsOf = (votes: (object | null)[]) => ({
  panel: panel.map((address, seat) => ({ address, vote: votes[seat] ?? null })),
})

test.each<[string, World, Partial<typeof by>, string]>([
  ['late', { nowS: 61 }, {}, 'The time to judge was over at 1970-01-01T00:01:00.000Z'],
  [
    'twice',
    { open: seatsOf([{ arbiter: anna, upheld: false, reasonHash: id(7) }]) },
    {},
    `a vote stands. Its reason is ${id(7)}`,
  ],
  ['by who is on no panel', {}, { arbiter: dora }, 'Only its three members vote'],
  ['by somebody who works for a party', {}, { userId: 'user_of_a_party' }, 'You work for a party'],
  ['by the challenger', { open: { challenger: anna } }, {}, 'This wallet is a party'],
  ['by who is paid', {}, { arbiter: payee }, 'This wallet is a party'],
  ['before a panel is drawn', { open: { panel: [] } }, {}, 'No panel is drawn yet'],
  ['of what nobody challenges', { open: null }, {}, 'there is nothing to judge'],
])('a judgement %s is refused in a sentence, and nothing is kept', async (_, asked, change, words) => {
  const { result, kept } = await judge(asked, change)
  expect(result).toMatchObject(refusal(words))
  expect(kept).toEqual([])
})
