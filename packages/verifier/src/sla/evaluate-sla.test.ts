import { bytes32Of, merkleRoot, receiptLeaf, regionToBytes8, ZERO_BYTES32 } from '@isochrone/protocol'
import type { DeliveryReceipt, SlaCounts, Terms } from '@isochrone/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { START_MS, testDelivery, testLease, testTerms, testTermsHash } from '../testing/receipts.ts'
import { attemptsUnderWay, endMsOf } from './attempts-under-way.ts'
import {
  compareCounts,
  countsRootOf,
  createSlaEvaluator,
  evaluateSla,
  performanceRecordsOf,
  type SlaEvaluatorOptions,
} from './evaluate-sla.ts'

const lane = bytes32Of('lane')
function optionsWith(terms: Partial<Terms> = {}): SlaEvaluatorOptions {
  const full = { ...testTerms, ...terms }
  return { lane, epoch: 9, terms: (hash) => (hash.startsWith('0xdead') ? undefined : full) }
}

/** Counts of the only group. */
function countsOf(deliveries: readonly DeliveryReceipt[], terms: Partial<Terms> = {}): SlaCounts {
  const nodes = evaluateSla(
    optionsWith(terms),
    deliveries.map((delivery) => ({ delivery })),
  )
  expect(nodes.length).toBe(1)
  expect(nodes[0]?.counts.length).toBe(1)
  return nodes[0]?.counts[0] as SlaCounts
}

const many = (count: number, fields: (i: number) => Partial<DeliveryReceipt>) =>
  Array.from({ length: count }, (_, i) => testDelivery({ seq: i + 1, ...fields(i) }))

test('a good attempt is a sample of all three promises', () => {
  expect(countsOf([testDelivery()])).toEqual({
    nodeId: bytes32Of('node'),
    lane,
    epoch: 9,
    channelId: bytes32Of('channel'),
    termsHash: testTermsHash,
    samples: 1,
    faults: 0,
    ttftSamples: 1,
    ttftOver: 0,
    tpotSamples: 1,
    tpotOver: 0,
    spent: 15n,
  })
})

test('only the fault of the provider counts against it, and what others caused does not count at all', () => {
  const counts = countsOf(many(5, (i) => ({ fault: i, httpStatus: i === 0 ? 200 : 502, price: 1n })))
  expect(counts).toMatchObject({ samples: 2, faults: 1, ttftSamples: 1, tpotSamples: 1, spent: 5n })
})

test('at most one attempt a second counts: the first that started, whatever the order of numbers', () => {
  const at = (seq: number, offsetMs: number, ttft: number) =>
    testDelivery({ seq, startedAtMs: START_MS + offsetMs, attemptTtftMs: ttft })
  // The slow one started first, though it was numbered last.
  expect(countsOf([at(1, 999, 1), at(2, 500, 1), at(3, 499, 9_999)])).toMatchObject({ samples: 1, ttftOver: 1 })
  expect(countsOf([at(1, 500, 9_999), at(2, 500, 1)])).toMatchObject({ samples: 1, ttftOver: 1 })
  expect(countsOf([at(1, 999, 1), at(2, 1_000, 1)])).toMatchObject({ samples: 2 })
})

test('an attempt that does not count takes no second from one that does', () => {
  const at = (seq: number, fields: Partial<DeliveryReceipt>) =>
    testDelivery({ seq, startedAtMs: START_MS + seq, ...fields })
  expect(countsOf([at(1, { fault: 2 }), at(2, { fault: 1 })])).toMatchObject({ samples: 1, faults: 1 })
})

test('each payer, node and version of terms has samples of its own', () => {
  const same = { startedAtMs: START_MS }
  const nodes = evaluateSla(optionsWith(), [
    { delivery: testDelivery({ ...same, seq: 1 }) },
    { delivery: testDelivery({ ...same, seq: 2, channelId: bytes32Of('other channel') }) },
    { delivery: testDelivery({ ...same, seq: 3, termsHash: bytes32Of('other terms') }) },
    { delivery: testDelivery({ ...same, seq: 4, nodeId: bytes32Of('other node') }) },
  ])
  const all = nodes.flatMap(({ counts }) => counts)
  expect(all.map(({ samples }) => samples)).toEqual([1, 1, 1, 1])
  expect(all.toSorted(compareCounts)).toEqual(all)
  expect(all.toReversed().toSorted(compareCounts)).toEqual(all)
  expect(nodes.map(({ record }) => [record.attempts, record.earned])).toContainEqual([3, 45n])
})

