import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  addressOfKey,
  addressToBytes32,
  bytesToHex,
  decodeStruct,
  encodeStruct,
  keccak256,
  randomBytes32,
  recoverStructSigner,
  signStruct,
  structHash,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochNotice,
  type Hex,
  type MeteringCorrection,
  type ReceiptPair,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { ReceiptLog } from '../receipts/receipt-log.ts'
import { DEFAULT_EPOCH_LIMITS, type EpochStoreLimits } from './epoch-store.ts'
import { EpochWitness } from './epoch-witness.ts'
import { DEFAULT_FETCH_PACE, type FetchPace } from './fetch-epoch-file.ts'
import { OwnCorrections } from './own-corrections.ts'
import { TestLane } from './test-lane.ts'

const root = mkdtempSync(join(tmpdir(), 'witness-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const logger = createLogger('test', 'silent')
const nodeKey = randomBytes32()
const otherNode = randomBytes32()
const nodeId = addressToBytes32(addressOfKey(nodeKey))

let lane: TestLane
let dataDir: string
let receipts: ReceiptLog
let witness: EpochWitness
let counter = 0

const open = async (limits: Partial<EpochStoreLimits> = {}, pace: Partial<FetchPace> = {}): Promise<void> => {
  receipts = await ReceiptLog.open(join(dataDir, 'receipts.jsonl'))
  witness = await EpochWitness.open({
    dataDir,
    nodeKey: { privateKey: nodeKey, address: addressOfKey(nodeKey) },
    receipts,
    limits: { ...DEFAULT_EPOCH_LIMITS, ...limits },
    pace: { ...DEFAULT_FETCH_PACE, ...pace },
    logger,
  })
}
const close = async (): Promise<void> => {
  await witness.close()
  await receipts.close()
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(root, `node-${counter++}-`))
  lane = new TestLane()
  await lane.serve()
  await open()
})
afterEach(async () => {
  await close()
  await lane.stop()
})

const ask = (notice: EpochNotice, of: TestLane = lane) =>
  witness.answer(notice, { lane: of.id, domain: of.domain }, of.urlOf(notice.filePath))
const copies = () => readdirSync(join(dataDir, 'epochs')).filter((name) => name.endsWith('.gz'))

function workOf({ work }: ReceiptPair): WorkReceipt {
  if (!work) throw new Error('no work')
  return work.value
}

const hashOfAnchor = (anchor: unknown) => structHash('EpochAnchor', decodeStruct('EpochAnchor', anchor))
/** The two anchors that were kept against the lane at this epoch, the earlier first. */
const contradiction = (epoch: number) => {
  const text = readFileSync(join(dataDir, 'epochs', `${lane.id}-${epoch}.contradiction.json`), 'utf8')
  const { anchor, contradicts } = JSON.parse(text) as { anchor: unknown; contradicts: { anchor: unknown } }
  return [contradicts.anchor, anchor].map(hashOfAnchor)
}

/** The delivery reaches the node as it does over the link: its own work receipt is confirmed with it. */
async function told(pair: ReceiptPair): Promise<void> {
  const { delivery } = pair
  const { seq: _seq, ...unnumbered } = workOf(pair)
  const signed = await receipts.sign(lane.domain, lane.id, unnumbered, nodeKey)
  const confirmed = { ...delivery.value }
  const { workHash } = signed
  await receipts.confirm({
    workHash,
    delivery: encodeStruct('DeliveryReceipt', confirmed),
    signature: delivery.signature,
    reason: null,
  })
}

