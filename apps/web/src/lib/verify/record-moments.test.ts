/** An arbiter is shown the attempts that tell most about a record, with both clocks, and no row of theirs makes the page fall over. */
import { bytes32Of, encodeStruct, type DeliveryReceipt, type WorkReceipt } from '@isochrone/protocol'
import { START_MS, testDelivery, testLease, testTerms, testTermsHash } from '@isochrone/verifier/testing'
import { expect, test } from 'vitest'
import { recordMoments } from './record-moments.ts'

const terms = { [testTermsHash]: encodeStruct('Terms', testTerms) }
const json = (fields: Partial<DeliveryReceipt>) => encodeStruct('DeliveryReceipt', testDelivery(fields))
const none = { deliveries: [], works: [], leases: [], terms, missing: null }

function workOf(delivery: DeliveryReceipt, fields: Partial<WorkReceipt> = {}) {
  const { channelId, requestId, attempt, nodeId, termsHash, seq } = delivery
  const names = { channelId, requestId, attempt, nodeId, termsHash, seq }
  const hashes = { modelHash: bytes32Of('m'), requestHash: bytes32Of('r'), outputHash: bytes32Of('o') }
  const counts = { tokensIn: 100, tokensCached: 0, tokensOut: 11, engineTtftUs: 90_000, engineDurationUs: 250_000 }
  const value = { ...names, ...hashes, ...counts, integrityRoot: bytes32Of('i'), finishedAtMs: START_MS, status: 0 }
  return encodeStruct('WorkReceipt', { ...value, ...fields })
}

test('faults stand first, then the latest first tokens; what is in time gives way; by their start', () => {
  const many = Array.from({ length: 20 }, (_, index) => json({ seq: index + 1, attemptTtftMs: 100 }))
  const late = json({ seq: 30, attemptTtftMs: 900 })
  const failed = json({ seq: 31, fault: 1, httpStatus: 502 })
  const { shown, others } = recordMoments({ ...none, deliveries: [...many, failed, late] })
  expect(shown).toHaveLength(8)
  expect(others).toBe(14)
  expect(shown.at(-2)).toMatchObject({ seq: 30, words: 'first token seen 900 ms after, promised within 250 ms: late' })
  expect(shown.at(-1)).toMatchObject({ seq: 31, words: 'ended with status 502 by the provider’s fault' })
  const starts = shown.map(({ startedAtMs }) => startedAtMs)
  expect(starts).toEqual(starts.toSorted((a, b) => a - b))
})

test('node and gateway stand beside each other, each by what it signed', () => {
  const delivery = testDelivery({ seq: 4, attemptTtftMs: 400 })
  const found = recordMoments({
    ...none,
    deliveries: [encodeStruct('DeliveryReceipt', delivery), json({ seq: 5 })],
    works: [workOf(delivery)],
  })
  expect(found).toMatchObject({ works: 1, engineTtftMs: { median: 90, most: 90 } })
  expect(found.shown.map(({ seq, work }) => [seq, work?.ttftMs ?? null])).toEqual([
    [4, 90],
    [5, null],
  ])
})

test('a lease alone has a span; nothing at all has none; rows that cannot be read are left out', () => {
  const lease = testLease()
  const found = recordMoments({ ...none, leases: [encodeStruct('LeaseReceipt', lease)] })
  expect(found).toMatchObject({ first: lease.fromMs, last: lease.toMs, shown: [], others: 0, engineTtftMs: null })
  expect(recordMoments({ ...none, deliveries: [{ seq: 'x' }], works: [{}], leases: [{}], terms: { a: {} } })).toEqual({
    first: null,
    last: null,
    works: 0,
    engineTtftMs: null,
    shown: [],
    others: 0,
  })
})

test('a time that no date can name is shown as the last one', () => {
  const { first, last, shown } = recordMoments({
    ...none,
    deliveries: [json({ startedAtMs: Number.MAX_SAFE_INTEGER - 10_000_000 })],
  })
  for (const at of [first, last, shown[0]?.startedAtMs]) expect(() => new Date(at ?? 0).toISOString()).not.toThrow()
})
