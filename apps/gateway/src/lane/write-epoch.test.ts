/** What the gateway publishes and signs of an epoch is, byte for byte, what follows from the receipts in its journal. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import {
  bytes32Of,
  decodeStruct,
  deliveryPriceMicroUsd,
  documentHashOf,
  encodeLine,
  encodeStruct,
  pricesOfTerms,
  readEpochFile,
  signStruct,
  termsHashOf,
  type EpochFileDelivery,
  type EpochFileLease,
  type EpochFileLine,
  type Hex,
} from '@isochrone/protocol'
import { makeEpoch, testTerms, type MakeEpochOptions } from '@isochrone/verifier/testing'
import { afterAll, expect, test } from 'vitest'
import { openJournal } from '../journal/open-journal.ts'
import { mismatchesIn } from '../testing/verify-file.ts'
import { epochFileName, writeEpoch, type EpochPlan, type WrittenEpoch } from './write-epoch.ts'

const root = mkdtempSync(join(tmpdir(), 'write-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let counter = 0

const laneKey = bytes32Of('test lane')
const channelIds = [bytes32Of('a'), bytes32Of('b')]
type Receipt = EpochFileDelivery | EpochFileLease

/** A whole epoch made elsewhere, with its bytes and what is in them. */
async function epochOf(options: MakeEpochOptions) {
  const chunks: Buffer[] = []
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) })
  const made = await makeEpoch(sink, { channelIds, laneKey, ...options })
  const bytes = Buffer.concat(chunks)
  const receipts: Receipt[] = []
  for await (const { line } of readEpochFile(bytes))
    if (line.kind === 'delivery' || line.kind === 'lease') receipts.push(line)
  return { made, bytes, receipts }
}

/** A journal that holds them, one record each. */
async function journalled(receipts: readonly Receipt[]): Promise<string> {
  const dir = join(root, `journal-${counter++}`)
  const journal = await openJournal({ dir })
  const pairs = receipts.map((line) => {
    if (line.kind === 'delivery') return { receipts: [encodeLine(line)] }
    const { lease, laneSignature, nodeSignature } = line
    return { lease: { receipt: encodeStruct('LeaseReceipt', lease), laneSignature, nodeSignature } }
  })
  const kept = pairs.map((record) => journal.append('published', record))
  await Promise.all(kept.map(({ durable }) => durable))
  await journal.close()
  return dir
}

async function planOf({ made, receipts }: Awaited<ReturnType<typeof epochOf>>): Promise<EpochPlan> {
  const { chainId, paymentChannels, receiptAnchor, slaLedger, lane, epoch, fromSeq, toSeq } = made.header
  return {
    lane,
    epoch,
    fromSeq,
    toSeq,
    privateKey: laneKey,
    contracts: { chainId, paymentChannels, receiptAnchor, slaLedger },
    journalDir: await journalled(receipts),
    fromIndex: 1,
    dir: join(root, `epochs-${counter++}`, 'deep'),
    terms: [made.terms],
    corrections: [],
    dues: made.vouchers.map(({ value: { channelId, providerId, cumulative } }) => ({
      channelId,
      providerId,
      cumulative,
    })),
  }
}

const textOf = (bytes: Buffer): string[] => gunzipSync(bytes).toString().split('\n')
const published = ({ dir, lane, epoch }: EpochPlan, { anchor, anchorSignature }: WrittenEpoch) => ({
  path: join(dir, epochFileName(lane, epoch)),
  anchor,
  anchorSignature,
})

test('file, anchor, vouchers and records are those that follow from the receipts, signed for the contract of each', async () => {
  const before = await epochOf({ receipts: 5, epoch: 6 })
  const { signedAfter: signedBefore } = before.made
  const epoch = await epochOf({ receipts: 12, leaseEvery: 5, epoch: 7, fromSeq: 6, signedBefore, seed: 2 })
  expect(epoch.receipts.some((line) => line.kind === 'delivery' && line.work === null)).toBe(true)
  const plan = await planOf(epoch)
  const written = await writeEpoch(plan)
  const { path } = published(plan, written)
  expect(textOf(readFileSync(path))).toEqual(textOf(epoch.bytes))
  const { anchor, vouchers, records, fileBytes } = epoch.made
  expect(written).toEqual({
    anchor: encodeStruct('EpochAnchor', anchor.value),
    anchorSignature: anchor.signature,
    vouchers: vouchers.map(({ value, signature }) => ({ voucher: encodeStruct('Voucher', value), signature })),
    nodes: records.map(({ value }) => value.nodeId),
    fileBytes,
  })
  // Nothing of a file that is not whole is left beside it.
  expect(readdirSync(plan.dir)).toEqual([`${plan.lane}-7.jsonl.gz`])
  // Written again, as after a crash before the entry: the same.
  expect(await writeEpoch(plan)).toEqual(written)
})

