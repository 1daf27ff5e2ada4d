/** Without a file that a reader brings: what was signed before is looked up in the lane's earlier files, to the micro-dollar. */
import { Writable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { AppError } from '@isochrone/domain'
import { addressOfKey, bytes32Of, bytesToHex, keccak256, signStruct, type EpochFileLine } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { makeEpoch, type MadeEpoch, type MakeEpochOptions } from '../testing/make-epoch.ts'
import { memoryChain } from '../testing/memory-chain.ts'
import type { EpochChain } from './epoch-chain.ts'
import { sentenceOf } from './report.ts'
import { verifyEpoch } from './verify-epoch.ts'
import { EARLIER_FILES_MAX, type FetchEarlier } from './walk-back.ts'

interface Made {
  made: MadeEpoch
  bytes: Buffer
}

const laneKey = bytes32Of('test lane')
const [a, b, c] = [bytes32Of('a'), bytes32Of('b'), bytes32Of('c')]
const noClaims: Partial<EpochChain> = {
  claimed: async () => 0n,
  claimsOf: async () => ({ before: new Map(), at: new Map(), after: new Map(), unanchored: [] }),
}

async function epochOf(of: Partial<MakeEpochOptions>, change?: (line: EpochFileLine) => EpochFileLine): Promise<Made> {
  const chunks: Buffer[] = []
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) })
  const options = { receipts: 12, leaseEvery: 3, channelIds: [a, b], seed: 9, epoch: 5, ...of }
  const spoil = change && ((lines: Iterable<EpochFileLine>) => [...lines].map(change))
  return { made: await makeEpoch(sink, options, spoil), bytes: Buffer.concat(chunks) }
}

/** Epoch 5 pays from three channels, 6 and 7 from `b` alone, 8 from `a` and `b`: below what the lane anchored in all. */
async function laneOf(change?: (line: EpochFileLine) => EpochFileLine): Promise<Made[]> {
  const epochs: Made[] = []
  for (const [epoch, channelIds] of [
    [5, [a, b, c]],
    [6, [b]],
    [7, [b]],
    [8, [a, b]],
  ] as const) {
    const before = epochs.at(-1)?.made
    const of = { epoch, channelIds, seed: epoch, fromSeq: (before?.header.toSeq ?? 0) + 1 }
    const signedBefore = before?.signedAfter
    epochs.push(await epochOf({ ...of, ...(signedBefore && { signedBefore }) }, epoch === 8 ? change : undefined))
  }
  return epochs
}

/** A lane that signs one micro-dollar more than its receipts make due. */
const inflated =
  (by: bigint, channel = a) =>
  (line: EpochFileLine): EpochFileLine => {
    if (line.kind !== 'voucher' || line.voucher.value.channelId !== channel) return line
    const { header } = honest[0]!.made
    const value = { ...line.voucher.value, cumulative: line.voucher.value.cumulative + by }
    const domain = { chainId: header.chainId, verifyingContract: header.paymentChannels }
    return { kind: 'voucher', voucher: signStruct(domain, 'Voucher', value, laneKey) }
  }
const honest: readonly Made[] = await laneOf()

/** Verifies the newest of these; all are to be had but for what `give` says otherwise. */
async function verified(
  epochs: readonly Made[],
  give: (epoch: number) => Buffer | AppError | undefined = () => undefined,
) {
  const asked: number[] = []
  let open = 0
  let openMost = 0
  const fetchEarlier: FetchEarlier = async (epoch) => {
    asked.push(epoch)
    const given = give(epoch) ?? epochs.find(({ made }) => made.header.epoch === epoch)!.bytes
    if (given instanceof AppError) throw given
    openMost = Math.max(openMost, ++open)
    return { open: () => [given], from: 'http://gateway.test', remove: async () => void open-- }
  }
  const newest = epochs.at(-1)!
  const chain = memoryChain(
    epochs.map(({ made }) => made),
    noClaims,
  )
  const report = await verifyEpoch({ open: () => [newest.bytes], chain, threads: 0, fetchEarlier })
  expect(open).toBe(0)
  expect(openMost).toBeLessThanOrEqual(1)
  return { ...report, found: report.mismatches.map(sentenceOf), asked }
}

const withheld = new AppError('not_found', { publicMessage: 'http://gateway.test has no epoch 6.' })

test('earlier files are read, the newest first, until each amount before is known', async () => {
  const report = await verified(honest)
  expect(report).toMatchObject({ ok: true, unchecked: [], asked: [7, 6, 5] })
  expect(report.notes).toEqual([
    'What was signed before was looked up in the file of 3 epochs, 5 to 7, fetched from http://gateway.test.',
  ])
  expect(report.checks.find(({ name }) => name === 'vouchers')?.detail).toBe(
    '2 vouchers, 2 of them to the micro-dollar',
  )
  // Channel `b` alone is in the file just before.
  const near = await verified(honest.slice(0, 3))
  expect(near).toMatchObject({ ok: true, unchecked: [], asked: [6] })
  expect(near.notes[0]).toContain('in the file of epoch 6, fetched from http://gateway.test')
  // The first of the lane has nothing before it.
  expect(await verified(honest.slice(0, 1))).toMatchObject({ ok: true, unchecked: [], asked: [], notes: [] })
})