test('what starts above the declared capacity does not count, and the load of other payers is load', () => {
  const long = { durationMs: 10_000, startedAtMs: START_MS }
  const deliveries = many(4, (i) => ({
    ...long,
    startedAtMs: START_MS + i * 1_000,
    channelId: bytes32Of(i === 0 ? 'other payer' : 'channel'),
  }))
  const of = (concurrencyMax: number) =>
    evaluateSla(
      optionsWith({ concurrencyMax }),
      deliveries.map((delivery) => ({ delivery })),
    )
      .flatMap(({ counts }) => counts)
      .find(({ channelId }) => channelId === bytes32Of('channel'))?.samples
  expect([of(0), of(1), of(2), of(3), of(4)]).toEqual([3, 0, 1, 2, 3])
})

test('one that ends when the next starts is over', () => {
  const deliveries = many(3, (i) => ({ startedAtMs: START_MS + i * 1_000, durationMs: 1_000 }))
  expect(countsOf(deliveries, { concurrencyMax: 1 }).samples).toBe(3)
  const overlapping = many(3, (i) => ({ startedAtMs: START_MS + i * 1_000, durationMs: 1_001 }))
  expect(countsOf(overlapping, { concurrencyMax: 1 }).samples).toBe(1)
})

test('promises hold at the named region alone', () => {
  const deliveries = many(3, (i) => ({ region: regionToBytes8(i === 0 ? 'us-east' : 'eu-de') }))
  expect(countsOf(deliveries, { sloRegion: regionToBytes8('eu-de') }).samples).toBe(2)
  expect(countsOf(deliveries, { sloRegion: regionToBytes8('us-east') }).samples).toBe(1)
  expect(countsOf(deliveries).samples).toBe(3)
})

test('a longer prompt may take longer, by the begun thousand tokens', () => {
  const over = (attemptTtftMs: number, tokens: Partial<DeliveryReceipt>) =>
    countsOf([testDelivery({ attemptTtftMs, durationMs: 5_000, ...tokens })]).ttftOver
  expect([over(250, { billedIn: 1_000 }), over(251, { billedIn: 1_000 })]).toEqual([0, 1])
  expect([over(300, { billedIn: 1_000, billedCached: 1 }), over(301, { billedIn: 1, billedCached: 1_001 })]).toEqual([
    0, 1,
  ])
  expect([over(200, { billedIn: 0 }), over(201, { billedIn: 0 })]).toEqual([0, 1])
})

test('time per token is that of the tokens after the first', () => {
  const over = (durationMs: number, billedOut: number) =>
    countsOf([testDelivery({ attemptTtftMs: 100, durationMs, billedOut })]).tpotOver
  expect([over(300, 11), over(301, 11)]).toEqual([0, 1])
  expect([over(120, 2), over(121, 2)]).toEqual([0, 1])
  expect(over(50, 11)).toBe(0)
})

test('no output, one token, an error and a promise of 0 give no sample', () => {
  expect(countsOf([testDelivery({ billedOut: 0 })])).toMatchObject({ samples: 1, ttftSamples: 0, tpotSamples: 0 })
  expect(countsOf([testDelivery({ billedOut: 1 })])).toMatchObject({ samples: 1, ttftSamples: 1, tpotSamples: 0 })
  expect(countsOf([testDelivery({ httpStatus: 400 })])).toMatchObject({ samples: 1, ttftSamples: 0, tpotSamples: 0 })
  expect(countsOf([testDelivery({ fault: 1, httpStatus: 200 })])).toMatchObject({ faults: 1, ttftSamples: 0 })
  expect(countsOf([testDelivery({ httpStatus: 399 })])).toMatchObject({ ttftSamples: 1 })
  expect(countsOf([testDelivery()], { ttftBaseMs: 0, ttftPerKtokMs: 0 })).toMatchObject({
    ttftSamples: 0,
    tpotSamples: 1,
  })
  expect(countsOf([testDelivery()], { ttftBaseMs: 0 })).toMatchObject({ ttftSamples: 1, ttftOver: 1 })
  expect(countsOf([testDelivery()], { ttftPerKtokMs: 0 })).toMatchObject({ ttftSamples: 1, ttftOver: 0 })
  expect(countsOf([testDelivery()], { tpotUs: 0 })).toMatchObject({ ttftSamples: 1, tpotSamples: 0 })
})

