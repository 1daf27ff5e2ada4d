/** What is proposed about a challenged record follows from the epoch's receipts alone, and is never guessed where they may not be all. */
import { bytes32Of, encodeStruct, ZERO_BYTES32, type PerformanceRecord } from '@isochrone/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { START_MS, testDelivery, testLease, testTerms, testTermsHash } from '../testing/receipts.ts'
import { computeRecordOutcome, RECORD_RECEIPTS_MAX, type RecordEvidence } from './compute-record-outcome.ts'
import { evaluateSla } from './evaluate-sla.ts'

const [lane, node] = [bytes32Of('lane'), bytes32Of('node')]
const epoch = 9
const terms = { [testTermsHash]: encodeStruct('Terms', testTerms) }

type Lied = Partial<Omit<RecordEvidence, 'leases'>> & { lie?: Partial<PerformanceRecord>; leases?: number }

/** Evidence of an epoch whose record says what its receipts make of the node, but for `lie`. */
function evidenceOf(
  deliveries: readonly Parameters<typeof testDelivery>[0][],
  { lie = {}, leases = 0, ...rest }: Lied = {},
): RecordEvidence {
  const signed = deliveries.map((fields, index) => testDelivery({ seq: index + 1, ...fields }))
  const spans = Array.from({ length: leases }, (_, index) => testLease({ seq: 10_000 + index, price: 7n }))
  const [honest] = evaluateSla({ lane, epoch, nodeId: node, terms: () => testTerms }, [
    ...signed.map((delivery) => ({ delivery })),
    ...spans.map((lease) => ({ lease })),
  ])
  const none = { nodeId: node, lane, epoch, version: 0, earned: 0n, attempts: 0, faults: 0, countsRoot: ZERO_BYTES32 }
  return {
    record: encodeStruct('PerformanceRecord', { ...(honest?.record ?? none), ...lie }),
    deliveries: signed.map((delivery) => encodeStruct('DeliveryReceipt', delivery)),
    leases: spans.map((lease) => encodeStruct('LeaseReceipt', lease)),
    terms,
    missing: null,
    ...rest,
  }
}

const attempts = fc.array(
  fc.record({
    attemptTtftMs: fc.nat(600),
    durationMs: fc.integer({ min: 600, max: 5_000 }),
    startedAtMs: fc.integer({ min: START_MS, max: START_MS + 30_000 }),
    fault: fc.constantFrom(0, 0, 0, 1, 2),
    price: fc.bigInt(0n, 1_000n),
  }),
  { minLength: 1, maxLength: 40 },
)
const leaseCount = fc.nat(3)

/** Soundness: an honest lane's record is never proposed as wrong, leases and rows of any order included. */
test('what follows from the receipts stands', () => {
  fc.assert(
    fc.property(attempts, leaseCount, (deliveries, leases) => {
      const evidence = evidenceOf(deliveries, { leases })
      const outcome = computeRecordOutcome({ ...evidence, deliveries: evidence.deliveries.toReversed() })
      expect(outcome.verdict).toBe('stands')
      expect(outcome.compared.every(({ said, recomputed }) => said === recomputed)).toBe(true)
    }),
  )
})

/** Completeness: whichever figure a lane changes is found and named. */
test('each figure that does not follow is wrong, and named', () => {
  const lies: [name: string, lie: (honest: PerformanceRecord) => Partial<PerformanceRecord>][] = [
    ['pay', ({ earned }) => ({ earned: earned + 1n })],
    ['attempts', (honest) => ({ attempts: honest.attempts + 1 })],
    ['faults', ({ faults }) => ({ faults: faults + 1 })],
    ['root of the counts', () => ({ countsRoot: bytes32Of('other counts') })],
  ]
  fc.assert(
    fc.property(attempts, leaseCount, fc.constantFrom(...lies), (deliveries, leases, [name, lie]) => {
      const honest = computeRecordOutcome(evidenceOf(deliveries, { leases })).recomputed?.record
      const told = evidenceOf(deliveries, { leases, lie: lie(honest as PerformanceRecord) })
      const outcome = computeRecordOutcome(told)
      expect(outcome).toMatchObject({
        verdict: 'wrong',
        reason: `The receipts under the anchored root say otherwise: ${name}.`,
      })
      // On receipts that may not be all, the same lie convicts nobody.
      expect(computeRecordOutcome({ ...told, missing: 'one is not stored here.' }).verdict).toBe('undecidable')
    }),
  )
})