test('a record that follows from the receipts is signed, and the file is kept with what the lane signed about it', async () => {
  await told(lane.deliver(nodeKey))
  lane.deliver(nodeKey, { attemptTtftMs: 500 })
  lane.deliver(nodeKey, { fault: 1, httpStatus: 502, price: 0n, billedIn: 0, billedOut: 0 }, null)
  lane.deliver(otherNode)
  const { notice, bytes } = await lane.close(nodeId)
  expect(notice.record).toMatchObject({ earned: '80', attempts: 3, faults: 1, version: 0 })
  const answer = await ask(notice)
  expect(answer).toMatchObject({ epoch: 1, version: 0, reason: null })
  const value = decodeStruct('PerformanceRecord', notice.record)
  const domain = { chainId: lane.domain.chainId, verifyingContract: lane.slaLedger }
  const signature = answer?.signature as Hex
  expect(recoverStructSigner(domain, 'PerformanceRecord', { value, signature })).toBe(addressOfKey(nodeKey))

  expect(copies()).toEqual([`${lane.id}-1.jsonl.gz`])
  const kept = readFileSync(join(dataDir, 'epochs', copies()[0] ?? ''))
  expect(Buffer.compare(kept, bytes)).toBe(0)
  const evidence = JSON.parse(readFileSync(join(dataDir, 'epochs', `${lane.id}-1.anchor.json`), 'utf8')) as {
    anchor: unknown
    anchorSignature: Hex
  }
  const anchor = decodeStruct('EpochAnchor', evidence.anchor)
  expect(anchor.dataHash).toBe(bytesToHex(keccak256(kept)))
  const anchorDomain = { chainId: lane.domain.chainId, verifyingContract: lane.receiptAnchor }
  const signed = { value: anchor, signature: evidence.anchorSignature }
  expect(addressToBytes32(recoverStructSigner(anchorDomain, 'EpochAnchor', signed) ?? '')).toBe(lane.id)
})

test.each([
  ['earned', { earned: 39n }, 'earned is 40 by the receipts, and the record says 39'],
  ['attempts', { attempts: 2 }, 'attempts is 1'],
  ['faults', { faults: 1 }, 'faults is 0'],
  ['counts', { countsRoot: randomBytes32() }, 'the counts do not follow'],
])('a record with forged %s is not signed, and the node says why', async (_, record, reason) => {
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId, { record })
  expect(await ask(notice)).toMatchObject({ signature: null, reason: expect.stringContaining(reason) as string })
  // The evidence of it is kept.
  expect(copies()).toHaveLength(1)
})

test('a file that leaves out a delivery which the lane sent to this node, or changes it, is not agreed to', async () => {
  const first = lane.deliver(nodeKey)
  const second = lane.deliver(nodeKey)
  await told(first)
  await told(second)
  const omitted = await lane.close(nodeId, { pairs: [first] })
  expect(await ask(omitted.notice)).toMatchObject({ reason: 'delivery 2 of this node is missing in the file' })
  // Also after a restart, and until it has been found.
  await close()
  await open()
  expect(await ask(omitted.notice)).toMatchObject({ reason: 'delivery 2 of this node is missing in the file' })

  const third = lane.deliver(nodeKey)
  await told(third)
  const cheaper = signStruct(lane.domain, 'DeliveryReceipt', { ...third.delivery.value, price: 1n }, lane.key)
  const changed = await lane.close(nodeId, { pairs: [{ ...third, delivery: cheaper }] })
  expect(await ask(changed.notice)).toMatchObject({
    reason: 'delivery 3: another one than this lane sent to this node',
  })
})

test.each<[string, (key: Hex) => ReceiptPair, string]>([
  ['a price of its own', (key) => lane.deliver(key, { price: 1n }), 'its price does not follow from the terms'],
  ['work of another key', (key) => lane.deliver(key, {}, otherNode), 'its work is not signed by this node'],
  ['a number outside', (key) => lane.deliver(key, { seq: 99 }), 'not of this lane and span'],
  ['work of another attempt', (key) => lane.deliver(key, { attempt: 1 }), 'its work has another attempt'],
  ['work held back', (key) => ({ ...lane.deliver(key), work: null }), 'its work receipt is not in the file'],
])('a receipt with %s is named', async (_, make, reason) => {
  const pair = make(nodeKey)
  const { notice } = await lane.close(nodeId, { pairs: [pair] })
  expect((await ask(notice))?.reason).toBe(`delivery ${pair.delivery.value.seq}: ${reason}`)
})

