/** Files of earlier epochs come from anybody: only what the chain names and the lane signed counts as signed before. */
import { Writable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  bytesToHex,
  keccak256,
  signStruct,
  type EpochFileHeader,
  type EpochFileLine,
  type Hex,
  type Voucher,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { makeEpoch, type MadeEpoch, type MakeEpochOptions } from '../testing/make-epoch.ts'
import { memoryChain } from '../testing/memory-chain.ts'
import { earlierVouchers } from './earlier-vouchers.ts'
import type { AnchorOnChain } from './epoch-chain.ts'
import { Findings, sentenceOf } from './report.ts'

interface Made {
  made: MadeEpoch
  bytes: Buffer
}

const laneKey = bytes32Of('test lane')
const providerId = bytes32Of('provider')
const [channelA, channelB] = [bytes32Of('a'), bytes32Of('b')]
const options: MakeEpochOptions = { receipts: 6, leaseEvery: 3, channelIds: [channelA, channelB], seed: 9, epoch: 5 }

async function epochOf(of: Partial<MakeEpochOptions>, change?: (lines: EpochFileLine[]) => EpochFileLine[]) {
  const chunks: Buffer[] = []
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) })
  const made = await makeEpoch(sink, { ...options, ...of }, change && ((lines) => change([...lines])))
  return { made, bytes: Buffer.concat(chunks) }
}

const first = await epochOf({})
const second = await epochOf({ epoch: 6, fromSeq: 7, seed: 2, signedBefore: first.made.signedAfter })
/** Of which the earlier ones are asked. */
const of: EpochFileHeader = { ...first.made.header, epoch: 7, fromSeq: 13, toSeq: 18 }

/** The chain names the files as they are, but for what `anchor` says otherwise of each; null names none. */
async function earlier(
  files: readonly Made[],
  {
    header = of,
    anchor = {},
    findings = new Findings(),
  }: { header?: EpochFileHeader; anchor?: Partial<AnchorOnChain> | null; findings?: Findings } = {},
) {
  const truth = memoryChain(files.map(({ made }) => made))
  const chain = memoryChain(
    files.map(({ made }) => made),
    {
      anchorEvent: async (lane, epoch) => {
        const known = await truth.anchorEvent(lane, epoch)
        return known && anchor && { ...known, ...anchor }
      },
    },
  )
  const opened = files.map(({ bytes }) => () => [bytes])
  const result = await earlierVouchers(findings, opened, header, chain)
  expect(findings.mismatches.every(({ check }) => check === 'vouchers')).toBe(true)
  return { result, found: findings.mismatches.map(sentenceOf), unchecked: findings.unchecked }
}

const hashOf = (bytes: Uint8Array): Hex => bytesToHex(keccak256(bytes))
const signedIn = ({ made: { vouchers } }: Made) =>
  vouchers.map(({ value }): [string, { epoch: number; cumulative: bigint }] => [
    value.channelId + value.providerId,
    { epoch: value.epoch, cumulative: value.cumulative },
  ])
/** As the chain would name it: its lane anchored the bytes as they stand. */
const anchoredAs = ({ made, bytes }: Made): Made => {
  const dataHash = hashOf(bytes)
  return { made: { ...made, dataHash, anchor: { ...made.anchor, value: { ...made.anchor.value, dataHash } } }, bytes }
}

test('the newest voucher of each channel and provider counts, over files that follow each other', async () => {
  expect(signedIn(first)).toHaveLength(2)
  expect(await earlier([first])).toEqual({
    result: { signed: new Map(signedIn(first)), fromSeq: 1, toSeq: 6 },
    found: [],
    unchecked: [],
  })
  expect(await earlier([first, second])).toEqual({
    result: { signed: new Map([...signedIn(first), ...signedIn(second)]), fromSeq: 1, toSeq: 12 },
    found: [],
    unchecked: [],
  })
  // Whom the newer file does not name keeps what the older one said.
  const onlyA = await epochOf({ epoch: 6, fromSeq: 7, receipts: 2, channelIds: [channelA] })
  const both = await earlier([first, onlyA])
  expect(both.result?.signed.get(channelB + providerId)).toEqual(new Map(signedIn(first)).get(channelB + providerId))
  expect(both.result?.signed.get(channelA + providerId)?.epoch).toBe(6)
})

test('a file that is not the one on the chain is named, with what differs, and nothing of it counts', async () => {
  const named = (what: string) => `${what} the file given as --previous for epoch 5, against that on the chain`
  const hash = hashOf(first.bytes)
  for (const [anchor, sentence] of [
    [{ dataHash: bytes32Of('other') }, `${named('Hash of')}: expected ${bytes32Of('other')}, found ${hash}.`],
    [{ fromSeq: 2 }, `${named('First number in')}: expected 2, found 1.`],
    [{ toSeq: 7 }, `${named('Last number in')}: expected 7, found 6.`],
  ] as const) {
    expect(await earlier([first], { anchor })).toEqual({ result: null, found: [sentence], unchecked: [] })
  }
  // One that is wrong spoils what the others say: they are a chain.
  const wrong = { ...second, bytes: gzipSync(gunzipSync(second.bytes), { level: 1 }) }
  const spoiled = await earlier([first, wrong])
  expect([spoiled.result, spoiled.found]).toEqual([null, [expect.stringContaining('for epoch 6')]])
  const early = await earlier([{ ...first, bytes: gzipSync(gunzipSync(first.bytes), { level: 1 }) }, second])
  expect([early.result, early.found]).toEqual([null, [expect.stringContaining('for epoch 5')]])
})