test('a receipt that the record left out makes it wrong; without leases the pay would not follow', () => {
  const whole = evidenceOf([{}, {}, {}], { leases: 2 })
  expect(computeRecordOutcome({ ...whole, leases: [] })).toMatchObject({ verdict: 'wrong' })
  expect(computeRecordOutcome({ ...whole, deliveries: whole.deliveries.slice(1) })).toMatchObject({ verdict: 'wrong' })
})

test.each<[string, RecordEvidence, string]>([
  [
    'more receipts than are read',
    evidenceOf(Array.from({ length: RECORD_RECEIPTS_MAX + 1 }, () => ({}))),
    'more than 2000',
  ],
  ['nothing known', evidenceOf([], { missing: 'its receipts are not stored here.', terms: {} }), 'may not be all'],
  ['unknown terms', evidenceOf([{}], { terms: {} }), `The terms ${testTermsHash} of a receipt are not known`],
  ['a record that cannot be read', { ...evidenceOf([{}]), record: {} }, 'The record cannot be read'],
  ['a receipt that cannot be read', { ...evidenceOf([{}]), deliveries: [{ seq: 'x' }] }, 'Nothing can be recomputed'],
  ['terms that cannot be read', { ...evidenceOf([{}]), terms: { '0x': {} } }, 'Nothing can be recomputed'],
])('%s: undecidable, with the reason', (_, evidence, words) => {
  const outcome = computeRecordOutcome(evidence)
  expect(outcome.verdict).toBe('undecidable')
  expect(outcome.reason).toContain(words)
})

test('so many receipts as are read are decided; one more is not', () => {
  const most = evidenceOf(Array.from({ length: RECORD_RECEIPTS_MAX }, () => ({})))
  expect(computeRecordOutcome(most).verdict).toBe('stands')
  expect(computeRecordOutcome({ ...most, leases: evidenceOf([], { leases: 1 }).leases }).reason).toContain('more than')
})

test('a record of a node without any receipt in the epoch is wrong once all receipts are at hand', () => {
  const outcome = computeRecordOutcome(evidenceOf([], { lie: { attempts: 3, earned: 30n } }))
  expect(outcome).toMatchObject({ verdict: 'wrong', recomputed: null })
  expect(outcome.reason).toContain('No receipt')
})

/** What an arbiter reads beside the proposal. */
test('each figure that was said stands beside the one that follows from the receipts', () => {
  const evidence = evidenceOf([{ price: 30n }, { price: 12n }], { lie: { earned: 50n, attempts: 3 } })
  const { recomputed, reason, compared } = computeRecordOutcome(evidence)
  const countsRoot = recomputed?.record.countsRoot
  expect(compared).toEqual([
    { field: 'earned', said: '50', recomputed: '42' },
    { field: 'attempts', said: '3', recomputed: String(recomputed?.record.attempts) },
    { field: 'faults', said: '0', recomputed: '0' },
    { field: 'countsRoot', said: countsRoot, recomputed: countsRoot },
  ])
  expect(reason).toContain('pay, attempts.')
  const none = computeRecordOutcome(evidenceOf([], { lie: { earned: 50n } }))
  expect(none.compared[0]).toEqual({ field: 'earned', said: '50', recomputed: null })
  expect(computeRecordOutcome({ ...evidence, record: {} }).compared).toEqual([])
})
