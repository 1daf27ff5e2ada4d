/** The lane's state record by record: what is owed, what an epoch still has to hold, and what a restart must know again. */
import {
  encodeStruct,
  signStruct,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Hex,
  type LeaseReceipt,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { Intent } from '../ports.ts'
import {
  channelId,
  intentOf,
  laneId,
  node,
  nodeId,
  nodeUnder,
  outcomeOf,
  providerId,
  receiptDomain,
  otherKey,
  termsOf,
} from './lane-fixtures.ts'
import { attemptKey, LaneState } from './lane-state.ts'
import type { LaneWriter } from './lane-writer.ts'
import { recordRecount } from './record-recount.ts'
import { encodeIntent, type LaneRecord } from './records.ts'
import { termsRecordOf } from './terms-record.ts'

const termsHash = node.termsHash as Hex
const DAY_MS = 86_400_000

function deliveryOf(intent: Intent, seq: number, price: bigint): DeliveryReceipt {
  const { requestIdHash: requestId, attempt, termsHash: named } = intent
  return {
    workHash: ZERO_BYTES32,
    channelId,
    requestId,
    attempt,
    nodeId,
    lane: laneId,
    seq,
    termsHash: named,
    billedIn: 20,
    billedCached: 0,
    billedOut: 10,
    bytesIn: 0,
    bytesOut: 0,
    price,
    attemptTtftMs: 5,
    durationMs: 30,
    startedAtMs: intent.startedAtMs,
    httpStatus: 200,
    fault: 0,
    region: `0x${'00'.repeat(8)}`,
  }
}

type Finished = Extract<LaneRecord, { type: 'request-finished' }>

function finishedOf(intent: Intent, seq: number, price: bigint, changes: Partial<Finished> = {}): LaneRecord {
  const { signature } = signStruct(receiptDomain, 'DeliveryReceipt', deliveryOf(intent, seq, price), otherKey)
  const delivery = encodeStruct('DeliveryReceipt', deliveryOf(intent, seq, price))
  const receipts = [{ delivery, deliverySignature: signature, work: null, workSignature: null }]
  return { type: 'request-finished', lane: laneId, request: outcomeOf(intent), receipts, ...changes }
}

function closedOf(epoch: number, toSeq: number, nodes: Hex[] = [nodeId]): LaneRecord {
  const anchor = { epoch: String(epoch) }
  return {
    type: 'epoch-closed',
    lane: laneId,
    anchor,
    anchorSignature: '0x',
    vouchers: [],
    nodes,
    fromSeq: 1,
    toSeq,
    closedAtMs: 0,
  }
}

function recountOf(seq: number, price: bigint, refund: bigint): LaneRecord {
  const counts = { tokensIn: 20, tokensCached: 0, tokensOut: 10 }
  return {
    type: 'metering-recounted',
    lane: laneId,
    seq,
    requestId: 'req',
    attempt: 0,
    orgId: 'org_1',
    channelId,
    providerId,
    nodeId,
    model: 'demo',
    billed: counts,
    recounted: { ...counts, tokensOut: 4 },
    countedIn: null,
    countedOut: 4,
    priceMicroUsd: price.toString(),
    refundMicroUsd: refund.toString(),
    countedAtMs: 0,
  }
}

function signedOf(epoch: number, of: Hex = nodeId): LaneRecord {
  const record = { epoch: String(epoch), nodeId: of }
  return {
    type: 'performance-signed',
    lane: laneId,
    record,
    laneSignature: '0x',
    nodeSignature: null,
    nodeReason: null,
    counts: [],
  }
}

const leaseId: Hex = `0x${'1e'.repeat(32)}`
const otherLeaseId: Hex = `0x${'2e'.repeat(32)}`

function meteredOf(seq: number, price: bigint, changes: Partial<LeaseReceipt> = {}): LaneRecord {
  const span = { channelId, leaseId, nodeId, lane: laneId, termsHash, fromMs: 0, toMs: 60_000, gpuMs: 60_000 }
  const receipt = encodeStruct('LeaseReceipt', { ...span, seq, price, ...changes })
  const lease = { receipt, laneSignature: '0x', nodeSignature: '0x' }
  return { type: 'lease-metered', lane: laneId, leaseId: 'lease_1', orgId: 'org_1', lease }
}

/** Records from index 1 on, as live operation applies them. */
function stateOf(records: readonly LaneRecord[], inherited = false): LaneState {
  const state = new LaneState()
  records.forEach((record, i) => state.apply(record, i + 1, inherited))
  return state
}
const terms: LaneRecord = termsRecordOf(node)
const begun = (name: string, changes: Partial<Intent> = {}): LaneRecord => encodeIntent(intentOf(name, changes))
/** Two answers, 40 and 60 µUSD. */
const two: LaneRecord[] = [
  terms,
  begun('a'),
  finishedOf(intentOf('a'), 1, 40n),
  begun('b'),
  finishedOf(intentOf('b'), 2, 60n),
]
const owed = (state: LaneState) => [state.cumulative(channelId, providerId), state.signedByChannel.get(channelId)]

/** A provider's pay and a payer's bill: a correction counts once, in the epoch of its receipt. */
test('a correction is taken off once, and nothing once its epoch is closed', () => {
  const state = stateOf([...two, recountOf(2, 60n, 25n)])
  expect(owed(state)).toEqual([75n, 75n])
  expect([...state.corrections.values()]).toEqual([
    { seq: 2, billedIn: 20, billedCached: 0, billedOut: 4, refund: 25n },
  ])
  state.apply(recountOf(2, 60n, 25n), 9, false)
  state.apply(recountOf(1, 40n, 0n), 10, false)
  expect(owed(state)).toEqual([75n, 75n])
  expect([...state.corrections.keys()]).toEqual([2])

  state.apply(closedOf(7, 1), 11, false)
  expect([...state.corrections.keys()]).toEqual([2])
  state.apply(recountOf(1, 40n, 40n), 12, false)
  expect(owed(state)).toEqual([75n, 75n])
  state.apply(closedOf(8, 2), 13, false)
  expect(state.corrections.size).toBe(0)
  state.apply(recountOf(2, 60n, 25n), 14, false)
  expect(owed(state)).toEqual([75n, 75n])
})

test('a receipt that a correction makes free adds to no voucher; one that is corrected in part still does', () => {
  const free = (records: LaneRecord[]) => stateOf(records).unclosed.map(({ seq, isFree }) => [seq, isFree])
  expect(free(two)).toEqual([
    [1, false],
    [2, false],
  ])
  expect(free([...two, recountOf(2, 60n, 60n)])).toEqual([
    [1, false],
    [2, true],
  ])
  expect(free([...two, recountOf(2, 60n, 59n)])).toEqual([
    [1, false],
    [2, false],
  ])
  const nothing = [terms, begun('c'), finishedOf(intentOf('c'), 1, 0n)]
  expect(free(nothing)).toEqual([[1, true]])
})

/** What a voucher was signed for is the provider's: a recount that comes with or after the close refunds nothing. */
test('a recount is late from the moment its receipt is taken into a closing epoch, or its terms are gone', async () => {
  const recounted = async (takenToSeq: number, records = two) => {
    const state = stateOf(records)
    const written: LaneRecord[] = []
    const writer = { write: async (record: LaneRecord) => void written.push(record) } as LaneWriter
    const recount = {
      requestId: 'b',
      requestIdHash: intentOf('b').requestIdHash,
      attempt: 0,
      orgId: 'org_1',
      model: 'demo',
    }
    const found = { tokensInMax: null, tokensOutMax: 4, countedIn: null, countedOut: 4 }
    const deps = { lane: laneId, state, writer, takenToSeq: () => takenToSeq, nowMs: () => 0 }
    const outcome = await recordRecount(deps, { ...recount, ...found })
    const [entry] = written
    return [outcome, entry?.type === 'metering-recounted' && entry.refundMicroUsd]
  }
  // 60 µUSD were signed; 20 tokens in and 4 out cost 28.
  expect(await recounted(1)).toEqual(['refunded', '32'])
  expect(await recounted(2)).toEqual(['late', '0'])
  expect(await recounted(3)).toEqual(['late', '0'])
  expect(await recounted(1, two.slice(1))).toEqual(['late', '0'])
  // A receipt for less than its counts cost under its terms: nothing is taken from the payer by a correction.
  const underpriced = [...two.slice(0, 4), finishedOf(intentOf('b'), 2, 20n)]
  await expect(recounted(1, underpriced)).rejects.toThrow('a refund is at most the price')
})

test('a closed epoch takes its receipts along, and its nodes wait for their records one by one', () => {
  const state = stateOf([...two, closedOf(7, 1, [nodeId, laneId])])
  expect(state.unclosed.map(({ seq }) => seq)).toEqual([2])
  expect([state.closedToSeq, state.lastEpoch, state.nextSeq]).toEqual([1, 7, 3])
  expect(state.recordsDue).toEqual(new Map([[7, new Set([nodeId, laneId])]]))
  state.apply(signedOf(7), 8, false)
  expect(state.recordsDue).toEqual(new Map([[7, new Set([laneId])]]))
  state.apply(signedOf(9, laneId), 9, false)
  expect(state.recordsDue.has(7)).toBe(true)
  state.apply(signedOf(7, laneId), 10, false)
  expect(state.recordsDue.size).toBe(0)
  state.apply(closedOf(8, 2, []), 11, false)
  expect(state.recordsDue.size).toBe(0)
  expect(state.unclosed).toEqual([])
})

test('a receipt whose epoch was closed before it is read back belongs to no other epoch', () => {
  const state = stateOf([terms, closedOf(7, 1), begun('a'), finishedOf(intentOf('a'), 1, 40n), begun('b')])
  expect(state.unclosed).toEqual([])
  state.apply(finishedOf(intentOf('b'), 2, 60n), 9, false)
  expect(state.unclosed.map(({ seq, recordIndex, index }) => [seq, recordIndex, index])).toEqual([[2, 9, 5]])
})

test('a receipt without its intent is known as delivered, and adds to nothing', () => {
  const state = stateOf([terms, finishedOf(intentOf('a'), 4, 40n)])
  expect(owed(state)).toEqual([0n, undefined])
  expect(state.unclosed).toEqual([])
  expect(state.nextSeq).toBe(5)
  expect(state.delivered.get(attemptKey(intentOf('a').requestIdHash, 0))?.value.price).toBe(40n)
  const unknown = stateOf([begun('a'), finishedOf(intentOf('a'), 1, 40n)])
  expect(owed(unknown)).toEqual([0n, undefined])
  expect(unknown.keySpend.of('key_1:total')).toBe(0n)
  expect(() => unknown.termsOf(termsHash)).toThrow('terms are journalled before the first intent under them')
})

test('the journal is kept from the oldest intent or checkpoint that something still needs', () => {
  const state = stateOf(two)
  expect(state.floorIndex).toBe(0)
  state.apply(state.checkpoint(0), 6, false)
  expect(state.floorIndex).toBe(2)
  state.apply(closedOf(7, 1), 7, false)
  expect(state.floorIndex).toBe(4)
  state.apply(closedOf(8, 2), 8, false)
  expect(state.floorIndex).toBe(6)
})

test('what a finished request left open earns nothing; a recovered receipt leaves the others alone', () => {
  const [first, second] = [intentOf('a'), intentOf('a', { attempt: 1 })]
  const start: LaneRecord[] = [terms, encodeIntent(first), encodeIntent(second)]
  const open = (records: LaneRecord[]) => [...stateOf(records).open.keys()]
  expect(open([...start, finishedOf(second, 1, 5n)])).toEqual([])
  const finished = finishedOf(second, 1, 5n)
  if (finished.type !== 'request-finished') throw new Error('it is finished')
  const recovered: LaneRecord = { ...finished, type: 'receipt-recovered' }
  expect(open([...start, recovered])).toEqual([attemptKey(first.requestIdHash, 0)])
})

/** What is kept of each request for ever would be all of a gateway's memory in the end. */
test('the numbers of attempts are known while one of them is open, and then no more', () => {
  const [first, second] = [intentOf('a'), intentOf('a', { attempt: 1 })]
  const start: LaneRecord[] = [terms, encodeIntent(first), encodeIntent(second)]
  const numbers = (state: LaneState) => [...state.nextAttempts]
  const known = [[first.requestIdHash, 2]]
  expect(numbers(stateOf(start))).toEqual(known)
  const finished = finishedOf(second, 1, 5n)
  if (finished.type !== 'request-finished') throw new Error('it is finished')
  expect(numbers(stateOf([...start, finished]))).toEqual([])
  const recovered: LaneRecord[] = [...start, { ...finished, type: 'receipt-recovered' }]
  // The first one is judged by the second, which is closed already.
  expect(numbers(stateOf(recovered, true))).toEqual(known)
  const late = finishedOf(first, 2, 0n)
  if (late.type !== 'request-finished') throw new Error('it is finished')
  expect(numbers(stateOf([...recovered, { ...late, type: 'receipt-recovered' }], true))).toEqual([])
  const givenUp = stateOf(start, true)
  givenUp.checkpoint(first.startedAtMs + 8 * DAY_MS)
  expect(numbers(givenUp)).toEqual([])
})

test('an answer of a queued job is kept, with whether it was refused; others are not', () => {
  const answered = (
    changes: Partial<Finished['request']>,
    rest: { answer?: unknown } = { answer: { text: 'hello' } },
  ) => {
    const intent = intentOf('a', { jobId: 'job_1' })
    const request = { ...outcomeOf(intent), ...changes }
    return stateOf([terms, encodeIntent(intent), finishedOf(intent, 1, 5n, { request, ...rest })]).jobs.answerOf('a')
  }
  expect(answered({})).toMatchObject({ outcome: 'answered', httpStatus: 200 })
  expect(answered({ httpStatus: 399 })).toMatchObject({ outcome: 'answered' })
  expect(answered({ httpStatus: 400 })).toMatchObject({ outcome: 'rejected' })
  expect(answered({ jobId: null })).toBeUndefined()
  expect(answered({}, {})).toBeUndefined()
})

/** Overspend: what a dead process reserved is held back, unless its end can cost nothing. */
test('what an earlier process left open is held, but not queued jobs, whole answers and what is ours', () => {
  const held = (changes: Partial<Intent>, inherited = true) =>
    stateOf([terms, begun('a', { reservedMicroUsd: 7n, ...changes }), begun('b', { reservedMicroUsd: 5n })], inherited)
      .heldForRecovery()
      .get(channelId)
  expect(held({})).toBe(12n)
  expect(held({ stream: false })).toBe(5n)
  expect(held({ jobId: 'job_1' })).toBe(5n)
  expect(held({}, false)).toBeUndefined()
})

test('a key is held to what may still be billed by it: not to queued jobs, whole answers and what is ours', () => {
  const held = (changes: Partial<Intent>, inherited = true) =>
    stateOf([terms, begun('a', { reservedMicroUsd: 7n, ...changes })], inherited)
      .keysHeldForRecovery()
      .get('key_1:total')
  expect(held({})).toBe(7n)
  expect(held({ stream: false })).toBeUndefined()
  expect(held({ jobId: 'job_1' })).toBeUndefined()
  expect(held({ keyId: null })).toBeUndefined()
  expect(held({}, false)).toBeUndefined()
})

/** Paid twice or not at all: of attempts at one request, one has handed on the answer. */
test('an attempt is superseded by the next one, but a rival of the same time that lost supersedes nobody', () => {
  const { requestIdHash } = intentOf('a')
  const superseded = (attempt: number, records: LaneRecord[]) => {
    const state = stateOf(records)
    const open = state.open.get(attemptKey(requestIdHash, attempt))
    return open && state.isSuperseded(open)
  }
  const [first, rival, third] = [begun('a'), begun('a', { attempt: 1, isHedge: true }), begun('a', { attempt: 2 })]
  const won = (attempt: number): LaneRecord => ({ type: 'attempt-won', requestIdHash, attempt })
  expect([superseded(0, [first]), superseded(0, [first, begun('a', { attempt: 1 })])]).toEqual([false, true])
  expect([superseded(0, [first, rival, won(0)]), superseded(0, [first, rival, won(0), third])]).toEqual([false, true])
  expect([superseded(1, [first, rival]), superseded(1, [first, rival, won(1)])]).toEqual([true, false])
  expect(superseded(1, [first, rival, won(1), third])).toBe(true)
})

test('a checkpoint forgets what is given up and terms that nothing names', () => {
  const startedAtMs = intentOf('a').startedAtMs
  const after = (ms: number, inherited = true) => stateOf([terms, begun('a')], inherited).checkpoint(startedAtMs + ms)
  expect(after(7 * DAY_MS).open).toHaveLength(1)
  expect(after(7 * DAY_MS).terms).toHaveLength(1)
  expect(after(7 * DAY_MS + 1)).toMatchObject({ open: [], terms: [] })
  expect(after(7 * DAY_MS + 1, false).open).toHaveLength(1)
  const unclosed = stateOf(two).checkpoint(0)
  expect(unclosed.terms.map(({ termsHash: hash }) => hash)).toEqual([termsHash])
  expect(stateOf([...two, closedOf(7, 2)]).checkpoint(0).terms).toEqual([])
})

/** A restart from the checkpoint alone knows what the process knew. */
test('a checkpoint restores sums, numbers, records due, jobs and open attempts, in place of what was there', () => {
  const job = intentOf('job', { jobId: 'job_1' })
  const live = stateOf([
    ...two,
    closedOf(7, 2),
    encodeIntent(job),
    begun('hedge', { attempt: 1, isHedge: true }),
    { type: 'attempt-won', requestIdHash: intentOf('hedge').requestIdHash, attempt: 1 },
    { type: 'attempt-won', requestIdHash: intentOf('nobody').requestIdHash, attempt: 1 },
  ])
  const record = live.checkpoint(0)
  const restored = stateOf([...two, begun('forgotten'), closedOf(6, 1, [laneId]), record], true)
  expect(owed(restored)).toEqual([100n, 100n])
  expect(restored.cumulative(laneId, providerId)).toBe(0n)
  expect([restored.nextSeq, restored.closedToSeq, restored.lastEpoch]).toEqual([3, 2, 7])
  expect(restored.recordsDue).toEqual(new Map([[7, new Set([nodeId])]]))
  expect(restored.checkpoint(0)).toEqual(record)
  expect(restored.jobs.nextAttempt('job')).toBe(1)
  expect([...restored.open.values()].map(({ intent, won, inherited }) => [intent.requestId, won, inherited])).toEqual([
    ['job', false, true],
    ['hedge', true, true],
  ])
  expect(restored.knowsTerms(termsHash)).toBe(true)
  expect(() => stateOf([...two, { ...record, nextSeq: 1 }], true)).toThrow('a checkpoint is never behind')
  // Written by this process itself, it changes nothing but the place from which the journal is needed.
  const own = stateOf(two)
  own.apply({ ...record, nextSeq: 1 }, 6, false)
  expect(own.nextSeq).toBe(3)
})

test('a checkpoint brings what was finished of queued jobs, and forgets terms that it does not name', () => {
  const job = intentOf('job', { jobId: 'job_1' })
  const record = stateOf([terms, encodeIntent(job), finishedOf(job, 1, 5n, { answer: { text: 'hello' } })]).checkpoint(
    0,
  )
  const old = nodeUnder(termsOf({ outPerMtok: 7 }))
  const restored = stateOf([termsRecordOf(old), record], true)
  expect(restored.jobs.knows('job', 0)).toBe('finished')
  expect([restored.knowsTerms(termsHash), restored.knowsTerms(old.termsHash as Hex)]).toEqual([true, false])
  const { jobs: _none, ...before } = record
  expect(stateOf([before], true).jobs.knows('job', 0)).toBe('unknown')
})

test('an attempt that a checkpoint names again is still needed from its own record on', () => {
  const records = [terms, begun('a')]
  const state = stateOf([...records, stateOf(records).checkpoint(0)], true)
  state.apply(finishedOf(intentOf('a'), 1, 40n), 4, false)
  expect(state.unclosed.map(({ recordIndex, index }) => [recordIndex, index])).toEqual([[4, 2]])
})

/** What budgets of keys count: each receipt once, in the period that its request came in by, over any restart. */
test('what was billed through a key is known by day, month and in all, and again after a restart', () => {
  const [late, early] = [Date.parse('2026-11-30T23:59:59Z'), Date.parse('2026-12-01T00:00:01Z')]
  const at = (name: string, receivedAtMs: number, keyId: string | null = 'key_1') =>
    intentOf(name, { keyId, receivedAtMs, startedAtMs: early, stream: true, reservedMicroUsd: 500n })
  const answered = (intent: Intent, seq: number, price: bigint): LaneRecord[] => {
    const request = { ...outcomeOf(intent), keyId: intent.keyId, receivedAtMs: intent.receivedAtMs ?? 0 }
    return [encodeIntent(intent), finishedOf(intent, seq, price, { request })]
  }
  const records = [
    terms,
    ...answered(at('a', late), 1, 40n),
    ...answered(at('b', early), 2, 2n),
    ...answered(at('c', early, 'key_2'), 3, 1n),
    ...answered(at('d', early, null), 4, 7n),
    ...answered(at('e', early, 'key_free'), 5, 0n),
    encodeIntent(at('open', late)),
  ]
  const known = ({ keySpend }: LaneState) =>
    ['2026-11-30', '2026-12-01', '2026-11', '2026-12', 'total'].map((id) => keySpend.of(`key_1:${id}`))
  const sums = [40n, 2n, 40n, 2n, 42n]
  const live = stateOf(records)
  expect(known(live)).toEqual(sums)
  expect(live.keysHeldForRecovery().size).toBe(0)
  const checkpoint = live.checkpoint(early)
  expect(checkpoint.keys?.map(([keyId]) => keyId)).toEqual(['key_1', 'key_2'])
  for (const restarted of [stateOf(records, true), stateOf([checkpoint], true)]) {
    expect(known(restarted)).toEqual(sums)
    expect(restarted.keySpend.of('key_2:total')).toBe(1n)
    const held = restarted.keysHeldForRecovery()
    expect([held.get('key_1:2026-11'), held.get('key_1:2026-12')]).toEqual([500n, undefined])
  }
  // Long after: periods that are over are forgotten, and later the key too.
  live.checkpoint(early + 20 * DAY_MS)
  expect(known(live)).toEqual([0n, 0n, 0n, 2n, 42n])
  live.checkpoint(early + 70 * DAY_MS)
  expect(known(live)).toEqual([0n, 0n, 0n, 0n, 0n])
})

/** A lease is owed like an answer: by the lane's next number, in its epoch, once. */
test('a reading of a lease is owed, takes a number, and waits for its epoch unless that is closed', () => {
  const state = stateOf([terms, meteredOf(4, 30n), meteredOf(6, 0n), meteredOf(5, 12n)])
  expect(owed(state)).toEqual([42n, 42n])
  expect(state.nextSeq).toBe(7)
  expect(state.unclosed).toEqual([
    { seq: 4, channelId, termsHash, isFree: false, recordIndex: 2, index: 2 },
    { seq: 6, channelId, termsHash, isFree: true, recordIndex: 3, index: 3 },
    { seq: 5, channelId, termsHash, isFree: false, recordIndex: 4, index: 4 },
  ])
  const late = stateOf([terms, closedOf(7, 2), meteredOf(2, 30n), meteredOf(3, 12n)])
  expect(late.unclosed.map(({ seq }) => seq)).toEqual([3])
  expect(owed(late)).toEqual([42n, 42n])
  // Its terms lie in a forgotten segment, and a checkpoint holds the sums.
  expect(owed(stateOf([meteredOf(1, 30n)]))).toEqual([0n, undefined])
})

test('a lease is read from where its last reading ended, after a restart too, until long after its end', () => {
  const other = meteredOf(3, 5n, { leaseId: otherLeaseId, toMs: 40_000 })
  const state = stateOf([terms, meteredOf(1, 5n), meteredOf(2, 5n, { toMs: 50_000 }), other])
  const ends = new Map([
    [leaseId, 60_000],
    [otherLeaseId, 40_000],
  ])
  expect(state.leases).toEqual(ends)
  const known = state.checkpoint(7 * DAY_MS + 40_000)
  expect(stateOf([known], true).leases).toEqual(ends)
  state.checkpoint(7 * DAY_MS + 40_001)
  expect([...state.leases.keys()]).toEqual([leaseId])
  const { leases: _none, ...before } = known
  expect(stateOf([before], true).leases.size).toBe(0)
})
