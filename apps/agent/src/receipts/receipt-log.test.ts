import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  addressOfKey,
  addressToBytes32,
  decodeStruct,
  encodeStruct,
  randomBytes32,
  recoverStructSigner,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Hex,
  type SigningDomain,
  type WorkReceipt,
} from '@isochrone/protocol'
import { afterAll, expect, test } from 'vitest'
import { ReceiptLog } from './receipt-log.ts'

const directory = await mkdtemp(join(tmpdir(), 'isochrone-receipts-'))
afterAll(() => rm(directory, { recursive: true }))

const key = randomBytes32()
const domain: SigningDomain = { chainId: 1, verifyingContract: `0x${'ab'.repeat(20)}` }
const [laneA, laneB] = [randomBytes32(), randomBytes32()]
const work = (): Omit<WorkReceipt, 'seq'> => ({
  channelId: ZERO_BYTES32,
  requestId: randomBytes32(),
  attempt: 0,
  nodeId: addressToBytes32(addressOfKey(key)),
  termsHash: ZERO_BYTES32,
  modelHash: ZERO_BYTES32,
  requestHash: ZERO_BYTES32,
  outputHash: ZERO_BYTES32,
  integrityRoot: ZERO_BYTES32,
  tokensIn: 1,
  tokensCached: 0,
  tokensOut: 2,
  engineTtftUs: 3,
  engineDurationUs: 4,
  finishedAtMs: 5,
  status: 0,
})
const arbitraryDelivery: DeliveryReceipt = {
  workHash: ZERO_BYTES32,
  channelId: ZERO_BYTES32,
  requestId: ZERO_BYTES32,
  attempt: 0,
  nodeId: ZERO_BYTES32,
  lane: ZERO_BYTES32,
  seq: 0,
  termsHash: ZERO_BYTES32,
  billedIn: 1,
  billedCached: 0,
  billedOut: 1,
  bytesIn: 0,
  bytesOut: 0,
  price: 1n,
  attemptTtftMs: 1,
  durationMs: 1,
  startedAtMs: 1,
  httpStatus: 200,
  fault: 0,
  region: `0x${'00'.repeat(8)}`,
}
const rejected = (workHash: Hex) => ({ workHash, delivery: null, signature: null, reason: 'unknown' })

/** Two receipts with one number are a contradiction that a contract can judge, and cost stake. */
test('numbers are never used twice, not even by receipts signed at once or after a crash', async () => {
  const path = join(directory, 'seq.jsonl')
  const log = await ReceiptLog.open(path)
  const signed = await Promise.all(Array.from({ length: 50 }, () => log.sign(domain, laneA, work(), key)))
  await log.close()
  await appendFile(path, '{"kind":"work","lane":"0xcut')
  const reopened = await ReceiptLog.open(path)
  const more = await reopened.sign(domain, laneA, work(), key)
  const seqs = [...signed, more].map(({ signedWork }) => decodeStruct('WorkReceipt', signedWork.work).seq)
  expect(seqs).toEqual(Array.from({ length: 51 }, (_, i) => i + 1))
  await reopened.close()
  const again = await ReceiptLog.open(path)
  expect([again.seqLast, again.unconfirmedCount]).toEqual([51, 51])
  await again.close()
})

/** Two outputs of one attempt are a contradiction that a contract can judge, whoever dispatched it twice. */
test('an attempt is claimed once: not while it runs, not after it was signed for, not after a restart', async () => {
  const path = join(directory, 'claims.jsonl')
  const log = await ReceiptLog.open(path)
  const first = work()
  expect(log.claim(first)).toBe(true)
  expect(log.claim(first)).toBe(false)
  log.release(first)
  // Nothing was signed for it: it may be tried again.
  expect(log.claim(first)).toBe(true)
  await log.sign(domain, laneA, first, key)
  log.release(first)
  expect(log.claim(first)).toBe(false)
  expect(log.claim({ ...first, attempt: 1 })).toBe(true)
  await log.close()
  const reopened = await ReceiptLog.open(path)
  expect(reopened.claim(first)).toBe(false)
  const fresh = Array.from({ length: 1_000 }, () => reopened.claim(work()))
  expect(fresh.filter((claimed) => !claimed)).toEqual([])
  await reopened.close()
})

test('what resolves is on disk already, signed by the node', async () => {
  const path = join(directory, 'disk.jsonl')
  const log = await ReceiptLog.open(path)
  const { signedWork } = await log.sign(domain, laneA, work(), key)
  const line = JSON.parse((await readFile(path, 'utf8')).split('\n')[0] ?? '') as { work: object; signature: Hex }
  expect(line).toMatchObject(signedWork)
  const value = decodeStruct('WorkReceipt', line.work)
  expect(recoverStructSigner(domain, 'WorkReceipt', { value, signature: line.signature })).toBe(addressOfKey(key))
  await log.close()
})

test('a receipt is presented to its own gateway until that one answers, and never again', async () => {
  const path = join(directory, 'confirm.jsonl')
  const log = await ReceiptLog.open(path)
  const first = await log.sign(domain, laneA, work(), key)
  const second = await log.sign(domain, laneB, work(), key)
  expect(log.unconfirmedOf(laneA)).toMatchObject([{ workHash: first.workHash }])
  await log.confirm(rejected(first.workHash))
  await log.confirm(rejected(first.workHash))
  await log.confirm(rejected(randomBytes32()))
  await log.close()
  const reopened = await ReceiptLog.open(path)
  expect(reopened.unconfirmedOf(laneA)).toEqual([])
  expect(reopened.unconfirmedOf(laneB)).toMatchObject([{ workHash: second.workHash, signedWork: second.signedWork }])
  await reopened.close()
  expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(3)
})

test('deliveries are forgotten in the checked span alone; a line of before this had no beginning', async () => {
  const path = join(directory, 'checked.jsonl')
  const log = await ReceiptLog.open(path)
  for (const seq of [1, 2, 3]) {
    const { workHash } = await log.sign(domain, laneA, work(), key)
    const delivery = { ...arbitraryDelivery, lane: laneA, seq, workHash }
    await log.confirm({ workHash, delivery: encodeStruct('DeliveryReceipt', delivery), signature: null, reason: null })
  }
  await log.spanChecked(laneA, 2, 2)
  expect([...log.deliveredOf(laneA, 1, 3).keys()]).toEqual([1, 3])
  await log.close()
  const reopened = await ReceiptLog.open(path)
  expect([...reopened.deliveredOf(laneA, 1, 3).keys()]).toEqual([1, 3])
  await reopened.close()
  await appendFile(path, `${JSON.stringify({ kind: 'checked', lane: laneA, toSeq: 2 })}\n`)
  const again = await ReceiptLog.open(path)
  expect([...again.deliveredOf(laneA, 1, 3).keys()]).toEqual([3])
  await again.close()
})

test('a whole line that is damaged stops the start: the log is evidence', async () => {
  const path = join(directory, 'damaged.jsonl')
  await appendFile(path, '{"kind":"work"}\n')
  await expect(ReceiptLog.open(path)).rejects.toThrow('lane')
})
