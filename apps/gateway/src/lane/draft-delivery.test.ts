/** What the lane is about to sign for an attempt: its bill, and what was seen, in the fields that everybody reads later. */
import { decodeStruct, fault, regionToBytes8, structHash, ZERO_BYTES32, type Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { AttemptSeen, Intent } from '../ports.ts'
import { draftOfRecovered, draftOfSeen } from './draft-delivery.ts'
import { intentOf, laneId, seenOf, workOf } from './lane-fixtures.ts'
import type { OpenAttempt } from './lane-state.ts'

/** 1 µUSD an input token, ½ a cached one, 2 an output token, and 1 a byte, each way another sum. */
const prices = {
  inMicroUsdPerMtok: 1_000_000n,
  cachedMicroUsdPerMtok: 500_000n,
  outMicroUsdPerMtok: 2_000_000n,
  inMicroUsdPerGb: 1_000_000_000n,
  outMicroUsdPerGb: 1_000_000_000n,
}
const asked: Hex[] = []
const context = {
  lane: laneId,
  region: regionToBytes8('eu-de'),
  pricesOf: (termsHash: Hex) => (asked.push(termsHash), prices),
}
const attemptOf = (intent: Intent, fields: Partial<OpenAttempt> = {}): OpenAttempt => ({
  intent,
  index: 1,
  inherited: false,
  draft: null,
  presented: null,
  continuedTokens: null,
  won: false,
  ...fields,
})
const signedOf = (intent: Intent, changes: Parameters<typeof workOf>[1] = {}) => {
  const { work, signed } = workOf(intent, { tokensCached: 4, ...changes })
  return { value: decodeStruct('WorkReceipt', signed.work), signature: signed.signature as Hex, of: work }
}

interface Seen {
  intent?: Partial<Intent>
  seen?: Partial<AttemptSeen>
  attempt?: Partial<OpenAttempt>
  work?: Parameters<typeof workOf>[1] | null
  refused?: boolean
}
function seenDraft({ intent: fields, seen, attempt, work = {}, refused = false }: Seen = {}) {
  const intent = intentOf('req_a', { attempt: 2, ...fields })
  const signed = work && signedOf(intent, work)
  const draft = draftOfSeen(context, attemptOf(intent, attempt), seenOf(intent, seen), signed, refused)
  return { ...draft, intent, signed, delivery: draft.delivery }
}

interface Recovered {
  intent?: Partial<Intent>
  attempt?: Partial<OpenAttempt>
  work?: Parameters<typeof workOf>[1]
  superseded?: boolean
}
function recovered({ intent: fields, attempt, work = {}, superseded = false }: Recovered = {}) {
  const intent = intentOf('req_a', { attempt: 2, ...fields })
  const signed = signedOf(intent, work)
  return { ...draftOfRecovered(context, attemptOf(intent, attempt), signed, superseded), intent, signed }
}

const nothing = { billedIn: 0, billedCached: 0, billedOut: 0, bytesIn: 0, bytesOut: 0, price: 0n }

test('what was seen of an attempt stands in its delivery, with the bill by its own terms and no number yet', () => {
  asked.length = 0
  const { delivery, work, intent, signed } = seenDraft({
    seen: { attemptTtftMs: 5.4, durationMs: 29.6, httpStatus: 206, bytesOut: 70 },
  })
  expect(delivery).toEqual({
    workHash: structHash('WorkReceipt', (signed as NonNullable<typeof signed>).value),
    channelId: intent.channelId,
    requestId: intent.requestIdHash,
    attempt: 2,
    nodeId: intent.nodeId,
    lane: laneId,
    seq: 0,
    termsHash: intent.termsHash,
    billedIn: 20,
    billedCached: 4,
    billedOut: 10,
    bytesIn: 100,
    bytesOut: 70,
    price: 20n + 2n + 20n + 100n + 70n,
    attemptTtftMs: 5,
    durationMs: 30,
    startedAtMs: 1_700_000_000_000,
    httpStatus: 206,
    fault: fault.none,
    region: regionToBytes8('eu-de'),
  })
  expect(work).toBe(signed)
  expect(asked).toEqual([intent.termsHash])
})

test('without work there is none to name; without a first token its time is 0', () => {
  const { delivery, work } = seenDraft({ work: null, seen: { attemptTtftMs: null } })
  expect([delivery.workHash, work, delivery.attemptTtftMs]).toEqual([ZERO_BYTES32, null, 0])
  // The tokens were handed on: they are paid, and neither the prompt nor the bytes.
  expect(delivery).toMatchObject({ ...nothing, billedOut: 10, price: 20n })
})

test('times are whole and fit their fields, whatever a clock does', () => {
  const { delivery } = seenDraft({
    seen: { attemptTtftMs: -3, durationMs: 2 ** 40 },
    intent: { startedAtMs: 1_700_000_000_000.6 },
  })
  expect(delivery).toMatchObject({ attemptTtftMs: 0, durationMs: 2 ** 32 - 1, startedAtMs: 1_700_000_000_001 })
})

test('a receipt that was not ordered makes the node to blame, unless somebody else is already', () => {
  expect(seenDraft({ work: null, refused: true }).delivery).toMatchObject({ ...nothing, fault: fault.provider })
  const client = seenDraft({ work: null, refused: true, seen: { fault: fault.client } })
  expect(client.delivery).toMatchObject({ ...nothing, fault: fault.client })
  expect(seenDraft({ seen: { fault: fault.client } }).delivery.fault).toBe(fault.client)
  // Blamed by what was seen: the tokens are paid, the prompt is not.
  const broke = seenDraft({ seen: { fault: fault.provider, tokensDelivered: 3 } })
  expect(broke.delivery).toMatchObject({ ...nothing, billedOut: 3, price: 6n, fault: fault.provider })
})

test('nothing is billed of a discarded attempt, or of one that a lease pays for by time', () => {
  expect(seenDraft({ seen: { billable: false } }).delivery).toMatchObject(nothing)
  expect(seenDraft({ intent: { leaseId: `0x${'1e'.repeat(32)}` } }).delivery).toMatchObject(nothing)
})

test('output is billed as far as it was handed on and ordered', () => {
  expect(seenDraft({ seen: { tokensDelivered: 7 } }).delivery.billedOut).toBe(7)
  expect(seenDraft({ intent: { tokensOutMax: 6 } }).delivery.billedOut).toBe(6)
})

test('an attempt that another went on with is paid for its tokens alone, the one that ends it for the prompt', () => {
  const tokensAlone = { ...nothing, billedOut: 10, price: 20n }
  expect(seenDraft({ attempt: { continuedTokens: 0 } }).delivery).toMatchObject(tokensAlone)
  expect(seenDraft({ seen: { movedOn: true } }).delivery).toMatchObject(tokensAlone)
  const continues = { tokens: 5, delivered: [{ attempt: 1, tokens: 5 }] }
  // 24 tokens were prefilled, of which five were the answer so far.
  expect(seenDraft({ intent: { continues } }).delivery).toMatchObject({ billedIn: 15, billedCached: 4, billedOut: 10 })
})

test('after this gateway’s death a stream is billed by what its node signed for', () => {
  asked.length = 0
  const { delivery, work, intent, signed } = recovered({
    work: { engineTtftUs: 6_499, finishedAtMs: 1_700_000_000_031, tokensOut: 9 },
  })
  expect(delivery).toEqual({
    workHash: structHash('WorkReceipt', signed.value),
    channelId: intent.channelId,
    requestId: intent.requestIdHash,
    attempt: 2,
    nodeId: intent.nodeId,
    lane: laneId,
    seq: 0,
    termsHash: intent.termsHash,
    billedIn: 20,
    billedCached: 4,
    billedOut: 9,
    bytesIn: 100,
    bytesOut: 0,
    price: 20n + 2n + 18n + 100n,
    attemptTtftMs: 6,
    durationMs: 31,
    startedAtMs: 1_700_000_000_000,
    httpStatus: 200,
    fault: fault.gateway,
    region: regionToBytes8('eu-de'),
  })
  expect(work).toBe(signed)
  expect(asked).toEqual([intent.termsHash])
})

test('after it what nobody received costs nothing: not streamed, queued, replaced, or paid by a lease', () => {
  const unpaid: [Recovered, number][] = [
    [{ intent: { stream: false } }, 502],
    [{ intent: { jobId: 'job_1' } }, 200],
    [{ intent: { leaseId: `0x${'1e'.repeat(32)}` } }, 200],
    [{ superseded: true }, 200],
    [{ work: { tokensOut: 0 } }, 502],
  ]
  for (const [input, httpStatus] of unpaid) {
    expect(recovered(input).delivery).toMatchObject({ ...nothing, httpStatus, fault: fault.gateway })
  }
})

test('after it an attempt that another went on with is paid for what it had handed on, never for the prompt', () => {
  const continued = recovered({ attempt: { continuedTokens: 4 } })
  expect(continued.delivery).toMatchObject({ ...nothing, billedOut: 4, price: 8n })
  expect(recovered({ attempt: { continuedTokens: 0 } }).delivery).toMatchObject(nothing)
  const continues = { tokens: 5, delivered: [{ attempt: 1, tokens: 5 }] }
  expect(recovered({ intent: { continues } }).delivery).toMatchObject({ billedIn: 15, billedCached: 4, billedOut: 10 })
  expect(recovered({ intent: { tokensOutMax: 6 } }).delivery.billedOut).toBe(6)
})

test('after it a node’s clock that is behind makes no time below 0', () => {
  expect(recovered({ work: { finishedAtMs: 1_699_999_999_000 } }).delivery.durationMs).toBe(0)
})