/** Else an outage of the gateway's own making costs the node its record. */
test('work that this node signed and the lane files as none is not agreed to, also after a restart', async () => {
  const pair = lane.deliver(nodeKey, { fault: 1, httpStatus: 502, price: 0n, billedIn: 0, billedOut: 0 }, null)
  const other = lane.deliver(nodeKey, { fault: 1, httpStatus: 502, price: 0n, billedIn: 0, billedOut: 0 }, null)
  const { channelId, requestId, attempt } = pair.delivery.value
  const { seq: _seq, ...work } = workOf(lane.deliver(nodeKey))
  const signed = await receipts.sign(lane.domain, lane.id, { ...work, channelId, requestId, attempt }, nodeKey)
  // Another payer's attempt of the same name is another attempt.
  const { requestId: otherRequest } = other.delivery.value
  await receipts.sign(lane.domain, lane.id, { ...work, requestId: otherRequest }, nodeKey)
  const reason = 'delivery 1: filed as if without work, but this node has signed work for it'
  const { notice } = await lane.close(nodeId)
  expect(await ask(notice)).toMatchObject({ signature: null, reason })
  await receipts.confirm({ workHash: signed.workHash, delivery: null, signature: null, reason: 'billed before' })
  await close()
  await open()
  expect(await ask(notice)).toMatchObject({ signature: null, reason })

  lane.deliver(nodeKey, { ...other.delivery.value, seq: 4, workHash: ZERO_BYTES32 }, null)
  expect(await ask((await lane.close(nodeId)).notice)).toMatchObject({ reason: null })
})

/** The engine of these receipts took 1 ms to its first token and 1 ms for the others; 100 ms are promised. */
test.each<[string, Partial<DeliveryReceipt>, Partial<Terms>, string | null]>([
  [
    'a first token',
    { attemptTtftMs: 2_002, durationMs: 2_100 },
    {},
    'it says 2002 ms to the first token, and the engine took 1 ms',
  ],
  [
    'the other tokens',
    { durationMs: 2_052 },
    { tpotUs: 1_000 },
    'it says 2002 ms from first to last token, and the engine took 1 ms',
  ],
  ['a first token in what the network may take', { attemptTtftMs: 2_001, durationMs: 2_100 }, {}, null],
  ['other tokens in what the network may take', { durationMs: 2_051 }, { tpotUs: 1_000 }, null],
  ['times that break no promise', { attemptTtftMs: 9_000, durationMs: 20_000 }, { ttftBaseMs: 9_000 }, null],
  ['times that count for nobody', { attemptTtftMs: 9_000, durationMs: 20_000, fault: 3 }, {}, null],
])('a lane that says %s came later than by the engine’s own times is answered so', async (_, said, terms, reason) => {
  Object.assign(lane.terms, terms)
  lane.deliver(nodeKey, said)
  const { notice } = await lane.close(nodeId)
  expect((await ask(notice))?.reason).toBe(reason && `delivery 1: ${reason}`)
})

test('a promise that the engine’s own times break as well is broken', async () => {
  Object.assign(lane.terms, { ttftBaseMs: 0, ttftPerKtokMs: 0, tpotUs: 100 })
  lane.deliver(nodeKey, { durationMs: 20_000 })
  expect(await ask((await lane.close(nodeId)).notice)).toMatchObject({ reason: null })
})

/** Of 25 receipts at 40 µUSD each: 20 for the prompt, 2 for each of 10 tokens. */
test.each<[string, number, Partial<MeteringCorrection>, string | null]>([
  ['nothing of one', 1, { billedOut: 10, refund: 0n }, null],
  ['5 % of all', 2, { billedIn: 1, billedOut: 7, refund: 25n }, null],
  [
    'more than 5 %',
    2,
    { billedIn: 0, billedOut: 5, refund: 30n },
    "by counts of its own the lane takes 60 of 1000 µUSD off 2 of this node's receipts, more than 5 %",
  ],
  ['another amount than it counts', 1, { refund: 15n }, 'delivery 1: what is taken off does not follow'],
  ['a negative amount', 1, { billedOut: 11, refund: 0n }, 'delivery 1: what is taken off does not follow'],
])('a lane that corrects %s is answered so, and its file is kept', async (_, count, change, reason) => {
  for (let i = 0; i < 25; i++) lane.deliver(nodeKey)
  lane.deliver(otherNode)
  const own = Array.from({ length: count }, (__, i) => ({
    seq: i + 1,
    billedIn: 20,
    billedCached: 0,
    billedOut: 3,
    refund: 14n,
    ...change,
  }))
  // What is taken from others is theirs to say.
  const corrections = [...own, { seq: 26, billedIn: 0, billedCached: 0, billedOut: 0, refund: 40n }]
  const { notice } = await lane.close(nodeId, { corrections })
  const answer = await ask(notice)
  if (reason === null) expect(answer).toMatchObject({ reason: null })
  else expect(answer).toMatchObject({ signature: null, reason: expect.stringContaining(reason) as string })
  expect(copies()).toHaveLength(1)
})

