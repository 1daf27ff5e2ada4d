import { prng } from '@isochrone/domain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../decide/decide.ts'
import { NOW_MS, offer, request } from '../decide/fixtures.ts'
import type { PlacementRecord } from '../placement.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { packPlacement, unpackPlacement } from './packed-placement.ts'
import { parsePlacementRecord } from './parse-placement-record.ts'
import { replayDecision } from './replay-decision.ts'

function recorded(replicas = 12): PlacementRecord {
  const pool = createReplicaPool()
  for (let n = 1; n <= replicas; n++) {
    // Some nodes say what their engine can, others do not, and one has never reported.
    const slot = pool.upsert(offer(n, { ...(n % 3 === 0 && { features: 3 }), country: n % 2 ? 'DE' : 'FR' }))
    if (n === 5) continue
    pool.report(slot, { atMs: NOW_MS - 200, activeStreams: n, queuedStreams: 0, ownStreams: 0, draining: false })
    pool.setRtt(slot, n * 1.1)
  }
  return decide(pool, request({}), prng(7), NOW_MS).record()
}

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('a packed record comes back as JSON has it, whatever its rows say', () => {
  const broken = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, 0))
  const prior = fc.record({
    baseMs: broken,
    prefillMsPerToken: broken,
    tpotBaseMs: broken,
    tpotPerStreamMs: broken,
    tpotPerStreamTokenMs: broken,
  })
  const [row] = recorded().sampled
  if (!row) throw new Error('sampled')
  const change = fc.record(
    { features: fc.nat(), prior, region: fc.string(), concurrencyMax: broken },
    { requiredKeys: [] },
  )
  const state = fc.record({
    rttMs: fc.option(broken),
    stateAgeMs: fc.option(broken),
    activeStreams: broken,
    draining: fc.boolean(),
  })
  const rows = fc.array(
    fc.tuple(change, state).map(([offered, now]) => ({ ...row, ...now, offer: { ...row.offer, ...offered } })),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(rows, rows, (sampled, others) => {
      const record = { engineVersion: '1', sampled, earlier: [{ sampled: others }], later: [] }
      expect(unpackPlacement(throughJson(packPlacement(record)))).toEqual(throughJson(record))
    }),
    { numRuns: 1_000 },
  )
})

test('a packed record replays to the last bit, and so do the decisions that it carries', () => {
  const record = { ...recorded(), earlier: [recorded(3)], later: [recorded(1)] }
  const stored = throughJson(packPlacement(record))
  const read = parsePlacementRecord(stored)
  expect(replayDecision(read).differences).toEqual([])
  expect(read.sampled).toHaveLength(12)
  for (const other of [...record.earlier, ...record.later]) {
    expect(replayDecision(parsePlacementRecord(throughJson(packPlacement(other)))).differences).toEqual([])
  }
  expect(JSON.stringify(unpackPlacement(stored))).toHaveLength(JSON.stringify(record).length)
})

test('what twelve replicas offer takes less than half of the room', () => {
  const { sampled } = recorded()
  const packed = packPlacement({ sampled }) as { sampled: unknown }
  expect(JSON.stringify(packed.sampled).length).toBeLessThan(0.45 * JSON.stringify(sampled).length)
})

test('what is no record, or one of single rows, passes through', () => {
  for (const value of [null, undefined, 3, 'x', [], {}, { lease: 'lease_1' }, { sampled: 'x' }, { sampled: [1] }]) {
    expect(packPlacement(value)).toEqual(value)
    expect(unpackPlacement(value)).toEqual(value)
  }
  const one = recorded(1)
  expect(packPlacement(one)).toEqual(one)
  expect(unpackPlacement(recorded())).toEqual(recorded())
})

test('a file of a stranger that only looks packed is refused by name, and reaches no prototype', () => {
  const record = packPlacement(recorded()) as { sampled: { rows: number; columns: object } }
  const { sampled } = record
  for (const broken of [
    { ...sampled, rows: 1e9 },
    { ...sampled, rows: -1 },
    { ...sampled, columns: { ...sampled.columns, draining: 'x' } },
    { ...sampled, columns: { ...sampled.columns, draining: [true, false, true].concat(Array(20).fill(true)) } },
    { ...sampled, absent: 3 },
    { ...sampled, columns: JSON.parse('{"__proto__.polluted":[1]}') as object },
    { rows: 2, columns: {} },
  ]) {
    expect(() => parsePlacementRecord({ ...record, sampled: broken })).toThrow(/sampled/)
  }
  const constructors = { rows: 2, columns: { 'constructor.prototype.polluted': [1] } }
  unpackPlacement({ sampled: constructors })
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})