test('a record says what the node earned in the epoch, leases included, and roots its counts', () => {
  const nodes = evaluateSla(optionsWith(), [
    { delivery: testDelivery({ seq: 1 }) },
    { delivery: testDelivery({ seq: 2, fault: 1 }) },
    { lease: testLease({ seq: 3 }) },
    { lease: testLease({ seq: 4, channelId: bytes32Of('other channel') }) },
  ])
  const counts = nodes[0]?.counts ?? []
  expect(new Set(counts.map(({ spent }) => spent))).toEqual(new Set([2_500_000n, 2_500_030n]))
  expect(performanceRecordsOf(nodes)).toEqual([
    {
      nodeId: bytes32Of('node'),
      lane,
      epoch: 9,
      version: 0,
      earned: 5_000_030n,
      attempts: 2,
      faults: 1,
      countsRoot: merkleRoot(counts.map((item) => receiptLeaf('SlaCounts', item))),
    },
  ])
  expect(countsRootOf([])).toBe(ZERO_BYTES32)
})

test('one node can be asked for alone', () => {
  const evaluator = createSlaEvaluator({ ...optionsWith(), nodeId: bytes32Of('node') })
  evaluator.add(testDelivery({ nodeId: bytes32Of('other node') }))
  evaluator.addLease(testLease({ nodeId: bytes32Of('other node') }))
  expect(evaluator.finish()).toEqual([])
  evaluator.add(testDelivery())
  evaluator.addLease(testLease())
  expect(evaluator.finish()).toEqual(evaluator.finish())
  expect(evaluator.finish()[0]?.record.earned).toBe(2_500_015n)
})

test('a receipt of unknown terms is refused by name', () => {
  const evaluator = createSlaEvaluator(optionsWith())
  expect(() => evaluator.add(testDelivery({ termsHash: `0xdead${'00'.repeat(30)}` }))).toThrow(
    /terms 0xdead.* not known/,
  )
})

test('the order in which receipts come never changes a count', () => {
  const delivery = fc.record({
    channelId: fc.constantFrom(bytes32Of('a'), bytes32Of('b')),
    nodeId: fc.constantFrom(bytes32Of('n'), bytes32Of('m')),
    fault: fc.nat(4),
    startedAtMs: fc.integer({ min: START_MS, max: START_MS + 5_000 }),
    durationMs: fc.nat(2_000),
    attemptTtftMs: fc.nat(600),
    billedOut: fc.nat(40),
  })
  fc.assert(
    fc.property(fc.array(delivery, { maxLength: 40 }), fc.nat(3), fc.infiniteStream(fc.nat()), (list, max, random) => {
      const deliveries = list.map((fields, i) => ({ delivery: testDelivery({ ...fields, seq: i + 1 }) }))
      const keys = new Map(deliveries.map((item) => [item, random.next().value as number]))
      const shuffled = deliveries.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
      const options = optionsWith({ concurrencyMax: max })
      expect(evaluateSla(options, shuffled)).toEqual(evaluateSla(options, deliveries))
    }),
    { numRuns: 100 },
  )
})

test('attempts under way are those that a plain count finds', () => {
  const attempt = fc.record({ startedAtMs: fc.nat(60), durationMs: fc.nat(20) })
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 30 }), (list) => {
      const sorted = list.toSorted((a, b) => a.startedAtMs - b.startedAtMs)
      const plain = sorted.map(
        ({ startedAtMs }, i) =>
          sorted.slice(0, i + 1).filter((other) => other.startedAtMs + Math.max(1, other.durationMs) > startedAtMs)
            .length,
      )
      const underWayAt = attemptsUnderWay(
        Float64Array.from(sorted, ({ startedAtMs, durationMs }) => endMsOf(startedAtMs, durationMs)),
      )
      expect(sorted.map(({ startedAtMs }) => underWayAt(startedAtMs))).toEqual(plain)
    }),
  )
})
