import type { RecordCaseView } from '@isochrone/services'
import { renderToStaticMarkup } from 'react-dom/server'
import { evaluateSla } from '@isochrone/verifier/sla'
import { testDelivery, testTerms, testTermsHash } from '@isochrone/verifier/testing'
import { encodeStruct, type Hex, type PerformanceRecord } from '@isochrone/protocol'
import { expect, test, vi } from 'vitest'

const found = vi.hoisted(() => ({ now: null as RecordCaseView | null }))
vi.mock('~/server/page-data.ts', () => ({ pageData: async () => found.now }))
vi.mock('~/server/context.ts', () => ({
  chainContext: async () => ({ chainId: 31_337, rpcUrl: 'http://127.0.0.1:1' }),
}))
vi.mock('~/server/tx-stages.ts', () => ({
  txStagesOf: async (hashes: string[]) => Object.fromEntries(hashes.map((each) => [each, 'final'])),
}))
vi.mock('next/navigation', () => ({
  useRouter: () => ({ refresh() {} }),
  usePathname: () => '/admin/disputes/record',
  notFound: () => {
    throw new Error('not found')
  },
}))

const { default: RecordCasePage } = await import('./page.tsx')

const hash = (digit: string): Hex => `0x${digit.repeat(64)}`
const [lane, nodeId] = [hash('1'), hash('2')]
const arbiters = ['a', 'b', 'c'].map((digit) => `0x${digit.repeat(40)}`)
const vote = (arbiter: string, upheld: boolean) => ({
  arbiter,
  upheld,
  reasonHash: hash('d'),
  reason: 'recomputed from the file',
  txHash: hash('e'),
})

const delivery = testDelivery({ seq: 12, attemptTtftMs: 900, nodeId, lane })
const [evaluated] = evaluateSla({ lane, epoch: 7, nodeId, terms: () => testTerms }, [{ delivery }])
const honest = encodeStruct('PerformanceRecord', evaluated?.record as PerformanceRecord)
const known: RecordCaseView['evidence'] = {
  deliveries: [encodeStruct('DeliveryReceipt', delivery)],
  works: [],
  leases: [],
  terms: { [testTermsHash]: encodeStruct('Terms', testTerms) },
  missing: null,
}
const seen: RecordCaseView['paths'] = [
  {
    atMs: Date.UTC(2026, 10, 22, 10),
    verdict: 'valid',
    finding: 'Light could have been there.',
    rtts: [{ witness: 'fra', rttMs: 12, simulated: true, measuredAtMs: 0 }],
  },
]

interface Known {
  evidence?: RecordCaseView['evidence']
  paths?: RecordCaseView['paths']
  said?: RecordCaseView['record']['record']
}

function caseWith(
  open: RecordCaseView['open'],
  votes: RecordCaseView['votes'],
  { evidence = known, paths = seen, said = honest }: Known = {},
): RecordCaseView {
  const record = {
    node: { name: 'ada-2' },
    providerName: 'Ada Compute',
    providerId: hash('3'),
    earnedMicroUsd: 1_669n,
    attempts: 164,
    faults: 2,
    status: open ? 'challenged' : 'reported',
    lane,
    epoch: 7,
    nodeSigned: true,
    record: said,
    counts: [],
  } as unknown as RecordCaseView['record']
  return { record, open, votes, evidence, paths, epochClosedAtMs: Date.UTC(2026, 10, 22, 11) }
}

const openCase = (panel: NonNullable<RecordCaseView['open']>['panel']) => ({
  challenger: `0x${'f'.repeat(40)}`,
  bondMicroUsd: 10_000_000n,
  rulingEndsAtMs: Date.UTC(2026, 10, 22, 12),
  evidenceHash: hash('9'),
  evidence: 'The node answered at once.',
  panel,
})

async function shown(
  view: RecordCaseView,
  search: Partial<Record<'lane' | 'epoch' | 'node', string>> = { lane, epoch: '7', node: nodeId },
) {
  found.now = view
  return renderToStaticMarkup(await RecordCasePage({ searchParams: Promise.resolve({ ...search }) }))
}

/** Who votes sees claim, counts and who else sits there: a vote is not asked for by a hash alone. */
test('a challenged record shows its claim, its panel with the votes so far, and where to connect', async () => {
  const [first = '', ...rest] = arbiters
  const panel = [{ address: first, vote: vote(first, false) }, ...rest.map((address) => ({ address, vote: null }))]
  const page = await shown(caseWith(openCase(panel), [vote(first, false)]))
  for (const words of ['Record of ada-2, epoch 7', 'The node answered at once.', '164 attempts, 2 at fault', '$10.00'])
    expect(page).toContain(words)
  expect(page.match(/not yet/g)).toHaveLength(2)
  expect(page).toContain('the record stands')
  expect(page).toContain('A vote is a transaction of your own wallet')
})

test('before the draw it says so, and a record that nobody challenges takes no vote', async () => {
  expect(await shown(caseWith(openCase([]), []))).toContain('No panel is drawn yet.')
  const judged = await shown(caseWith(null, [vote(arbiters[0] ?? '', true), vote(arbiters[1] ?? '', true)]))
  expect(judged).toContain('No vote is open: this record is not challenged.')
  expect(judged.match(/the record is wrong/g)).toHaveLength(2)
  expect(judged).toContain('recomputed from the file')
  expect(judged.match(/signed → sent → included → final/g)).toHaveLength(2)
})

/** The desk of DESIGN.md: the claim, three time lines, the rule and its computed outcome. */
test('the case stands in three panes: what each of the three saw, and what the rule computes to', async () => {
  const page = await shown(caseWith(openCase([]), []))
  expect([...page.matchAll(/<section aria-label="([^"]+)"/g)].map(([, name]) => name)).toEqual([
    'Claim',
    'Time lines',
    'Rule and outcome',
  ])
  for (const words of ['Agent', 'Gateway', 'Witnesses', 'Light could have been there.', 'fra', 'Receipt 12'])
    expect(page).toContain(words)
  expect(page).toContain('promised within 250 ms: late')
  expect(page).toContain('record stands')
  expect(page).toContain('Of each payer the first attempt of a second counts')
})

test('a record that does not follow from its receipts is said to be wrong, with both figures', async () => {
  const page = await shown(caseWith(openCase([]), [], { said: { ...honest, attempts: 4 } }))
  expect(page).toContain('record wrong')
  expect(page).toContain('The receipts under the anchored root say otherwise: attempts.')
  expect(page).toContain('4 in the record; 1 recomputed')
})

test('where nothing is known, each part says so and nothing is computed', async () => {
  const evidence = { ...known, deliveries: [], missing: 'the epoch is not anchored on the chain.' }
  const page = await shown(caseWith(openCase([]), [], { evidence, paths: [] }))
  for (const words of [
    'cannot be computed',
    'may not be all of the epoch: the epoch is not anchored on the chain.',
    'No receipt of the node in this epoch is stored here.',
    'The node signed for no attempt',
    'No witness has measured',
  ])
    expect(page).toContain(words)
})

test('what names no record is not found', async () => {
  const view = caseWith(null, [])
  for (const search of [
    {},
    { lane, epoch: '7' },
    { lane, epoch: '-1', node: nodeId },
    { lane: '0x1', epoch: '7', node: nodeId },
  ])
    await expect(shown(view, search)).rejects.toThrow('not found')
})
