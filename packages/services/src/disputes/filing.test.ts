/** What is filed is filed by whoever may, once it can be, on evidence that can be kept; else a sentence says why not. */
import { manualClock } from '@isochrone/domain'
import { leafOfHash, merkleTree, structHash, type DeliveryReceipt, type Hex } from '@isochrone/protocol'
import { expect, test, vi } from 'vitest'
import { appealDispute } from './answer-dispute.ts'
import { DOCUMENT_BYTES_MAX } from './documents.ts'
import { challengeRecord, fileDispute, fileWithheld } from './file-dispute.ts'
import type { DisputeDeps } from './place-order.ts'

const id = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const managed = `0x${'aa'.repeat(20)}`
const operator = `0x${'bb'.repeat(20)}`
const ownWallet = `0x${'cc'.repeat(20)}`
const text = (body: string, mediaType = 'text/plain') => ({ mediaType, text: body })
const asker = { orgId: 'org_1', userId: 'user_1' }

interface World {
  owner?: string
  open?: number
  anchored?: boolean
  /** The root that the chain holds. */
  anchoredRoot?: Hex
  closed?: boolean
  /** Whether the rows of the epoch are here, and which root its own row names. */
  stored?: boolean
  epochRoot?: Hex
  refusal?: string | null
  record?: { status: string; providerId: string }
  dispute?: object
}

function world(asked: World = {}) {
  const { owner = managed, open = 0, anchored = true, anchoredRoot = merkleTree([id(9)]).root } = asked
  const { closed = true, stored = true, epochRoot = ownRoot, refusal = null, record, dispute } = asked
  const placed: { action: string; account: string; subject: string; payload: unknown }[] = []
  const kept: { hash: string; role: string }[] = []
  const rehearse = vi.fn(async () => ({ blockNumber: 1n, steps: [{ label: 'file', refusal }], balances: [] }))
  const deps = {
    clock: manualClock(0),
    chain: { managedOwnerAddress: managed, operatorAddress: operator },
    disputes: {
      facts: { bondMicroUsd: 5n, appealBondMicroUsd: 20n, challengeBondMicroUsd: 10n, fileS: 100 },
      anchoredAtS: async () => (anchored ? { root: anchoredRoot, anchoredAtS: 1 } : null),
      refundedOf: async () => 0n,
      nowS: async () => 50,
      calls: async () => [{ label: 'file', to: id(1), data: '0x' }],
      rehearse,
    },
    store: {
      funding: {
        channelOfOrg: async (orgId: string) => (orgId === 'org_1' ? { id: id(1), ownerAddress: owner } : null),
      },
      providers: { byId: async (providerId: string) => ({ id: providerId, ownerAddress: operator }) },
      evidence: {
        recordVersions: async () => (record ? [record] : []),
        receipt: async () => ({
          channelId: id(1),
          lane: id(2),
          epoch: closed ? 7n : null,
          priceMicroUsd: 100n,
          delivery,
        }),
        leafHashes: async () =>
          stored ? [{ seq: 1n, deliveryHash: structHash('DeliveryReceipt', deliveryValue), workHash: null }] : [],
        leaseHashesOfEpoch: async () => [],
      },
      readings: { epochsByKey: async () => [{ lane: id(2), epoch: 7n, root: epochRoot, count: 1n }] },
      disputes: {
        openAgainst: async () => open,
        openOrderCount: async () => 0,
        dispute: async () => dispute ?? null,
        askedFor: async () => false,
        saveDocument: async (row: { hash: string; role: string }) => void kept.push(row),
        placeOrder: async (row: (typeof placed)[number]) => {
          placed.push(row)
          return { ...row, status: 'queued', txHash: null, error: null, createdAt: new Date(0) }
        },
      },
    },
  } as unknown as DisputeDeps
  return { deps, placed, kept, rehearse }
}

const deliveryValue: DeliveryReceipt = {
  workHash: id(0),
  channelId: id(1),
  requestId: id(3),
  attempt: 0,
  nodeId: id(4),
  lane: id(2),
  seq: 1,
  termsHash: id(5),
  billedIn: 1,
  billedCached: 0,
  billedOut: 1,
  bytesIn: 1,
  bytesOut: 1,
  price: 100n,
  attemptTtftMs: 1,
  durationMs: 1,
  startedAtMs: 1,
  httpStatus: 200,
  fault: 0,
  region: `0x${'00'.repeat(8)}`,
}
const delivery = Object.fromEntries(
  Object.entries(deliveryValue).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
)
const ownRoot = merkleTree([leafOfHash('DeliveryReceipt', structHash('DeliveryReceipt', deliveryValue))]).root

