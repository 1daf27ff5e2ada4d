import { expect, test } from 'vitest'
import {
  comparedSentence,
  excludedSentence,
  formatScoreUsd,
  leaseOfPlacement,
  policyPhrases,
  readOtherDecisions,
  readPlacement,
  refusedSentence,
  sentSentence,
  verdictOf,
} from './placement.ts'

const terms = { tokens: 100, bytes: 1, latency: 20, sloTtft: 0, sloTpot: 0, failure: 2 }
const row = (nodeId: string, changes: object = {}) => ({
  nodeId,
  failureDomain: nodeId,
  score: 123,
  terms,
  ttftMs: 40,
  tpotMs: 4,
  activeStreams: 1,
  ...changes,
})
const first = {
  engineVersion: '1',
  prngState: [1, 2, 3, 4],
  nowMs: 1,
  request: { valueOfSecondMicroUsd: 200, tokensIn: 10, tokensOutMax: 64 },
  candidates: [row('a'), row('b', { score: 200 })],
  rejected: [{ nodeId: 'c', reason: 'full' }],
  poolSize: 3,
  explored: false,
  choice: 'a',
  alternates: ['b'],
}
const policy = {
  valueOfSecondMicroUsd: 1_000,
  valueOfGenerationSecondMicroUsd: 200,
  maxPrice: { inPerMtok: null, outPerMtok: 400_000, requestMicroUsd: null },
  ttftSloMs: 2_000,
  tpotSloMs: 50,
  admission: 'capacity',
  regions: ['DE', 'NL'],
  exclude: ['0xab'],
  minTrust: 'attested',
  dataPolicy: 'no_training',
  gpuClasses: ['H200'],
  allowFallbacks: false,
}

/** Records are kept for ever, so a page that crashed on an old one would lose it. */
test('a record of the first engine is read with what it has', () => {
  const view = readPlacement(first)
  expect(view).toMatchObject({ choice: 'a', eligible: null, sampled: null, request: { policy: null } })
  expect(view?.candidates[0]).toMatchObject({ tokensCached: null, terms: { generation: null, latency: 20 } })
})

test('who of a large pool was left out without a look is told by reason, the most common first', () => {
  const view = readPlacement({ ...first, excludedBy: { trust: 2, outside_residency: 1_090 } })
  expect(view && excludedSentence(view)).toBe(
    'Left out by the policy without a look, each by the first reason that did: 1,090 × stands outside the regions allowed; 2 × its hardware is less well known than was asked for.',
  )
  const old = readPlacement(first)
  expect(old && excludedSentence(old)).toBeNull()
})

test('a refusal tells a time to come back only where waiting could have helped', () => {
  const refused = (reason: string, rejected: string[]) => {
    const rows = rejected.map((why, n) => ({ nodeId: `n${n}`, reason: why }))
    const view = readPlacement({ ...first, choice: null, candidates: [], reason, rejected: rows, retryAfterMs: 30_000 })
    return view && refusedSentence(view)
  }
  expect(refused('full', ['full'])).toMatch(
    /^Nobody was chosen: .+\. The advice was to try again after 30(\.\d+)? s\.$/,
  )
  expect(refused('trust', ['trust', 'trust', 'breaker_open'])).toContain('The advice was')
  expect(refused('outside_residency', ['outside_residency'])).not.toContain('The advice was')
  expect(refused('no_replica', [])).not.toContain('The advice was')
})

test('a refusal after waiting tells how long that was', () => {
  const asked = { ...first.request, sloWaitedMs: 1_900 }
  const view = readPlacement({ ...first, request: asked, choice: null, candidates: [], reason: 'no_slack' })
  expect(view && refusedSentence(view)).toMatch(
    /^Nobody was chosen after it had waited 1\.90? s of its time to the first/,
  )
})

test('a record of the present engine is read whole', () => {
  const view = readPlacement({
    ...first,
    engineVersion: '2',
    request: { policy, tokensIn: 10, tokensOutMax: 64 },
    candidates: [row('a', { terms: { ...terms, generation: 7 }, tokensCached: 5 })],
    sampled: [{ offer: { nodeId: 'a' } }],
    eligible: 2,
    reason: null,
    retryAfterMs: 0,
  })
  expect(view).toMatchObject({ eligible: 2, candidates: [{ tokensCached: 5, terms: { generation: 7 } }] })
  expect(view?.sampled).toHaveLength(1)
})

test.each([null, undefined, {}, 'x', { ...first, candidates: 'many' }])('%j is no record', (value) => {
  expect(readPlacement(value)).toBeNull()
})

