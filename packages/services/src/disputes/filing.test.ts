/** What is filed is filed by whoever may, once it can be, on evidence that can be kept; else a sentence says why not. */
import { manualClock } from '@isochrone/domain'
import {
  encodeStruct,
  leafOfHash,
  merkleTree,
  structHash,
  type DeliveryReceipt,
  type Hex,
  type LeaseReceipt,
} from '@isochrone/protocol'
import { expect, test, vi } from 'vitest'
import { appealDispute } from './answer-dispute.ts'
import { DOCUMENT_BYTES_MAX } from './documents.ts'
import { challengeRecord, fileDispute, fileWithheld, filingTerms } from './file-dispute.ts'
import type { DisputeDeps } from './place-order.ts'

const id = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const managed = `0x${'aa'.repeat(20)}`
const operator = `0x${'bb'.repeat(20)}`
const ownWallet = `0x${'cc'.repeat(20)}`
const strangerWallet = `0x${'dd'.repeat(20)}`
/** Of the organisations that have one. */
const channels: Record<string, Hex | undefined> = { org_1: id(1), org_3: id(31) }
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
  /** Whether the number is a lease receipt's. */
  leased?: boolean
  nowS?: number
  /** µUSD of the receipt that earlier disputes gave back. */
  refunded?: bigint
}