test('corrections that are there twice, or behind the receipts they would be missed at, are named', async () => {
  const correction = { seq: 1, billedIn: 20, billedCached: 0, billedOut: 10, refund: 0n }
  lane.deliver(nodeKey)
  const doubled = await lane.close(nodeId, { corrections: [correction, correction] })
  expect(await ask(doubled.notice)).toMatchObject({ reason: 'delivery 1 is corrected twice' })
  const corrections = new OwnCorrections()
  corrections.take(lane.deliver(nodeKey).delivery.value, lane.terms)
  expect(() => corrections.add({ ...correction, seq: 2 })).toThrow('stands behind the receipts')
})

/** Else a lane that shows no file of an epoch has its omissions forgotten by the next one. */
test('a delivery of an epoch that the node was never shown is still looked for', async () => {
  const hidden = lane.deliver(nodeKey)
  await told(hidden)
  const { notice } = await lane.close(nodeId, { pairs: [lane.deliver(nodeKey)] })
  const shown = lane.deliver(nodeKey)
  await told(shown)
  expect(await ask((await lane.close(nodeId)).notice)).toMatchObject({ reason: null })
  await close()
  await open()
  expect(await ask(notice)).toMatchObject({ reason: 'delivery 1 of this node is missing in the file' })
})

test('a gateway that serves another file than its lane signed for is found out, and nothing of it is kept', async () => {
  lane.deliver(nodeKey)
  const { notice, bytes } = await lane.close(nodeId)
  const flipped = Buffer.from(bytes)
  flipped[20] = (flipped[20] ?? 0) ^ 1
  for (const [served, reason] of [
    [flipped, 'the file is not the one whose hash the lane signed'],
    [bytes.subarray(0, -1), 'the file is not the one whose hash the lane signed'],
    [Buffer.concat([bytes, bytes]), `the file has more than the ${bytes.length} bytes that were announced`],
    [null, 'the file could not be fetched: the gateway answered 404 for the file of the epoch'],
  ] as const) {
    lane.files.set(notice.filePath, served)
    expect(await ask(notice)).toMatchObject({ signature: null, reason })
    expect(readdirSync(join(dataDir, 'epochs'))).toEqual(['signed.jsonl'])
  }
  lane.files.set(notice.filePath, bytes)
  expect(await ask(notice)).toMatchObject({ reason: null })
})

test('a header that says other things than the anchor, and what the lane has not signed, are refused', async () => {
  lane.deliver(nodeKey)
  expect((await ask((await lane.close(nodeId, { header: { sum: 1n } })).notice))?.reason).toContain('another sum')
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId, { recordKey: otherNode })
  expect((await ask(notice))?.reason).toBe('the record is not signed by the lane')
  lane.deliver(nodeKey)
  const good = (await lane.close(nodeId)).notice
  const forged = { ...good, anchor: { ...good.anchor, dataHash: randomBytes32() } }
  expect((await ask(forged))?.reason).toBe('the anchor is not signed by the lane')
  expect((await ask({ ...good, record: { ...good.record, earned: -1 } }))?.reason).toContain('PerformanceRecord')
  lane.deliver(otherNode)
  const others = await lane.close(addressToBytes32(addressOfKey(otherNode)))
  expect((await ask(others.notice))?.reason).toBe('the record is not of this node, lane and epoch')
})

test('a node never signs two records of one epoch, and answers again without fetching again', async () => {
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId)
  const answer = await ask(notice)
  await close()
  await open()
  expect(await ask(notice)).toEqual(answer)
  expect(lane.fetches).toBe(1)
  const record = { ...decodeStruct('PerformanceRecord', notice.record), earned: 0n }
  const domain = { chainId: lane.domain.chainId, verifyingContract: lane.slaLedger }
  const { signature } = signStruct(domain, 'PerformanceRecord', record, lane.key)
  const second = { ...notice, record: encodeStruct('PerformanceRecord', record), recordSignature: signature }
  expect((await ask(second))?.reason).toBe('this node has signed another record of the epoch')
})

