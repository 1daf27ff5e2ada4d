/** A voucher is money: each is held against the receipts, the voucher before it, and what the chain paid. */
import { Writable } from 'node:stream'
import { bytes32Of, ZERO_BYTES32, type EpochFileHeader, type Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { makeEpoch } from '../testing/make-epoch.ts'
import { memoryChain } from '../testing/memory-chain.ts'
import { checkVouchers, type EarlierVouchers } from './check-vouchers.ts'
import type { ClaimOnChain, EpochChain, LaneClaims } from './epoch-chain.ts'
import { Findings, sentenceOf } from './report.ts'

const lane = bytes32Of('lane')
const [channelId, otherChannel, providerId] = [bytes32Of('channel'), bytes32Of('other channel'), bytes32Of('provider')]
const [key, otherKey] = [channelId + providerId, otherChannel + providerId]
const made = await makeEpoch(new Writable({ write: (_chunk, _encoding, done) => done() }), { receipts: 1 })
const noClaims: LaneClaims = { before: new Map(), at: new Map(), after: new Map(), unanchored: [] }

const headerOf = (fields: Partial<EpochFileHeader> = {}): EpochFileHeader => ({
  ...made.header,
  lane,
  epoch: 7,
  fromSeq: 13,
  toSeq: 24,
  ...fields,
})
const voucherOf = (line: number, cumulative: bigint, channel: Hex = channelId) => ({
  line,
  value: { channelId: channel, providerId, lane, epoch: 7, cumulative, receiptRoot: ZERO_BYTES32, earned: 0n },
})
const claim = (cumulative: bigint, channel: Hex = channelId, epoch = 7): ClaimOnChain => ({
  channelId: channel,
  providerId,
  epoch,
  cumulative,
})
const dueOf = (sum: bigint, channel: Hex = channelId) =>
  [channel + providerId, { channelId: channel, providerId, sum }] as const
/** What the lane signed before: in the file whose numbers end where these begin. */
const before = (cumulative: bigint, fields: Partial<EarlierVouchers> = {}): EarlierVouchers => ({
  signed: new Map([[key, { epoch: 6, cumulative }]]),
  fromSeq: 5,
  toSeq: 12,
  ...fields,
})

interface Case {
  vouchers?: ReturnType<typeof voucherOf>[]
  /** µUSD of receipts, by pair. */
  dues?: ReturnType<typeof dueOf>[]
  header?: Partial<EpochFileHeader>
  earlier?: EarlierVouchers | null
  claims?: Partial<LaneClaims>
  paid?: bigint
  /** Lifetime µUSD that the lane anchored; null: the chain names no anchor. */
  laneSum?: bigint | null
  chain?: Partial<EpochChain>
}

/** One voucher of 150 over receipts of 50, with nothing paid, and nothing known of before. */
async function check({
  vouchers = [voucherOf(20, 150n)],
  dues = [dueOf(50n)],
  header = {},
  earlier = null,
  claims = {},
  paid = 0n,
  laneSum = 10_000n,
  chain = {},
}: Case) {
  const findings = new Findings()
  const truth = memoryChain([made], {
    claimsOf: async () => ({ ...noClaims, ...claims }),
    claimed: async () => paid,
    anchorEvent: async () => (laneSum === null ? null : { ...made.anchor.value, laneSum }),
    ...chain,
  })
  await checkVouchers(findings, { vouchers, dues: new Map(dues) }, headerOf(header), earlier, truth)
  const details = Object.fromEntries(findings.checks().map(({ name, detail }) => [name, detail]))
  return {
    found: findings.mismatches.map((mismatch) => [mismatch.check, sentenceOf(mismatch)]),
    vouchers: details.vouchers,
    claims: details.claims,
    unchecked: findings.unchecked,
    notes: findings.notes,
  }
}

const adds = (expected: bigint | string, found: bigint) => [
  'vouchers',
  `Line 20: What a voucher adds to the one before it, in µUSD: expected ${expected}, found ${found}.`,
]
const exact = { found: [], vouchers: '1 voucher, 1 of them to the micro-dollar', unchecked: [], notes: [] }

test('with the file before it a voucher adds what its receipts cost, no more and no less', async () => {
  expect(await check({ earlier: before(100n) })).toMatchObject(exact)
  expect((await check({ earlier: before(99n) })).found).toEqual([adds(50n, 51n)])
  expect((await check({ earlier: before(101n) })).found).toEqual([adds(50n, 49n)])
  // What the file says counts, though a claim on the chain is lower.
  const claims = { before: new Map([[key, claim(90n)]]) }
  expect(await check({ earlier: before(100n), claims })).toMatchObject(exact)
})

test('a voucher of a pair that the file before does not name is bounded; it is exact where that is the lane’s first', async () => {
  const other = { signed: new Map([[otherKey, { epoch: 6, cumulative: 100n }]]) }
  expect(await check({ earlier: before(0n, other) })).toMatchObject({
    found: [],
    vouchers: '1 voucher, 0 of them to the micro-dollar',
  })
  const fromFirst = { earlier: before(0n, { ...other, fromSeq: 1 }) }
  expect((await check(fromFirst)).found).toEqual([adds(50n, 150n)])
  expect(await check({ ...fromFirst, vouchers: [voucherOf(20, 50n)] })).toMatchObject(exact)
})

test('the lane’s first file needs none before it', async () => {
  const header = { fromSeq: 1, toSeq: 12 }
  expect(await check({ header, vouchers: [voucherOf(20, 50n)] })).toMatchObject(exact)
  expect((await check({ header })).found).toEqual([adds(50n, 150n)])
  expect((await check({ header, vouchers: [voucherOf(20, 49n)] })).found).toEqual([adds(50n, 49n)])
})

test('files that do not end where this one begins are named, and excuse nothing', async () => {
  for (const toSeq of [11, 13]) {
    const { found, vouchers } = await check({ earlier: before(100n, { toSeq, fromSeq: 1 }) })
    expect(found).toEqual([['vouchers', `Last number in the previous file: expected 12, found ${toSeq}.`]])
    expect(vouchers).toBe('1 voucher, 0 of them to the micro-dollar')
  }
})

test('by a claim on the chain a voucher is exact where it adds just that, and too low below', async () => {
  const claimedBefore = (cumulative: bigint) => ({
    claims: { before: new Map([[key, claim(cumulative, channelId, 6)]]) },
  })
  expect(await check(claimedBefore(100n))).toMatchObject(exact)
  expect((await check(claimedBefore(101n))).found).toEqual([adds('at least 50', 49n)])
  expect((await check({ vouchers: [voucherOf(20, 49n)] })).found).toEqual([adds('at least 50', 49n)])
  expect(await check({ vouchers: [voucherOf(20, 50n)] })).toMatchObject(exact)
})

test('what neither file nor chain shows is named as not checked, in one sentence of one and another of many', async () => {
  const one = await check({})
  expect(one.unchecked).toEqual(['the cumulative amounts of 1 voucher (--previous FILE shows what was signed before)'])
  expect(one.notes).toEqual([
    'Not checked: cumulative amounts. 1 of 1 voucher adds to an amount that neither the chain nor a given file shows: it is not below what the receipts make due; whether it is above, the files of the epochs before say (--previous FILE).',
  ])
  const vouchers = [voucherOf(20, 150n), voucherOf(21, 150n, otherChannel)]
  const many = await check({ vouchers, dues: [dueOf(50n), dueOf(60n, otherChannel)] })
  expect(many.vouchers).toBe('2 vouchers, 0 of them to the micro-dollar')
  expect(many.unchecked).toEqual([
    'the cumulative amounts of 2 vouchers (--previous FILE shows what was signed before)',
  ])
  expect(many.notes).toEqual([
    'Not checked: cumulative amounts. 2 of 2 vouchers add to amounts that neither the chain nor a given file shows: they are not below what the receipts make due; whether they are above, the files of the epochs before say (--previous FILE).',
  ])
  const claims = { before: new Map([[key, claim(100n)]]) }
  const mixed = await check({ vouchers, dues: [dueOf(50n), dueOf(60n, otherChannel)], claims })
  expect(mixed.vouchers).toBe('2 vouchers, 1 of them to the micro-dollar')
  expect(mixed.notes[0]).toContain('1 of 2 vouchers add to amounts')
})

test('whoever owes gets one voucher; a second is not counted, and one over no receipts may add nothing', async () => {
  const earlier = before(100n)
  expect((await check({ earlier, vouchers: [] })).found).toEqual([
    [
      'vouchers',
      `Voucher of channel ${channelId} for provider ${providerId}: expected one that adds 50 µUSD, found none.`,
    ],
  ])
  const twice = await check({ earlier, vouchers: [voucherOf(20, 150n), voucherOf(21, 175n)], laneSum: 150n })
  expect(twice).toMatchObject({
    found: [['vouchers', 'Line 21: Vouchers of one channel and provider: expected one, found another.']],
    vouchers: exact.vouchers,
  })
  expect((await check({ earlier, dues: [dueOf(0n)], vouchers: [] })).found).toEqual([])
  expect((await check({ earlier, dues: [] })).found).toEqual([adds(0n, 50n)])
  expect(await check({ earlier, dues: [], vouchers: [voucherOf(20, 100n)] })).toMatchObject(exact)
})

test('vouchers together are not above all that the lane ever anchored', async () => {
  const vouchers = [voucherOf(20, 150n), voucherOf(21, 60n, otherChannel)]
  const of = { vouchers, dues: [dueOf(50n), dueOf(60n, otherChannel)] }
  const claims = { before: new Map([[key, claim(100n)]]) }
  for (const laneSum of [210n, 211n, null]) expect((await check({ ...of, claims, laneSum })).found).toEqual([])
  expect((await check({ ...of, claims, laneSum: 209n })).found).toEqual([
    [
      'vouchers',
      'Cumulative amounts of the vouchers together, against all that the lane ever anchored, in µUSD: expected at most 209, found 210.',
    ],
  ])
})

test('nobody claims more than was signed for the epoch, or is paid beyond the highest voucher', async () => {
  const earlier = before(100n)
  const claimed = (at: bigint, paid = 0n, later: Partial<LaneClaims> = {}) =>
    check({ earlier, paid, claims: { at: new Map([[key, claim(at)]]), ...later } })
  expect(await claimed(150n, 150n)).toMatchObject({ found: [], claims: '1 of 1 voucher was claimed' })
  expect((await claimed(151n)).found).toEqual([
    ['claims', 'Line 20: Signed amount claimed for epoch 7, in µUSD: expected at most 150, found 151.'],
  ])
  const beyond = (most: bigint, paid: bigint) => [
    'claims',
    `Line 20: Paid on the lane’s vouchers, in µUSD: expected at most ${most}, found ${paid}.`,
  ]
  expect((await claimed(150n, 151n)).found).toEqual([beyond(150n, 151n)])
  const after = { after: new Map([[key, claim(170n, channelId, 8)]]) }
  expect((await claimed(150n, 170n, after)).found).toEqual([])
  expect((await claimed(150n, 171n, after)).found).toEqual([beyond(170n, 171n)])
  const lower = { after: new Map([[key, claim(120n, channelId, 8)]]) }
  expect((await claimed(150n, 151n, lower)).found).toEqual([beyond(150n, 151n)])
  const unread = await claimed(150n, 151n, { oldestBlock: 4_000n })
  expect([unread.found, unread.unchecked]).toEqual([
    [],
    ['claims before block 4000 (longer ago than the chain is read back)'],
  ])
  expect((await claimed(151n, 0n, { oldestBlock: 4_000n })).found).toHaveLength(1)
})

test('the chain is asked of every voucher by its own channel, provider and lane, ten at a time', async () => {
  const channels = Array.from({ length: 23 }, (_, i) => bytes32Of(`channel ${i}`))
  const asked: string[] = []
  let [now, most] = [0, 0]
  const chain: Partial<EpochChain> = {
    async claimed(channel, provider, ofLane) {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      now--
      asked.push([channel, provider, ofLane].join())
      return channel === channels[22] ? 51n : 50n
    },
  }
  const { found, claims } = await check({
    vouchers: channels.map((channel, i) => voucherOf(20 + i, 50n, channel)),
    dues: channels.map((channel) => dueOf(50n, channel)),
    header: { fromSeq: 1 },
    chain,
  })
  expect(asked.toSorted()).toEqual(channels.map((channel) => [channel, providerId, lane].join()).toSorted())
  expect([most, claims]).toEqual([10, '0 of 23 vouchers were claimed'])
  expect(found).toEqual([['claims', expect.stringContaining('Line 42: Paid on')]])
})

test('a claim without a voucher in the file, or for an epoch that was never anchored, is named', async () => {
  const earlier = before(100n)
  const hidden = await check({ earlier, claims: { at: new Map([[otherKey, claim(9n, otherChannel)]]) } })
  expect(hidden).toMatchObject({
    found: [
      [
        'claims',
        `Voucher that the lane claimed for epoch 7 from channel ${otherChannel} for provider ${providerId}: expected one in the file, found none, but 9 µUSD claimed on the chain.`,
      ],
    ],
    claims: '0 of 1 voucher was claimed',
  })
  const never = await check({ earlier, claims: { unanchored: [claim(9n, otherChannel, 99)] } })
  expect(never.found).toEqual([
    [
      'claims',
      `Epoch 99, for which the lane claimed from channel ${otherChannel}: expected anchored, found never anchored, but 9 µUSD claimed.`,
    ],
  ])
})

test('the chain is asked about the lane and epoch of the header', async () => {
  const asked: unknown[] = []
  await check({
    earlier: before(100n),
    chain: {
      claimsOf: async (...of) => (asked.push(of), noClaims),
      anchorEvent: async (...of) => (asked.push(of), null),
    },
  })
  expect(asked).toEqual([
    [lane, 7],
    [lane, 7],
  ])
})
