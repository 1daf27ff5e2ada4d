import { expect, test } from 'vitest'
import { witnessRtts } from './witness-rtts.ts'

const echo = (change: object = {}, name = 'Amsterdam') => ({
  report: {
    minRttUs: 12_500,
    jitterUs: 750,
    sent: 20,
    lost: 1,
    simulated: false,
    atMs: 1_000,
    witness: { name },
    ...change,
  },
})

test('round trip, jitter and loss are as the witness signed them', () => {
  expect(witnessRtts([echo()])).toEqual([
    { witness: 'Amsterdam', rttMs: 12.5, jitterMs: 0.75, sent: 20, lost: 1, simulated: false, measuredAtMs: 1_000 },
  ])
})

test('of two reports of one witness the nearer counts with its own jitter and loss, and the nearest witness is first', () => {
  const rows = witnessRtts([
    echo({ minRttUs: 90_000 }, 'Washington'),
    echo({ minRttUs: 20_000, lost: 3 }),
    echo({ minRttUs: 9_000, jitterUs: null, lost: 0 }),
  ])
  expect(rows.map(({ witness, rttMs, jitterMs, lost }) => [witness, rttMs, jitterMs, lost])).toEqual([
    ['Amsterdam', 9, null, 0],
    ['Washington', 90, 0.75, 1],
  ])
})

/** Reports are read back from a database that older versions wrote. */
test('what is no report, or says nothing of jitter and loss, is left out or stays open', () => {
  expect(witnessRtts(null)).toEqual([])
  expect(witnessRtts([null, {}, echo({ minRttUs: null }), echo({ minRttUs: '1' })])).toEqual([])
  expect(witnessRtts([echo({ jitterUs: undefined, sent: 'many', lost: -1 })])).toMatchObject([
    { rttMs: 12.5, jitterMs: null, sent: null, lost: null },
  ])
})