function world(asked: World = {}) {
  const { owner = managed, open = 0, anchored = true, anchoredRoot = merkleTree([id(9)]).root } = asked
  const { closed = true, stored = true, leased = false, nowS = 50, refunded = 0n } = asked
  const { epochRoot = leased ? leaseRoot : ownRoot, refusal = null, record, dispute } = asked
  const row = { channelId: id(1), lane: id(2), epoch: closed ? 7n : null, priceMicroUsd: 100n }
  const placed: { action: string; account: string; subject: string; payload: unknown }[] = []
  const kept: { hash: string; role: string }[] = []
  const rehearse = vi.fn(async () => ({ blockNumber: 1n, steps: [{ label: 'file', refusal }], balances: [] }))
  const deps = {
    clock: manualClock(0),
    chain: { managedOwnerAddress: managed, operatorAddress: operator },
    disputes: {
      facts: { bondMicroUsd: 5n, appealBondMicroUsd: 20n, challengeBondMicroUsd: 10n, fileS: 100 },
      anchoredAtS: async () => (anchored ? { root: anchoredRoot, anchoredAtS: 1 } : null),
      refundedOf: async () => refunded,
      nowS: async () => nowS,
      calls: async () => [{ label: 'file', to: id(1), data: '0x' }],
      rehearse,
    },
    store: {
      funding: {
        channelOfOrg: async (orgId: string) =>
          channels[orgId] ? { id: channels[orgId], ownerAddress: orgId === 'org_1' ? owner : strangerWallet } : null,
      },
      providers: { byId: async (providerId: string) => ({ id: providerId, ownerAddress: operator }) },
      evidence: {
        recordVersions: async () => (record ? [record] : []),
        receipt: async () => (leased ? null : { ...row, delivery }),
        leaseReceipt: async () => (leased ? { ...row, receipt: encodeStruct('LeaseReceipt', leaseValue) } : null),
        leafHashes: async () =>
          stored && !leased
            ? [{ seq: 1n, deliveryHash: structHash('DeliveryReceipt', deliveryValue), workHash: null }]
            : [],
        leaseHashesOfEpoch: async () =>
          stored && leased ? [{ seq: 1n, hash: structHash('LeaseReceipt', leaseValue) }] : [],
      },
      readings: {
        epochsByKey: async ([key]: { epoch: bigint }[]) =>
          key?.epoch === 7n ? [{ lane: id(2), epoch: 7n, root: epochRoot, count: 1n }] : [],
      },
      disputes: {
        openAgainst: async () => open,
        challengedRecords: async (providerId: string) => (providerId === id(8) ? open : 0),
        openOrderCount: async () => 0,
        disputesAbout: async () => [],
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
const leaseValue: LeaseReceipt = {
  channelId: id(1),
  leaseId: id(6),
  nodeId: id(4),
  lane: id(2),
  seq: 1,
  termsHash: id(5),
  fromMs: 0,
  toMs: 60_000,
  gpuMs: 60_000,
  price: 100n,
}
const leaseRoot = merkleTree([leafOfHash('LeaseReceipt', structHash('LeaseReceipt', leaseValue))]).root
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

const leaseClaim = { lane: id(2), seq: 1, kind: 'not_delivered' as const, amountMicroUsd: 1n, evidence: text('down') }

test('a lease receipt is disputed with its own proof and struct, by who rents alone, and only where it is anchored', async () => {
  const file = (asked: World, orgId = 'org_1') => {
    const made = world({ leased: true, ...asked })
    return { ...made, result: fileDispute(made.deps, { ...leaseClaim, userId: 'user_1', orgId }) }
  }
  const filed = file({ anchoredRoot: leaseRoot })
  expect(await filed.result).toMatchObject({ by: 'platform' })
  const subject = structHash('LeaseReceipt', leaseValue)
  expect(filed.placed).toMatchObject([
    {
      action: 'file_lease',
      subject: `${subject}:not_delivered`,
      payload: { epoch: 7, proof: [], amountMicroUsd: '1', lease: { leaseId: id(6), price: '100' } },
    },
  ])
  const wallet = file({ anchoredRoot: leaseRoot, owner: ownWallet })
  expect(await wallet.result).toMatchObject({ by: 'wallet', account: ownWallet })

  for (const orgId of ['org_2', 'org_3']) {
    const foreign = file({ anchoredRoot: leaseRoot }, orgId)
    await expect(foreign.result, orgId).rejects.toMatchObject({ code: 'not_found' })
    expect(foreign.placed).toEqual([])
  }
  const cases: [World, string][] = [
    [{ closed: false }, 'Its epoch is still open'],
    [{ anchored: false }, 'not anchored on the chain yet'],
    [{ stored: false, epochRoot: id(23) }, 'Not every receipt of the epoch is stored here'],
    [{ anchoredRoot: ownRoot }, 'not under the root that its lane anchored'],
    [{ anchoredRoot: leaseRoot, refunded: 100n }, 'what is left of the receipt’s price'],
    [{ anchoredRoot: leaseRoot, refusal: 'A dispute about this is open already.' }, 'open already'],
  ]
  for (const [asked, words] of cases) {
    const { result, placed, kept } = file(asked)
    await expect(result, words).rejects.toMatchObject({ publicMessage: expect.stringContaining(words) })
    expect([placed, kept], words).toEqual([[], []])
  }
})

test('what the form says of a lease receipt: for how much, until when, and why not any more', async () => {
  const terms = (asked: World, orgId = 'org_1') =>
    filingTerms(world({ leased: true, anchoredRoot: leaseRoot, ...asked }).deps, { orgId, lane: id(2), seq: 1 })
  const open = { about: 'lease', leftMicroUsd: 100n, bondMicroUsd: 5n, untilMs: 101_000, refusal: null }
  expect(await terms({})).toMatchObject(open)
  expect(await terms({ nowS: 101 })).toMatchObject(open)
  expect(await terms({ nowS: 102 })).toMatchObject({ refusal: 'The time to dispute this receipt is over.' })
  expect(await terms({ closed: false })).toMatchObject({ leftMicroUsd: 0n, untilMs: null })
  await expect(terms({}, 'org_3')).rejects.toMatchObject({ code: 'not_found' })
})

/** Records and files are everybody's to doubt: what must not happen is that another's account or bond is drawn in. */
test('whoever files about an epoch or a record does it in its own name, and what is nowhere is not found', async () => {
  const record = { status: 'reported', providerId: id(8) }
  const evidence = text('404')
  const stranger = { orgId: 'org_3', userId: 'user_3' }
  const { deps, placed } = world({ record })
  const theirs = { by: 'wallet', account: strangerWallet }
  expect(await fileWithheld(deps, { ...epoch, ...stranger, evidence })).toMatchObject(theirs)
  const challenge = { ...epoch, ...stranger, nodeId: id(4), evidence }
  expect(await challengeRecord(deps, { ...challenge, providerId: null })).toMatchObject(theirs)
  // A provider, but of other nodes.
  expect(await challengeRecord(deps, { ...challenge, providerId: id(9) })).toMatchObject(theirs)
  expect(placed).toEqual([])

  const nowhere = world({ anchored: false })
  const missing = { code: 'not_found' }
  await expect(fileWithheld(nowhere.deps, { ...epoch, epoch: 8, evidence })).rejects.toMatchObject(missing)
  await expect(challengeRecord(nowhere.deps, { ...challenge, providerId: null })).rejects.toMatchObject(missing)
  expect([nowhere.placed, nowhere.kept]).toEqual([[], []])
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
  const ofOwn = challengeRecord(full.deps, { ...challenge, providerId: id(8) })
  await expect(ofOwn, 'of a provider whose account is the platform’s').rejects.toMatchObject({ code: 'rate_limited' })
  const own = world({ open: 5, record, owner: ownWallet })
  await expect(challengeRecord(own.deps, challenge), 'by its own bond').resolves.toMatchObject({ by: 'wallet' })
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
