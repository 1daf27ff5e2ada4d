import { isAppError, prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { decide } from '../decide/decide.ts'
import { NOW_MS, offer, request } from '../decide/fixtures.ts'
import type { PlacementRecord } from '../placement.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { explainDecision } from './explain-decision.ts'
import { parsePlacementRecord } from './parse-placement-record.ts'
import { replayDecision } from './replay-decision.ts'

const prices = { inPerMtok: 100_000, cachedPerMtok: 20_000, outPerMtok: 400_000, inPerGb: 0, outPerGb: 0 }

function recorded(change: Parameters<typeof request>[1] = {}, tuning = {}): PlacementRecord {
  const pool = createReplicaPool({ tuning })
  for (let n = 1; n <= 6; n++) {
    const country = n === 6 ? 'US' : 'DE'
    const slot = pool.upsert(offer(n, { country, prices: { ...prices, outPerMtok: 300_000 + n * 50_000 } }))
    pool.report(slot, { atMs: NOW_MS - 200, activeStreams: n, queuedStreams: 0, ownStreams: 0, draining: n === 5 })
    pool.setRtt(slot, n * 10)
  }
  return decide(pool, request({}, change), prng(7), NOW_MS).record()
}
const throughJson = (record: PlacementRecord): PlacementRecord =>
  parsePlacementRecord(JSON.parse(JSON.stringify(record)))

test('a record replays exactly after a trip through JSON, with the tuning that it was made with', () => {
  for (const record of [
    recorded(),
    recorded({ regions: ['DE'] }),
    recorded({}, { tieBand: 0.5, explorationShare: 0.9 }),
  ]) {
    expect(replayDecision(throughJson(record)).differences).toEqual([])
  }
  const none = recorded({ maxPrice: { inPerMtok: null, outPerMtok: 1, requestMicroUsd: null } })
  expect(none.choice).toBeNull()
  expect(replayDecision(throughJson(none)).differences).toEqual([])
})

test('a record that was changed does not pass for the decision that was made', () => {
  const record = throughJson(recorded())
  const [first] = record.candidates
  if (!first) throw new Error('candidates')
  first.score += 1e-9
  expect(replayDecision(record).differences[0]).toMatch(/^score of /)
  expect(replayDecision({ ...recorded(), choice: 'node_x' }).differences[0]).toMatch(
    /^choice: recorded node_x, replayed /,
  )
})

test('another engine version is refused by name', () => {
  expect(() => replayDecision({ ...recorded(), engineVersion: '0.1.0' })).toThrow(/made by engine 0\.1\.0/)
})

test('what is no record is refused, naming the field', () => {
  const { sampled: _, ...rest } = recorded()
  for (const [json, field] of [
    [rest, 'sampled'],
    [{ ...recorded(), prngState: [1] }, 'prngState'],
    [3, undefined],
  ] as const) {
    try {
      parsePlacementRecord(json)
      throw new Error('accepted')
    } catch (error) {
      expect(isAppError(error) && error.field?.split('.')[0]).toBe(field)
    }
  }
})

test('the explanation names every candidate with its terms, who was rejected and why, and the winner', () => {
  const record = recorded({ regions: ['DE'] })
  const text = explainDecision(record)
  for (const { nodeId } of record.candidates) expect(text).toContain(`${nodeId.slice(0, 10)}…${nodeId.slice(-6)}`)
  expect(text).toContain('is outside the regions that the policy allows')
  expect(text).toContain('is draining')
  expect(text).toContain('was chosen: its score is the lowest')
  expect(text).toContain(`Engine ${record.engineVersion}, generator state [${record.prngState.join(', ')}]`)
  const capped = explainDecision(recorded({ maxPrice: { inPerMtok: null, outPerMtok: null, requestMicroUsd: 250 } }))
  expect(capped).toContain(
    'costs more than a price cap allows (asks 0.10 USD in, 0.40 USD out per Mtok; caps 0.00025 USD',
  )
  const short = { ...record, request: { ...record.request, gapNoise: 0.706 } }
  expect(explainDecision(short)).toContain('of one long step 71 % stays in its time per token')
  expect(text).not.toContain('one long step')
  const none = explainDecision(recorded({ maxPrice: { inPerMtok: null, outPerMtok: 1, requestMicroUsd: null } }))
  expect(none).toContain('No candidate was admissible.')
  expect(none).toContain('Not placed: most often: the replica costs more than a price cap allows')
})

test('of a large pool it says how many replicas each constraint excludes, and an old record is read without', () => {
  const pool = createReplicaPool()
  for (let n = 0; n < 1_200; n++) {
    pool.upsert(
      offer(n, {
        country: n < 1_000 ? 'US' : 'DE',
        gpuClass: n % 2 === 0 ? 'H200' : 'B200',
        contextTokensMax: n % 20 === 2 ? 4_096 : 131_072,
        prices: { ...prices, outPerMtok: n % 10 === 0 ? 900_000 : 400_000 },
      }),
    )
  }
  const maxPrice = { inPerMtok: null, outPerMtok: 500_000, requestMicroUsd: null }
  const asked = request({ tokensIn: 20_000 }, { regions: ['DE'], gpuClasses: ['H200'], maxPrice })
  const record = decide(pool, asked, prng(1), NOW_MS).record()
  expect(record.excludedBy).toEqual({
    outside_residency: 1_000,
    gpu_class: 100,
    context_too_long: 10,
    over_price_cap: 20,
  })
  expect(record.eligible).toBe(70)
  const line =
    'Outside the fixed constraints, by the first that excludes: 1,000 × outside_residency, 100 × gpu_class, 10 × context_too_long, 20 × over_price_cap'
  expect(explainDecision(throughJson(record)).split('\n')).toContain(line)
  const { excludedBy: _, ...old } = record
  expect(replayDecision(throughJson(old)).differences).toEqual([])
  expect(explainDecision(throughJson(old))).not.toContain('Outside the fixed constraints')
  // Where nothing is left, and after offers have changed.
  pool.upsert(offer(5_000, { country: 'JP', gpuClass: 'H200', prices }))
  const none = decide(pool, request({}, { regions: ['FR'] }), prng(1), NOW_MS).record()
  expect([none.choice, none.reason, none.excludedBy]).toEqual([null, 'outside_residency', { outside_residency: 1_201 }])
  expect(decide(pool, asked, prng(1), NOW_MS).record().excludedBy).toMatchObject({ outside_residency: 1_001 })
})

test('a time to try again is told where waiting helps, and nowhere else', () => {
  const text = (change: Parameters<typeof request>[1]) => explainDecision(recorded(change))
  expect(text({ maxPrice: { inPerMtok: null, outPerMtok: 1, requestMicroUsd: null } })).toMatch(
    /costs more than a price cap allows\. No waiting is known to help\.$/m,
  )
  expect(text({ regions: ['JP'] })).not.toContain('Trying again')
  expect(text({ admission: 'slack', tpotSloMs: 1 })).toMatch(
    /time targets\. Trying again makes sense after \d+\.\d s\.$/m,
  )
  // Most often the policy is in the way, and yet a place may come free.
  const pool = createReplicaPool()
  for (let n = 1; n <= 3; n++) {
    const slot = pool.upsert(offer(n))
    pool.report(slot, { atMs: NOW_MS, activeStreams: 64, queuedStreams: 64, ownStreams: 0, draining: false })
  }
  const exclude = [2, 3].map((n) => offer(n).nodeId)
  const full = decide(pool, request({}, { exclude }), prng(1), NOW_MS).record()
  expect(explainDecision(full)).toMatch(/Not placed: .* excluded by the policy.* Trying again makes sense after/)
})

test('of what was sent by it, who declined is told with what waited and what might', () => {
  const record = recorded()
  const nodeId = record.choice ?? ''
  const sent = [{ attempt: 0, nodeId, as: 'first' as const, prefillAheadMax: 9_000, declinedBehind: 12_500 }]
  const text = explainDecision(throughJson({ ...record, sent }))
  expect(text).toMatch(
    /attempt 0 to .*, the choice: the first, unless more than 9000 prompt tokens wait there\. It declined: 12500 waited$/m,
  )
})

/** Else its targets look as if nobody could have kept them. */
test('what a request had left after waiting is told beside what it asked for', () => {
  const pool = createReplicaPool()
  pool.upsert(offer(1))
  const ask = request({ sloWaitedMs: 1_999 }, { admission: 'slack', ttftSloMs: 1 })
  const record = throughJson(decide(pool, ask, prng(1), NOW_MS).record())
  expect(replayDecision(record).differences).toEqual([])
  expect(explainDecision(record)).toContain('; of the 2000 ms to the first token it had waited 1999 for a place')
  expect(explainDecision(throughJson(recorded()))).not.toContain('had waited')
})
