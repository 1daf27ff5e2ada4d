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
  const none = explainDecision(recorded({ maxPrice: { inPerMtok: null, outPerMtok: 1, requestMicroUsd: null } }))
  expect(none).toContain('No candidate was admissible.')
  expect(none).toContain('Not placed: most often: the replica costs more than a price cap allows')
})