test('what several providers earn, and what corrections take off, is held apart; the public verifier agrees', async () => {
  const { made, receipts } = await epochOf({ receipts: 8, leaseEvery: 0, channelIds: [channelIds[0] as Hex] })
  const document = { version: 2, region: 'eu-fr' }
  const other = { ...testTerms, providerId: bytes32Of('other provider'), documentHash: documentHashOf(document) }
  const otherHash = termsHashOf(other)
  const domain = { chainId: made.header.chainId, verifyingContract: made.header.paymentChannels }
  // Every second receipt is another provider's, and nobody answered: so no node has to sign anew.
  const shared = receipts.map((line, i): EpochFileDelivery => {
    if (line.kind !== 'delivery') throw new Error('there are no leases')
    const { value } = line.delivery
    if (i % 2 === 0) return line
    const plain = { ...value, termsHash: otherHash, nodeId: `0x${'00'.repeat(12)}${'77'.repeat(20)}` as const }
    const silent = { ...plain, workHash: `0x${'00'.repeat(32)}` as const, fault: 0, httpStatus: 200 }
    const price = deliveryPriceMicroUsd(silent, pricesOfTerms(other))
    return {
      kind: 'delivery',
      work: null,
      delivery: signStruct(domain, 'DeliveryReceipt', { ...silent, price }, laneKey),
    }
  })
  const sumOf = (hash: Hex) =>
    shared.reduce((sum, { delivery: { value } }) => sum + (value.termsHash === hash ? value.price : 0n), 0n)
  const corrected = shared.find(({ delivery: { value } }) => value.termsHash === otherHash && value.billedOut > 10)
  if (!corrected) throw new Error('no receipt is long enough')
  const { seq, billedIn, billedCached, price, ...rest } = corrected.delivery.value
  const recounted = { seq, billedIn, billedCached, price, ...rest, billedOut: 1 }
  const refund = price - deliveryPriceMicroUsd(recounted, pricesOfTerms(other))
  expect(refund > 0n).toBe(true)

  const terms = [made.terms, { terms: other, termsHash: otherHash, document }]
  const channelId = channelIds[0] as Hex
  const sums = [sumOf(made.terms.termsHash), sumOf(otherHash)] as const
  const plan: EpochPlan = {
    ...(await planOf({ made, receipts: shared, bytes: Buffer.alloc(0) })),
    terms: terms.toSorted((a, b) => (a.termsHash < b.termsHash ? -1 : 1)),
    corrections: [{ seq, billedIn, billedCached, billedOut: 1, refund }],
    dues: [
      { channelId, providerId: made.terms.terms.providerId, cumulative: sums[0] },
      { channelId, providerId: other.providerId, cumulative: sums[1] - refund },
    ],
  }
  const written = await writeEpoch(plan)
  const file = published(plan, written)
  expect(decodeStruct('EpochAnchor', written.anchor).sum).toBe(sums[0] + sums[1])
  const vouchers = written.vouchers.map(({ voucher }) => decodeStruct('Voucher', voucher))
  expect(vouchers.map(({ earned, cumulative }) => [earned, cumulative])).toEqual([
    [sums[0], sums[0]],
    [sums[1], sums[1] - refund],
  ])
  const kinds: EpochFileLine['kind'][] = []
  for await (const { line } of readEpochFile(readFileSync(file.path))) kinds.push(line.kind)
  expect(kinds.slice(0, 5)).toEqual(['header', 'terms', 'terms', 'correction', 'delivery'])
  // The chain of the tests knows one provider.
  expect((await mismatchesIn(file)).filter((sentence) => !sentence.includes('Provider of node'))).toEqual([])
})

test('a voucher over no receipt of its provider says that it earned nothing', async () => {
  const epoch = await epochOf({ receipts: 2, leaseEvery: 0 })
  const plan = await planOf(epoch)
  const providerId = bytes32Of('a provider without receipts')
  const written = await writeEpoch({ ...plan, dues: [{ channelId: channelIds[0] as Hex, providerId, cumulative: 9n }] })
  expect(written.vouchers).toHaveLength(1)
  expect(written.vouchers[0]?.voucher).toMatchObject({ earned: '0', cumulative: '9' })
})

test('a receipt of terms that are not in the plan is not published', async () => {
  for (const leaseEvery of [0, 1]) {
    const plan = await planOf(await epochOf({ receipts: 1, leaseEvery }))
    await expect(writeEpoch({ ...plan, terms: [] })).rejects.toThrow('a receipt names terms of the plan')
    expect(() => readdirSync(plan.dir)).toThrow()
  }
})