/** A provider's money: the corrected record releases what an invalid one froze, and only the file decides what it says. */
test('a corrected record is signed where it says what the receipts say, though the file has a wrong one', async () => {
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId, { record: { earned: 1n } })
  expect(await ask(notice)).toMatchObject({ signature: null })
  const correctedBy = (earned: bigint): EpochNotice => {
    const record = { ...decodeStruct('PerformanceRecord', notice.record), version: 1, earned }
    const { signature } = signStruct(
      { chainId: lane.domain.chainId, verifyingContract: lane.slaLedger },
      'PerformanceRecord',
      record,
      lane.key,
    )
    return { ...notice, record: encodeStruct('PerformanceRecord', record), recordSignature: signature }
  }
  expect(await ask(correctedBy(2n))).toMatchObject({ version: 1, signature: null })
  expect(await ask(correctedBy(40n))).toMatchObject({ version: 1, reason: null })
})

test('a lane that signs two anchors for one epoch has both kept against it', async () => {
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId, { record: { earned: 1n } })
  await ask(notice)
  const anchor = { ...decodeStruct('EpochAnchor', notice.anchor), root: randomBytes32() }
  const domain = { chainId: lane.domain.chainId, verifyingContract: lane.receiptAnchor }
  const { signature } = signStruct(domain, 'EpochAnchor', anchor, lane.key)
  const second = { ...notice, anchor: encodeStruct('EpochAnchor', anchor), anchorSignature: signature }
  expect((await ask(second))?.reason).toBe('the lane has signed another anchor of this epoch before')
  expect(contradiction(1)).toEqual([notice.anchor, second.anchor].map(hashOfAnchor))
})

/** Else a lane tells one story on-chain and another to the node whose receipts it left out. */
test('a lane that signs for the same numbers in another epoch is refused, and both anchors are kept against it', async () => {
  const pair = lane.deliver(nodeKey)
  const first = await lane.close(nodeId)
  expect(await ask(first.notice)).toMatchObject({ reason: null })
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId, { fromSeq: pair.delivery.value.seq })
  const reason = 'the lane has signed for some of these numbers before, in epoch 1'
  expect(await ask(notice)).toMatchObject({ signature: null, reason })
  expect(contradiction(2)).toEqual([first.notice.anchor, notice.anchor].map(hashOfAnchor))
  // Also after a restart.
  await close()
  await open()
  expect(await ask(notice)).toMatchObject({ signature: null, reason })
  expect(copies()).toEqual([`${lane.id}-1.jsonl.gz`])
})

const junk = (text: string) => gzipSync(Buffer.from(text))
test.each<[string, Buffer, string]>([
  ['one byte', Buffer.from('x'), 'not a complete gzip file'],
  ['an empty gzip file', junk(''), 'the file has no header'],
  ['lines of something else', junk('{"kind":"header"}\n'), 'Line 1'],
])('%s is no epoch file and is not kept, whatever the lane signed', async (_, bytes, reason) => {
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId, { bytes })
  expect((await ask(notice))?.reason).toContain(reason)
  expect(readdirSync(join(dataDir, 'epochs'))).toEqual(['signed.jsonl'])
})

test('a file that goes on as something else, or tells nothing of this node, is not kept', async () => {
  lane.deliver(nodeKey)
  const first = await lane.close(nodeId)
  const bytes = junk(`${gunzipSync(first.bytes).toString('utf8')}and so on\n`)
  expect((await ask(signedFor(first.notice, bytes)))?.reason).toContain('It is not JSON')

  const text = gunzipSync(first.bytes).toString('utf8').split('\n')
  const without = junk(text.filter((line) => !line.startsWith('{"kind":"delivery"')).join('\n'))
  expect((await ask(signedFor(first.notice, without)))?.reason).toBe('the file holds no receipt of this node')
  expect(copies()).toEqual([])
})