test('a voucher that is one micro-dollar too high is named, though all vouchers stay below what the lane anchored', async () => {
  for (const channel of [a, b]) {
    const { ok, found, unchecked } = await verified(await laneOf(inflated(1n, channel)))
    expect(ok).toBe(false)
    expect(unchecked).toEqual([])
    const [sentence = '', ...others] = found
    const amounts = /^Line \d+: What a voucher adds to the one before it, in µUSD: expected (\d+), found (\d+)\.$/
    const [, due, adds] = amounts.exec(sentence) ?? []
    expect(Number(adds) - Number(due)).toBe(1)
    expect(others).toEqual([])
  }
})

test('without the files the same voucher is not called right: it stands under what was not checked, and why', async () => {
  const spoiled = await laneOf(inflated(1n))
  const report = await verified(spoiled, (epoch) => (epoch === 6 ? withheld : undefined))
  expect(report.found).toEqual([])
  expect(report.asked).toEqual([7, 6])
  expect(report.unchecked).toEqual([
    'the cumulative amounts of 1 voucher (http://gateway.test has no epoch 6; --previous FILE shows what was signed before)',
  ])
})

test('a file that the chain does not name, or that the lane did not sign, shows nothing and is a mismatch', async () => {
  const other = gzipSync(gunzipSync(honest[2]!.bytes), { level: 1 })
  const swapped = await verified(honest, (epoch) => (epoch === 7 ? other : undefined))
  expect(swapped).toMatchObject({ ok: false, asked: [7] })
  expect(swapped.found).toEqual([
    `Hash of the file of epoch 7 that http://gateway.test gives out, against that on the chain: expected ${honest[2]!.made.dataHash}, found ${bytesToHex(keccak256(other))}.`,
  ])
  expect(swapped.unchecked[0]).toContain('(the file of epoch 7 cannot be relied on;')

  const anchored = (bytes: Buffer): Made[] => {
    const dataHash = bytesToHex(keccak256(bytes))
    const { made } = honest[2]!
    const anchor = { ...made.anchor, value: { ...made.anchor.value, dataHash } }
    return honest.with(2, { made: { ...made, dataHash, anchor }, bytes })
  }
  const rows = gunzipSync(honest[2]!.bytes).toString().split('\n')
  const unsigned = rows.map((row) =>
    row.startsWith('{"kind":"voucher"') ? row.replace(/"cumulative":"(\d+)"/, '"cumulative":"1$1"') : row,
  )
  const forged = await verified(anchored(gzipSync(unsigned.join('\n'))))
  expect(forged.found[0]).toMatch(
    new RegExp(`^Voucher on line \\d+ of the file of epoch 7 .* signed by the lane ${addressOfKey(laneKey)}, found`),
  )
  const cut = await verified(anchored(honest[2]!.bytes.subarray(0, -4)))
  expect(cut.found[0]).toMatch(/^Content of the file of epoch 7 .*: expected what an epoch file has, found/)
})

test('what a chain does not show any more ends the walk, and so does the most that is fetched', async () => {
  const [first, newest] = [honest[0]!, honest.at(-1)!]
  const walkOn = async (lies: Partial<EpochChain>) => {
    const chain = memoryChain(
      honest.map(({ made }) => made),
      { ...noClaims, ...lies },
    )
    let fetched = 0
    const fetchEarlier: FetchEarlier = async () => {
      fetched++
      return { open: () => [first.bytes], from: 'http://gateway.test', remove: async () => {} }
    }
    const { unchecked } = await verifyEpoch({ open: () => [newest.bytes], chain, threads: 0, fetchEarlier })
    return { fetched, unchecked: unchecked.filter((each) => each.startsWith('the cumulative')) }
  }
  expect(await walkOn({ anchorEndingAt: async () => 'out of reach' })).toEqual({
    fetched: 0,
    unchecked: [expect.stringContaining('(the epoch before is longer ago than the chain is read back; --previous')],
  })
  expect((await walkOn({ anchorEndingAt: async () => null })).unchecked[0]).toContain('(the chain names no epoch that')
  // Epochs without a voucher of any wanted pair, for ever.
  const nobodys = await epochOf({ channelIds: [c], fromSeq: 2 })
  const anchor = { ...nobodys.made.anchor.value, laneSum: 0n, fromSeq: 2 }
  let fetched = 0
  const endless = await verifyEpoch({
    open: () => [newest.bytes],
    chain: memoryChain(
      honest.map(({ made }) => made),
      { ...noClaims, anchorEndingAt: async () => anchor },
    ),
    threads: 0,
    fetchEarlier: async () => {
      fetched++
      return { open: () => [nobodys.bytes], from: 'http://gateway.test', remove: async () => {} }
    },
  })
  expect(fetched).toBe(EARLIER_FILES_MAX)
  expect(endless.unchecked).toContainEqual(expect.stringContaining('(none of the 32 files before has them; --previous'))
})
