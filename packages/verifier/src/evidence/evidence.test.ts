/** What convicts a lane or a node from epoch files alone, and what does not. */
import { Writable } from 'node:stream'
import {
  bytes32Of,
  signStruct,
  structHash,
  type EpochFileDelivery,
  type EpochFileLine,
  type Hex,
  type Signed,
  type WorkReceipt,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { makeEpoch } from '../testing/make-epoch.ts'
import { compareEpochFiles } from './compare-epoch-files.ts'
import { findContradictions } from './find-contradictions.ts'
import { judgeRecord } from './judge-record.ts'
import { recomputeEpoch } from './recompute-epoch.ts'
import type { OpenFile } from '../verify-epoch/open-file.ts'

const laneKey = bytes32Of('test lane')
const nodeKey = bytes32Of('node one')
const base = { receipts: 30, leaseEvery: 10, laneKey, nodeKeys: [nodeKey] }
type Change = (lines: Iterable<EpochFileLine>) => Iterable<EpochFileLine>
type Options = Partial<Parameters<typeof makeEpoch>[1]>

async function epochOf(change?: Change, options: Options = {}) {
  const chunks: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  const made = await makeEpoch(sink, { ...base, ...options }, change)
  const bytes = Buffer.concat(chunks)
  const open: OpenFile = () => [bytes]
  return { open, made, receipts: { chainId: made.header.chainId, verifyingContract: made.header.paymentChannels } }
}

/** Each line through `change`; one that is given back as it came stays. */
const each = (change: (line: EpochFileLine) => EpochFileLine): Change =>
  function* (lines) {
    for (const line of lines) yield change(line)
  }

/** The first delivery that a node answered, changed. */
function firstAnswered(change: (line: EpochFileDelivery & { work: Signed<WorkReceipt> }) => EpochFileLine): Change {
  return function* (lines) {
    let isChanged = false
    for (const line of lines) {
      if (isChanged || line.kind !== 'delivery' || line.work === null) yield line
      else {
        isChanged = true
        yield change({ ...line, work: line.work })
      }
    }
  }
}

test('records follow from receipts: the honest one is right in every version', async () => {
  const { open, made } = await epochOf()
  const epoch = await recomputeEpoch(open)
  expect(epoch.root).toBe(made.header.root)
  expect(epoch.dataHash).toBe(made.dataHash)
  const [record] = made.records
  if (!record) throw new Error('no record')
  const { nodeId } = record.value
  for (const version of [0, 3]) {
    const recordHash = structHash('PerformanceRecord', { ...record.value, version })
    expect(judgeRecord({ nodeId, version, recordHash }, epoch)).toEqual({ kind: 'right' })
  }
})

test('a record that says something else is wrong; where the file has the lane saying otherwise, its signature convicts', async () => {
  const { open, made } = await epochOf()
  const epoch = await recomputeEpoch(open)
  const [published] = made.records
  if (!published) throw new Error('no record')
  const { nodeId } = published.value
  const lying = { ...published.value, faults: published.value.faults + 1 }
  const standing = { nodeId, version: 0, recordHash: structHash('PerformanceRecord', lying) }
  expect(judgeRecord(standing, epoch)).toEqual({ kind: 'contradicted', other: published })
  const forged = {
    ...published,
    signature: signStruct(domainOf(made.header), 'PerformanceRecord', published.value, nodeKey).signature,
  }
  expect(judgeRecord(standing, { ...epoch, published: [forged] }).kind).toBe('wrong')
  expect(judgeRecord({ ...standing, version: 1 }, epoch)).toEqual({ kind: 'wrong', expected: published.value })
  const stranger = { ...standing, nodeId: bytes32Of('a node without receipts') }
  expect(judgeRecord(stranger, epoch)).toEqual({ kind: 'wrong', expected: null })
})

const domainOf = ({ chainId, slaLedger }: { chainId: number; slaLedger: Hex }) => ({
  chainId,
  verifyingContract: slaLedger,
})

test('a file that the lane spoiled says nothing about records', async () => {
  const without = (kind: EpochFileLine['kind']): Change =>
    function* (lines) {
      for (const line of lines) if (line.kind !== kind) yield line
    }
  await expect(recomputeEpoch((await epochOf(without('terms'))).open)).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(recomputeEpoch((await epochOf(without('lease'))).open)).rejects.toMatchObject({ code: 'invalid_input' })
})

test('an honest lane and honest nodes contradict nothing, however often a file is named', async () => {
  const [one, two] = [await epochOf(), await epochOf(undefined, { epoch: 8, fromSeq: 31, seed: 2 })]
  expect(await findContradictions([one.open, two.open, one.open])).toEqual([])
})

test('prices that do not follow from their terms are found, if the lane signed them', async () => {
  const { receipts } = await epochOf()
  const dearer = (key: Hex): Change =>
    each((line) => {
      if (line.kind === 'delivery' && line.delivery.value.seq === 5) {
        const value = { ...line.delivery.value, price: line.delivery.value.price + 1n }
        return { ...line, delivery: signStruct(receipts, 'DeliveryReceipt', value, key) }
      }
      if (line.kind !== 'lease' || line.lease.seq !== 10) return line
      const lease = { ...line.lease, price: line.lease.price + 1n }
      return { ...line, lease, laneSignature: signStruct(receipts, 'LeaseReceipt', lease, key).signature }
    })
  const found = await findContradictions([(await epochOf(dearer(laneKey))).open])
  expect(found.map(({ kind }) => kind).toSorted()).toEqual(['wrong lease price', 'wrong price'])
  expect(await findContradictions([(await epochOf(dearer(nodeKey))).open])).toEqual([])
})

test('two deliveries of one number and two outputs of one attempt are found across files, once each', async () => {
  const { receipts } = await epochOf()
  const otherwise = firstAnswered((line) => {
    const work = signStruct(receipts, 'WorkReceipt', { ...line.work.value, outputHash: bytes32Of('other') }, nodeKey)
    const value = { ...line.delivery.value, workHash: structHash('WorkReceipt', work.value) }
    return { ...line, work, delivery: signStruct(receipts, 'DeliveryReceipt', value, laneKey) }
  })
  const [honest, other] = [await epochOf(), await epochOf(otherwise)]
  const found = await findContradictions([honest.open, other.open, other.open])
  expect(found.map(({ kind }) => kind).toSorted()).toEqual(['two deliveries', 'two outputs'])
  for (const contradiction of found) {
    if (contradiction.kind !== 'two outputs') continue
    const [a, b] = contradiction.receipts
    expect(a.value.outputHash).not.toBe(b.value.outputHash)
  }
})

test('files are compared by number and by attempt, leases too; the same file under two names agrees with itself', async () => {
  const { receipts } = await epochOf()
  const named = async (name: string, change?: Change, options?: Options) => ({
    name,
    open: (await epochOf(change, options)).open,
  })
  const longer = each((line) => {
    if (line.kind !== 'lease' || line.lease.seq !== 10) return line
    const lease = { ...line.lease, gpuMs: line.lease.gpuMs + 1 }
    return { ...line, lease, laneSignature: signStruct(receipts, 'LeaseReceipt', lease, laneKey).signature }
  })
  const otherOutput = firstAnswered((line) => {
    const value = { ...line.work.value, outputHash: bytes32Of('other') }
    return { ...line, work: signStruct(receipts, 'WorkReceipt', value, nodeKey) }
  })
  const honest = await named('honest')
  expect(await compareEpochFiles([honest, await named('again')])).toEqual([])
  expect(await compareEpochFiles([honest, await named('next', undefined, { epoch: 8, fromSeq: 31, seed: 2 })])).toEqual(
    [],
  )
  expect(await compareEpochFiles([honest, await named('longer', longer)])).toEqual([
    expect.stringMatching(/^Receipt 10 of lane 0x\w{64} differs: line \d+ of honest and line \d+ of longer/),
  ])
  // A delivery under the number of a lease, of another file of the same lane.
  const unleased = await compareEpochFiles([honest, await named('unleased', undefined, { leaseEvery: 0 })])
  expect(unleased.some((sentence) => sentence.startsWith('Receipt 10 of lane '))).toBe(true)
  expect(await compareEpochFiles([honest, await named('other', otherOutput)])).toEqual([
    expect.stringMatching(/^The output of attempt 0 by node .* differs: .* of honest and .* of other /),
  ])
  await expect(compareEpochFiles([honest], 3)).rejects.toMatchObject({ code: 'invalid_input' })
})

test('another prompt under the same request is no contradiction: no contract takes it', async () => {
  const { receipts } = await epochOf()
  const reworded = firstAnswered((line) => {
    const value = { ...line.work.value, outputHash: bytes32Of('other'), requestHash: bytes32Of('other words') }
    return { ...line, work: signStruct(receipts, 'WorkReceipt', value, nodeKey) }
  })
  expect(await findContradictions([(await epochOf()).open, (await epochOf(reworded)).open])).toEqual([])
})