test('a loser is told the term that cost it most, and a winner how it won', () => {
  const verdicts = (record: object) => {
    const view = readPlacement({ ...first, ...record })
    return view?.candidates.map((row) => verdictOf(row, view))
  }
  const lost = row('b', { score: 173, terms: { ...terms, latency: 70 } })
  expect(verdicts({ candidates: [row('a'), lost] })).toEqual(['Lowest score.', 'Lost by $0.00005, most of it waiting.'])
  expect(verdicts({ candidates: [row('a'), lost], choice: 'b' })).toEqual([
    'Lower by $0.00005, too little to tell apart; the draw fell on another.',
    'Close to the lowest score; the draw fell on it.',
  ])
  expect(verdicts({ candidates: [row('a'), lost], choice: 'b', explored: true })).toEqual([
    'Scored better; another was tried in order to learn.',
    'Tried in order to learn how it does now.',
  ])
  expect(verdicts({ candidates: [row('a')] })).toEqual(['The only candidate.'])
  expect(verdicts({ candidates: [row('a')], choice: null })).toEqual([null])
})

test('a policy is told in words', () => {
  expect(policyPhrases(policy, (id) => `node ${id}`)).toEqual([
    'in DE, NL',
    'at most $0.4 per M tokens out',
    'on H200',
    'hardware at least attested',
    'no training',
    'not node 0xab',
    'no fallbacks',
  ])
})

test.each([
  [0, '0'],
  [1_000_000, '1'],
  [100, '0.0001'],
  [0.012, '0.00000001'],
  [10_000_000, '10'],
])('%d µUSD reads as $%s', (microUsd, text) => {
  expect(formatScoreUsd(microUsd)).toBe(text)
})

test('a request to a lease was placed by nobody: it names the lease, and only an id of one', () => {
  const lease = `lease_${'3'.repeat(32)}`
  expect(leaseOfPlacement({ requestId: 'req_1', lease })).toBe(lease)
  for (const other of [null, {}, { lease: '/evil' }, { lease: 7 }]) expect(leaseOfPlacement(other)).toBeNull()
})

/** A request may be hedged, fail over or move: each of its decisions is told, and one that cannot be read hides no other. */
test('the decisions before and after the one that served are read in their order', () => {
  const sent = [{ attempt: 1, nodeId: 'b', as: 'hedge' }]
  const { earlier, later } = readOtherDecisions({
    ...first,
    earlier: [first, 'nonsense'],
    later: [{ ...first, choice: 'b', sent }],
  })
  expect(earlier.map((view) => view?.choice ?? null)).toEqual(['a', null])
  expect(later).toMatchObject([{ choice: 'b', sent }])
  expect(readOtherDecisions(first)).toEqual({ earlier: [], later: [] })
  expect(readOtherDecisions(null)).toEqual({ earlier: [], later: [] })
  expect(readOtherDecisions({ ...first, earlier: 'none' })).toEqual({ earlier: [], later: [] })
})

test('what left by a decision is one sentence', () => {
  const name = (id: string) => `node ${id}`
  expect(sentSentence([], name)).toBeNull()
  expect(readPlacement({ ...first, sent: 'nonsense' })?.sent).toEqual([])
  const sent = [
    { attempt: 0, nodeId: 'a', as: 'first' },
    { attempt: 1, nodeId: 'b', as: 'hedge' },
  ]
  expect(sentSentence(sent, name)).toBe(
    'Attempt 1 went to node a (the first try), attempt 2 to node b (a rival to a node that stayed silent).',
  )
})

test('how many were compared is one sentence, whatever the numbers', () => {
  const of = (poolSize: number, eligible: number | null, sampled: number) => {
    const ids = Array.from({ length: sampled }, (_, i) => ({ offer: { nodeId: `n${i}` } }))
    const view = readPlacement(first)
    if (!view) throw new Error('a record of the present shape is read')
    return comparedSentence({ ...view, poolSize, eligible, sampled: ids, candidates: [] })
  }
  expect(of(5, 5, 5)).toBe('All 5 replicas of the model met the policy and were compared; the lowest score wins.')
  expect(of(5, 3, 3)).toBe('3 of the 5 replicas of the model met the policy and were compared; the lowest score wins.')
  expect(of(5, 1, 1)).toBe('1 of the 5 replicas of the model met the policy and was compared; the lowest score wins.')
  expect(of(600, 400, 12)).toBe(
    '400 of the 600 replicas of the model met the policy, 12 of them were compared; the lowest score wins.',
  )
  expect(of(1, 1, 1)).toBe('The only replica of the model met the policy.')
  expect(of(5, null, 5)).toBe('0 of 5 replicas could serve it; the lowest score wins.')
})

test('who declined is told with what waited there and what might', () => {
  const sent = [{ attempt: 0, nodeId: 'a', as: 'first', prefillAheadMax: 9_000, declinedBehind: 12_500 }]
  const view = readPlacement({ ...first, sent })
  expect(sentSentence(view?.sent ?? [], (id) => `node ${id}`)).toBe(
    'Attempt 1 went to node a (the first try). Attempt 1 was declined: 12,500 prompt tokens waited there, and for your target at most 9,000 might.',
  )
})
