/** What a lying token count costs whom: the payer keeps the difference, once, whatever dies in between. */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bytes32Of,
  readEpochFile,
  writeEpochFile,
  decodeStruct,
  encodeStruct,
  signStruct,
  type EpochClosedEntry,
  type EpochFileLine,
} from '@isochrone/protocol'
import { afterAll, expect, test } from 'vitest'
import { mismatchesIn, reportsOf } from '../testing/verify-file.ts'
import type { GatewayLane } from './gateway-lane.ts'
import { channelId, contracts, endOf, intentOf, laneKey, workOf } from './lane-fixtures.ts'
import { entries, restart, serve, start as startLane } from './lane-harness.ts'
import type { Recounted } from './record-recount.ts'

const root = mkdtempSync(join(tmpdir(), 'recount-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let counter = 0
const start = () => startLane(join(root, String(counter++)), { keepsAll: true })

/** 20 tokens in and 10 out at 1 and 2 µUSD: 40 µUSD. */
const PRICE = 40n
const recountOf = (name: string, changes: Partial<Recounted> = {}): Recounted => ({
  requestId: name,
  requestIdHash: bytes32Of(name),
  attempt: 0,
  orgId: 'org_1',
  model: 'demo',
  tokensInMax: null,
  tokensOutMax: 3,
  countedIn: null,
  countedOut: 3,
  ...changes,
})
const published = (lane: GatewayLane, entry: EpochClosedEntry | null) => {
  if (!entry) throw new Error('nothing closed')
  const { anchor, anchorSignature } = entry
  return { path: lane.epochFile(Number(anchor.epoch)) ?? '', anchor, anchorSignature }
}
const owedBy = (entry: EpochClosedEntry | null) => entry?.vouchers.map(({ voucher }) => voucher.cumulative)

test('what a receipt says more than its text is taken off the voucher, and anyone can recompute it', async () => {
  const { lane, journal } = await start()
  await serve(lane, intentOf('req_a'))
  await serve(lane, intentOf('req_b'))
  expect(lane.signedMicroUsd(channelId)).toBe(2n * PRICE)
  expect(await lane.recordRecount(recountOf('req_a'))).toBe('refunded')
  // The budget has it back at once.
  expect(lane.signedMicroUsd(channelId)).toBe(2n * PRICE - 14n)
  const entry = await lane.closeEpoch()
  expect(owedBy(entry)).toEqual([String(2n * PRICE - 14n)])
  // The receipts stay as they were signed.
  expect(entry?.anchor.sum).toBe(String(2n * PRICE))
  expect(await mismatchesIn(published(lane, entry))).toEqual([])
  await lane.stop()
  await journal.close()
})

test('a recount is paid back once: twice at once, twice in turn, after a restart, and after the close', async () => {
  let running = await start()
  await serve(running.lane, intentOf('req_a'))
  await serve(running.lane, intentOf('req_b'))
  const recount = () => running.lane.recordRecount(recountOf('req_a'))
  expect(await Promise.all([recount(), recount()])).toEqual(['refunded', 'twice'])
  expect(await recount()).toBe('twice')
  running = await restart(running)
  expect(running.lane.signedMicroUsd(channelId)).toBe(2n * PRICE - 14n)
  expect(await recount()).toBe('twice')
  const first = await running.lane.closeEpoch()
  expect(owedBy(first)).toEqual([String(2n * PRICE - 14n)])
  expect(await recount()).toBe('late')
  running = await restart(running)
  await serve(running.lane, intentOf('req_c'))
  const second = await running.lane.closeEpoch()
  expect(owedBy(second)).toEqual([String(3n * PRICE - 14n)])
  expect(await mismatchesIn(published(running.lane, first), published(running.lane, second))).toEqual([])
  const refunds = (await entries(running.journal)).filter((entry) => entry.type === 'metering-recounted')
  expect(refunds.map(({ refundMicroUsd }) => refundMicroUsd)).toEqual(['14', '0'])
  await running.lane.stop()
  await running.journal.close()
})

test('a recount that agrees writes nothing, and one of a receipt that nobody remembers neither', async () => {
  const { lane, journal } = await start()
  await serve(lane, intentOf('req_a'))
  const agreeing = [{ tokensOutMax: 10 }, { tokensOutMax: null, tokensInMax: 20 }, { tokensOutMax: 4_000 }]
  for (const changes of agreeing) expect(await lane.recordRecount(recountOf('req_a', changes))).toBe('agrees')
  expect(await lane.recordRecount(recountOf('req_unknown'))).toBe('forgotten')
  expect((await entries(journal)).map(({ type }) => type)).toEqual(['request-finished'])
  await lane.stop()
  await journal.close()
})

test('a receipt of nothing but lies is paid with nothing, and its provider gets no voucher for it', async () => {
  const { lane, journal } = await start()
  const intent = intentOf('req_a')
  const work = workOf(intent, { tokensIn: 12, tokensCached: 8 })
  await serve(lane, intent, { end: endOf(work.signed) })
  expect(await lane.recordRecount(recountOf('req_a', { tokensOutMax: 0, tokensInMax: 0 }))).toBe('refunded')
  expect(lane.signedMicroUsd(channelId)).toBe(0n)
  const entry = await lane.closeEpoch()
  expect(entry?.vouchers).toEqual([])
  // The verifier has no text: it contradicts nothing, and says what it could not check.
  const [report] = await reportsOf(published(lane, entry))
  expect(report).toMatchObject({ ok: true, mismatches: [] })
  const taken = 'the texts behind 1 correction, which take 36 of 36 µUSD from providers (private)'
  expect(report?.unchecked).toEqual([taken])
  await lane.stop()
  await journal.close()
})

/** What is too much of a prompt is taken off what was not cached first: that is how it was counted. */
test('a prompt is cut from its uncached end', async () => {
  const { lane, journal } = await start()
  const intent = intentOf('req_a')
  await serve(lane, intent, { end: endOf(workOf(intent, { tokensIn: 12, tokensCached: 8 }).signed) })
  expect(await lane.recordRecount(recountOf('req_a', { tokensInMax: 20, tokensOutMax: null }))).toBe('agrees')
  await lane.recordRecount(recountOf('req_a', { tokensInMax: 10, tokensOutMax: null }))
  const [, entry] = await entries(journal)
  expect(entry).toMatchObject({
    billed: { tokensIn: 12, tokensCached: 8, tokensOut: 10 },
    recounted: { tokensIn: 2, tokensCached: 8, tokensOut: 10 },
    refundMicroUsd: '10',
  })
  await lane.stop()
  await journal.close()
})

/** Of what it may correct, the file says everything but the text. */
test('a correction that is wrong, of nothing, doubled or left out is named by the verifier', async () => {
  const { lane, journal } = await start()
  await serve(lane, intentOf('req_a'))
  await serve(lane, intentOf('req_b'))
  await lane.recordRecount(recountOf('req_b'))
  const file = published(lane, await lane.closeEpoch())
  const spoil = async (change: (line: EpochFileLine) => EpochFileLine[]) => {
    const lines: EpochFileLine[] = []
    for await (const { line } of readEpochFile(createReadStream(file.path))) lines.push(...change(line))
    const path = `${file.path}.spoilt`
    const { dataHash } = await writeEpochFile(path, lines)
    const value = { ...decodeStruct('EpochAnchor', file.anchor), dataHash }
    const domain = { chainId: contracts.chainId, verifyingContract: contracts.receiptAnchor }
    const { signature } = signStruct(domain, 'EpochAnchor', value, laneKey)
    const found = await mismatchesIn({
      path,
      anchor: encodeStruct('EpochAnchor', value),
      anchorSignature: signature,
    })
    return found.join('\n')
  }
  const changed = (change: Partial<Extract<EpochFileLine, { kind: 'correction' }>>) =>
    spoil((line) => (line.kind === 'correction' ? [{ ...line, ...change }] : [line]))
  expect(await spoil((line) => [line])).toBe('')
  expect(await changed({ refund: 15n })).toContain('Refund of receipt 2')
  expect(await changed({ billedOut: 11 })).toContain('billedOut in the correction of receipt 2')
  expect(await changed({ seq: 9 })).toContain('Receipt 9, which a correction names')
  expect(await changed({ seq: 1 })).toBe('')
  expect(await spoil((line) => (line.kind === 'correction' ? [] : [line]))).toContain('What a voucher adds')
  expect(await spoil((line) => (line.kind === 'correction' ? [line, line] : [line]))).toContain('Order of corrections')
  await lane.stop()
  await journal.close()
})