test('what was found of the epoch itself is not laid to the file before it', async () => {
  const findings = new Findings()
  findings.add('vouchers', 9, 'Epoch of a voucher', 7, 8)
  expect((await earlier([first], { findings })).result?.signed).toEqual(new Map(signedIn(first)))
})

test('a file that the chain does not name is not checked, and does not count', async () => {
  expect(await earlier([first], { anchor: null })).toEqual({
    result: null,
    found: [],
    unchecked: ['the file given as --previous: the chain at http://chain.test names none for epoch 5'],
  })
})

/** What the lane anchored, with its vouchers otherwise. */
const withVouchers = async (change: (value: Voucher) => Voucher, key = laneKey) => {
  const domain = { chainId: of.chainId, verifyingContract: of.paymentChannels }
  const made = await epochOf({}, (lines) =>
    lines.map((line) =>
      line.kind === 'voucher'
        ? { kind: 'voucher', voucher: signStruct(domain, 'Voucher', change(line.voucher.value), key) }
        : line,
    ),
  )
  return anchoredAs(made)
}

test('a voucher that the lane did not sign for its own lane and epoch is named once, and nothing of the file counts', async () => {
  const rows = gunzipSync(first.bytes).toString().split('\n')
  const line = rows.findIndex((row) => row.startsWith('{"kind":"voucher"')) + 1
  const lane = addressOfKey(laneKey)
  const named = (epoch: number, by: string) =>
    `Voucher on line ${line} of the file given as --previous: expected one of epoch 5, signed by the lane ${lane}, found one of epoch ${epoch}, signed by ${by}.`
  const thief = bytes32Of('thief')
  const cases: [Made, string][] = [
    [await withVouchers((value) => value, thief), named(5, addressOfKey(thief))],
    [await withVouchers((value) => ({ ...value, epoch: 4 })), named(4, lane)],
    [await withVouchers((value) => ({ ...value, lane: addressToBytes32(addressOfKey(thief)) })), named(5, lane)],
  ]
  for (const [file, sentence] of cases) {
    expect(await earlier([file])).toEqual({ result: null, found: [sentence], unchecked: [] })
  }
  const nobody = await epochOf({}, (lines) =>
    lines.map((each) =>
      each.kind === 'voucher' ? { ...each, voucher: { ...each.voucher, signature: `0x${'00'.repeat(65)}` } } : each,
    ),
  )
  expect((await earlier([anchoredAs(nobody)])).found).toEqual([named(5, 'nobody')])
  expect((await earlier([await withVouchers((value) => value)])).found).toEqual([])
})

test('a damaged file is named with its hash, and what was read before it does not count', async () => {
  const cut = second.bytes.subarray(0, second.bytes.length - 4)
  for (const files of [[{ ...second, bytes: cut }], [first, { ...second, bytes: cut }]]) {
    const { result, found } = await earlier(files)
    expect([result, found]).toEqual([
      null,
      [
        `A file given as --previous: expected a whole gzip file, found bytes that hash to ${hashOf(cut)} (unexpected end of file).`,
      ],
    ])
  }
})

const refused = 'A file given as --previous is no epoch of the same lane, or they do not follow each other.'

test('files of another lane or of other contracts, out of order or of no epoch at all are refused', async () => {
  for (const field of ['lane', 'chainId', 'paymentChannels', 'receiptAnchor'] as const) {
    const header = { ...of, [field]: field === 'chainId' ? 1 : `0x${'77'.repeat(20)}` }
    await expect(earlier([first], { header })).rejects.toMatchObject({ code: 'invalid_input', publicMessage: refused })
  }
  const gap = await epochOf({ epoch: 6, fromSeq: 8 })
  const rows = gunzipSync(first.bytes).toString().split('\n')
  const packed = (text: string): Made => ({ ...first, bytes: gzipSync(text) })
  for (const files of [
    [],
    [second, first],
    [first, first],
    [first, gap],
    [packed('')],
    [packed(rows.slice(1).join('\n'))],
    [packed([rows[0], ...rows].join('\n'))],
  ]) {
    await expect(earlier(files)).rejects.toMatchObject({ code: 'invalid_input', publicMessage: refused })
  }
})

test('receipts are not looked at, and what fails for another reason is not called damage', async () => {
  const rows = gunzipSync(first.bytes).toString().split('\n')
  const spoiled = rows.map((row) => (/^{"kind":"(delivery|lease|terms|counts|record)"/.test(row) ? 'spoiled' : row))
  const file = anchoredAs({ ...first, bytes: gzipSync(spoiled.join('\n')) })
  expect((await earlier([file])).result?.signed).toEqual(new Map(signedIn(first)))
  const broken = rows.map((row) => (row.startsWith('{"kind":"voucher"') ? '{"kind":"voucher"}' : row))
  await expect(earlier([{ ...first, bytes: gzipSync(broken.join('\n')) }])).rejects.toMatchObject({
    code: 'invalid_input',
    publicMessage: expect.stringContaining('cannot be read'),
  })
})