const epoch = { ...asker, lane: id(2), epoch: 7 }

test('a withheld file is ordered with its evidence for a managed channel, and handed to an own wallet to sign', async () => {
  const { deps, placed, kept } = world()
  expect(await fileWithheld(deps, { ...epoch, evidence: text('404 since noon') })).toMatchObject({ by: 'platform' })
  expect(placed).toMatchObject([{ action: 'withheld', account: 'managed', subject: `${id(2)}:7` }])
  expect(placed[0]?.payload).toMatchObject({ action: 'withheld', epoch: 7, evidenceHash: kept[0]?.hash })

  const own = world({ owner: ownWallet })
  expect(await fileWithheld(own.deps, { ...epoch, evidence: text('404') })).toMatchObject({
    by: 'wallet',
    account: ownWallet,
    calls: [{ label: 'file' }],
  })
  expect(own.placed).toEqual([])
})

test('before its epoch is anchored nothing can be withheld, and nothing is kept', async () => {
  const { deps, placed, kept } = world({ anchored: false })
  await expect(fileWithheld(deps, { ...epoch, evidence: text('404') })).rejects.toMatchObject({
    code: 'state_conflict',
    publicMessage: expect.stringContaining('not anchored on the chain yet'),
  })
  expect([placed, kept]).toEqual([[], []])
})

test('evidence that is huge, empty, mistyped or no text is refused in a sentence, whatever it is for', async () => {
  const record = { status: 'reported', providerId: id(8) }
  const cases: [string, { mediaType: string; text: string }, string, string][] = [
    ['huge', text('x'.repeat(DOCUMENT_BYTES_MAX + 1)), 'payload_too_large', 'at most 65536 are kept'],
    ['huge in bytes', text('é'.repeat(DOCUMENT_BYTES_MAX / 2 + 1)), 'payload_too_large', 'Shorten it'],
    ['empty', text(' \n'), 'invalid_input', 'Say what happened'],
    ['a picture', text('x', 'image/png'), 'unsupported_media_type', 'only plain text and JSON'],
    ['of no type', text('x', ''), 'unsupported_media_type', 'of no type'],
    ['no JSON', text('{', 'application/json'), 'invalid_input', 'cannot be read as that'],
    ['no text', text('a\0b'), 'invalid_input', 'is not text'],
  ]
  for (const [name, evidence, code, words] of cases) {
    const { deps, placed, kept } = world({ record })
    const refused = { code, field: 'evidence', publicMessage: expect.stringContaining(words) }
    await expect(fileWithheld(deps, { ...epoch, evidence }), name).rejects.toMatchObject(refused)
    const challenge = challengeRecord(deps, { ...epoch, providerId: null, nodeId: id(4), evidence })
    await expect(challenge, name).rejects.toMatchObject(refused)
    expect([placed, kept], name).toEqual([[], []])
  }
})

test('a receipt that is under no anchored root is refused: the root on the chain decides, not ours', async () => {
  const { deps, placed } = world()
  const filed = fileDispute(deps, {
    ...asker,
    lane: id(2),
    seq: 1,
    kind: 'overcharge',
    amountMicroUsd: 1n,
    evidence: text('twice'),
  })
  await expect(filed).rejects.toMatchObject({
    code: 'state_conflict',
    publicMessage: expect.stringContaining('not under the root that its lane anchored'),
  })
  expect(placed).toEqual([])
})

test('a receipt is disputed with its proof; where there is none yet, the sentence says what is missing', async () => {
  const file = (asked: World) => {
    const made = world(asked)
    const receipt = { ...asker, lane: id(2), seq: 1, kind: 'overcharge' as const, amountMicroUsd: 1n }
    return { ...made, result: fileDispute(made.deps, { ...receipt, evidence: text('twice') }) }
  }
  const cases: [World, string][] = [
    [{ closed: false }, 'Its epoch is still open, so not anchored'],
    [{ anchored: false }, 'not anchored on the chain yet'],
    [{ stored: false, epochRoot: id(21) }, 'Not every receipt of the epoch is stored here'],
    [{ epochRoot: id(22) }, 'do not give the root of the epoch'],
  ]
  for (const [asked, words] of cases) {
    const { result, placed } = file(asked)
    await expect(result, words).rejects.toMatchObject({
      code: 'state_conflict',
      publicMessage: expect.stringContaining(words),
    })
    expect(placed).toEqual([])
  }
  const filed = file({ anchoredRoot: ownRoot })
  expect(await filed.result).toMatchObject({ by: 'platform' })
  expect(filed.placed).toMatchObject([{ action: 'file', payload: { epoch: 7, proof: [] } }])
})