/** The lane signs for other bytes, and serves them. */
function signedFor(notice: EpochNotice, bytes: Buffer): EpochNotice {
  lane.files.set(notice.filePath, bytes)
  const anchor = { ...decodeStruct('EpochAnchor', notice.anchor), dataHash: bytesToHex(keccak256(bytes)) }
  const domain = { chainId: lane.domain.chainId, verifyingContract: lane.receiptAnchor }
  const { signature: anchorSignature } = signStruct(domain, 'EpochAnchor', anchor, lane.key)
  return { ...notice, fileBytes: bytes.length, anchor: encodeStruct('EpochAnchor', anchor), anchorSignature }
}

/** Else a lane that lies erases the evidence against another one. */
test('a lane that closes many epochs drops its own oldest copies and never another lane’s', async () => {
  await close()
  await open({ filesMax: 4 })
  const honest = new TestLane()
  await honest.serve()
  for (const each of [honest, honest, lane, lane, lane, lane]) {
    each.deliver(nodeKey)
    expect(await ask((await each.close(nodeId)).notice, each)).toMatchObject({ reason: null })
  }
  await honest.stop()
  const expected = [`${honest.id}-1`, `${honest.id}-2`, `${lane.id}-3`, `${lane.id}-4`]
  expect(copies().toSorted()).toEqual(expected.map((name) => `${name}.jsonl.gz`).toSorted())
  await close()
  await open({ filesMax: 2 })
  expect(copies().toSorted()).toEqual([`${honest.id}-2.jsonl.gz`, `${lane.id}-4.jsonl.gz`].toSorted())
})

/** Else one gateway silences the witness for all, because an epoch that nobody answers for is published unsigned. */
test('a gateway that drips a file is given up, by its rate and by a deadline, and meanwhile holds up no other lane', async () => {
  const other = new TestLane()
  await other.serve()
  try {
    await close()
    await open({}, { graceMs: 3_000 })
    lane.isDripping = true
    lane.deliver(nodeKey)
    const { notice } = await lane.close(nodeId)
    let isGivenUp = false
    const slow = ask({ ...notice, fileBytes: 2 ** 30 }).finally(() => (isGivenUp = true))
    other.deliver(nodeKey)
    expect(await ask((await other.close(nodeId)).notice, other)).toMatchObject({ reason: null })
    expect(isGivenUp).toBe(false)
    expect(await slow).toMatchObject({ signature: null, reason: expect.stringContaining('bytes a second') as string })
    expect(lane.fetches).toBe(1)

    await close()
    await open({}, { graceMs: 100, bytesPerSMin: 1, totalMsMax: 300 })
    expect(await ask({ ...notice, fileBytes: 2 ** 30 })).toMatchObject({
      signature: null,
      reason: 'the file did not come within 300 ms',
    })
    lane.isDripping = false
    expect(await ask(notice)).toMatchObject({ reason: null })
  } finally {
    await other.stop()
  }
}, 30_000)

test('one lane has a bounded number of notices waiting, and the next lane is answered all the same', async () => {
  lane.isDripping = true
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId)
  const waiting = Array.from({ length: 64 }, () => ask(notice))
  expect(await ask(notice)).toMatchObject({ reason: 'this node is busy with other epochs' })
  const other = new TestLane()
  await other.serve()
  other.deliver(nodeKey)
  expect(await ask((await other.close(nodeId)).notice, other)).toMatchObject({ reason: null })
  await other.stop()
  await close()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([null]))
  await open()
})

test('copies are bounded by count and by bytes, and the oldest go first', async () => {
  await close()
  await open({ filesMax: 2 })
  for (let i = 0; i < 4; i++) {
    lane.deliver(nodeKey)
    expect(await ask((await lane.close(nodeId)).notice)).toMatchObject({ reason: null })
  }
  expect(copies().toSorted()).toEqual([3, 4].map((epoch) => `${lane.id}-${epoch}.jsonl.gz`))
  lane.deliver(nodeKey)
  const { notice } = await lane.close(nodeId)
  await close()
  await open({ bytesMax: Math.floor(notice.fileBytes / 2) })
  expect(copies()).toEqual([])
  expect((await ask(notice))?.reason).toContain('too large to keep')
})