test('a record is challenged by a payer or by its own provider, and only while its window is open', async () => {
  const challenge = (asked: World, providerId: string | null = null) => {
    const made = world(asked)
    return {
      ...made,
      result: challengeRecord(made.deps, { ...epoch, providerId, nodeId: id(4), evidence: text('slower') }),
    }
  }
  const payer = challenge({ record: { status: 'reported', providerId: id(8) } })
  expect(await payer.result).toMatchObject({ by: 'platform' })
  expect(payer.placed).toMatchObject([{ action: 'challenge', account: 'managed' }])

  const provider = challenge({ record: { status: 'reported', providerId: id(8) } }, id(8))
  await provider.result
  expect(provider.placed).toMatchObject([{ account: 'operator' }])
  const otherProvider = challenge({ record: { status: 'reported', providerId: id(8) } }, id(77))
  await otherProvider.result
  expect(otherProvider.placed).toMatchObject([{ account: 'managed' }])

  await expect(challenge({}).result).rejects.toMatchObject({ code: 'not_found' })
  for (const status of ['signed', 'challenged', 'final', 'invalid']) {
    const late = challenge({ record: { status, providerId: id(8) } })
    await expect(late.result, status).rejects.toMatchObject({ code: 'state_conflict' })
    expect(late.placed).toEqual([])
  }
})

test('the platform puts up no more bonds than it has room for, and an organisation without a channel none', async () => {
  const record = { status: 'reported', providerId: id(8) }
  const evidence = text('slower')
  const full = world({ open: 5, record })
  await expect(fileWithheld(full.deps, { ...epoch, evidence })).rejects.toMatchObject({ code: 'rate_limited' })
  const challenge = { ...epoch, providerId: null, nodeId: id(4), evidence }
  await expect(challengeRecord(full.deps, challenge)).rejects.toMatchObject({ code: 'rate_limited' })
  const poor = { ...challenge, orgId: 'org_2' }
  await expect(challengeRecord(full.deps, poor)).rejects.toMatchObject({
    code: 'state_conflict',
    publicMessage: expect.stringContaining('Add funds first'),
  })
})

test('what the contract would refuse is said before anything is kept or sent', async () => {
  const { deps, placed, kept } = world({ refusal: 'The bond is not approved.' })
  await expect(fileWithheld(deps, { ...epoch, evidence: text('404') })).rejects.toMatchObject({
    code: 'state_conflict',
    publicMessage: 'The bond is not approved.',
  })
  expect([placed, kept]).toEqual([[], []])
})

test('a ruling is appealed by a party in its time, once; by a stranger never', async () => {
  const ruled = { id: 4n, state: 'ruled', filer: managed, providerId: id(8), channelId: id(1), deadlineS: 60n }
  const appeal = (dispute: object, orgId = 'org_1', providerId: string | null = null) => {
    const made = world({ dispute })
    return { ...made, result: appealDispute(made.deps, { orgId, providerId, userId: 'user_1', id: '4' }) }
  }
  const payer = appeal(ruled)
  await payer.result
  expect(payer.placed).toMatchObject([{ action: 'appeal', account: 'managed', subject: '4' }])
  const provider = appeal(ruled, 'org_2', id(8))
  await provider.result
  expect(provider.placed).toMatchObject([{ account: 'operator' }])

  await expect(appeal(ruled, 'org_2').result).rejects.toMatchObject({ code: 'not_found' })
  await expect(appeal({ ...ruled, deadlineS: 49n }).result).rejects.toMatchObject({
    publicMessage: expect.stringContaining('was over at'),
  })
  for (const state of ['filed', 'drawn', 'appealed', 'appeal_ruled', 'executed']) {
    await expect(appeal({ ...ruled, state }).result, state).rejects.toMatchObject({ code: 'state_conflict' })
  }
})
