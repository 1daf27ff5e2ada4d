/** What convicts is signed by whom it convicts; each contradiction is told once, with both sides, within the limits. */
import { Writable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  bytes32Of,
  signStruct,
  type DeliveryReceipt,
  type EpochFileDelivery,
  type EpochFileLine,
  type Hex,
  type LeaseReceipt,
  type WorkReceipt,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { makeEpoch, type MadeEpoch, type MakeEpochOptions } from '../testing/make-epoch.ts'
import { testTerms } from '../testing/receipts.ts'
import { findContradictions } from './find-contradictions.ts'
import type { OpenFile } from '../verify-epoch/open-file.ts'

const [laneKey, nodeKey, thief] = [bytes32Of('test lane'), bytes32Of('node one'), bytes32Of('thief')]
/** Number 1 is a delivery with work, number 3 a lease. */
const base: MakeEpochOptions = { receipts: 3, leaseEvery: 3, seed: 3, laneKey, nodeKeys: [nodeKey] }

async function epochOf(change: (line: EpochFileLine) => EpochFileLine[] = (line) => [line], options = base) {
  const chunks: Buffer[] = []
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) })
  const made: MadeEpoch = await makeEpoch(sink, options, (lines) => [...lines].flatMap(change))
  const bytes = Buffer.concat(chunks)
  const open: OpenFile = () => [bytes]
  return { made, bytes, open }
}

const honest = await epochOf()
const domain = { chainId: honest.made.header.chainId, verifyingContract: honest.made.header.paymentChannels }
const elsewhere = { ...domain, chainId: 5 }
const isFirst = (line: EpochFileLine): line is EpochFileDelivery =>
  line.kind === 'delivery' && line.delivery.value.seq === 1
type Change<T> = [fields: Partial<T>, key?: Hex, of?: typeof domain]

/** The first delivery otherwise, signed by the lane unless another key is named. */
const withDelivery = (...[fields, key = laneKey, of = domain]: Change<DeliveryReceipt>) =>
  epochOf((line) => {
    if (!isFirst(line)) return [line]
    return [{ ...line, delivery: signStruct(of, 'DeliveryReceipt', { ...line.delivery.value, ...fields }, key) }]
  })
const withWork = (...[fields, key = nodeKey, of = domain]: Change<WorkReceipt>) =>
  epochOf((line) => {
    if (!isFirst(line) || !line.work) return [line]
    return [{ ...line, work: signStruct(of, 'WorkReceipt', { ...line.work.value, ...fields }, key) }]
  })
const withLease = (...[fields, key = laneKey, of = domain]: Change<LeaseReceipt>) =>
  epochOf((line) => {
    if (line.kind !== 'lease') return [line]
    const lease = { ...line.lease, ...fields }
    return [{ ...line, lease, laneSignature: signStruct(of, 'LeaseReceipt', lease, key).signature }]
  })
const found = (...files: { open: OpenFile }[]) => findContradictions(files.map(({ open }) => open))
const { terms } = honest.made.terms

test('a wrong price is told with the receipt that the lane signed and the terms that it names', async () => {
  const delivery = await withDelivery({ price: 1n })
  expect(await found(delivery)).toEqual([
    { kind: 'wrong price', receipt: expect.objectContaining({ value: expect.objectContaining({ price: 1n }) }), terms },
  ])
  const lease = await withLease({ price: 1n })
  const [wrong, ...others] = await found(lease, lease)
  expect([wrong, others]).toEqual([
    { kind: 'wrong lease price', receipt: { value: expect.anything(), signature: expect.any(String) }, terms },
    [],
  ])
  expect(wrong).toMatchObject({ receipt: { value: { seq: 3, price: 1n } } })
  expect(await found(delivery, delivery)).toHaveLength(1)
})

test('nobody is convicted by a signature of another key, chain or contract', async () => {
  const [price, outputHash] = [1n, bytes32Of('other')]
  const contract = { ...domain, verifyingContract: honest.made.header.slaLedger }
  const strangers: [Hex, typeof domain?][] = [[thief], [laneKey, elsewhere], [laneKey, contract]]
  for (const signed of strangers) {
    expect(await found(await withDelivery({ price }, ...signed))).toEqual([])
    expect(await found(await withLease({ price }, ...signed))).toEqual([])
    expect(await found(honest, await withDelivery({ httpStatus: 299 }, ...signed))).toEqual([])
  }
  const others: [Hex, typeof domain?][] = [[thief], [nodeKey, elsewhere], [nodeKey, contract], [laneKey]]
  for (const signed of others) {
    expect(await found(honest, await withWork({ outputHash }, ...signed))).toEqual([])
  }
  // Signed by the node, which is named by no address.
  const nodeId = bytes32Of('no address')
  expect(await found(await withWork({ nodeId }), await withWork({ nodeId, outputHash }))).toEqual([])
})

test('terms that are not in the file price nothing; those of one file are not those of another', async () => {
  const price = 1n
  const changed = await withDelivery({ termsHash: bytes32Of('unknown'), price })
  expect(await found(changed)).toEqual([])
  expect(await found(await withLease({ termsHash: bytes32Of('unknown'), price }))).toEqual([])
  const without = await epochOf((line) => {
    if (line.kind === 'terms') return []
    if (!isFirst(line)) return [line]
    return [{ ...line, delivery: signStruct(domain, 'DeliveryReceipt', { ...line.delivery.value, price }, laneKey) }]
  })
  expect((await found(honest, without)).map(({ kind }) => kind)).toEqual(['two deliveries'])
  // Other terms in the same file price nothing either.
  const otherTerms = await epochOf((line) =>
    line.kind === 'terms' ? [line, { ...line, terms: { ...testTerms, outPerMtok: 1 } }] : [line],
  )
  expect(await found(otherTerms)).toEqual([])
})

test('two deliveries of one number are told once, the first that was signed and the first that says otherwise', async () => {
  const otherwise = await withDelivery({ httpStatus: 299 })
  const third = await withDelivery({ httpStatus: 298 })
  const forged = await withDelivery({ httpStatus: 297 }, thief)
  for (const files of [
    [honest, otherwise],
    [honest, honest, otherwise, third],
    [forged, honest, otherwise],
  ]) {
    const contradictions = await found(...files)
    expect(contradictions).toMatchObject([
      { kind: 'two deliveries', receipts: [{ value: { httpStatus: 200 } }, { value: { httpStatus: 299 } }] },
    ])
  }
  // Of another number, or of another lane, they are two things.
  expect(await found(honest, await withDelivery({ seq: 99, httpStatus: 299 }))).toEqual([])
  const otherLane = await epochOf(undefined, { ...base, laneKey: thief })
  expect((await found(honest, otherLane)).map(({ kind }) => kind)).toEqual([])
})

test('two outputs are told of one attempt at one node for one payer’s same words, and of nothing else', async () => {
  const outputHash = bytes32Of('other')
  const otherwise = await withWork({ outputHash })
  const third = await withWork({ outputHash: bytes32Of('third') })
  const contradictions = await found(honest, honest, otherwise, third)
  expect(contradictions).toMatchObject([{ kind: 'two outputs', receipts: [{}, { value: { outputHash } }] }])
  const [first] = contradictions
  expect(first?.kind === 'two outputs' && first.receipts[0].value.outputHash).not.toBe(outputHash)
  const other = bytes32Of('something else')
  for (const fields of [{ requestId: other }, { attempt: 1 }, { channelId: other }, { requestHash: other }]) {
    expect(await found(honest, await withWork({ ...fields, outputHash }))).toEqual([])
  }
  // Other figures under the same output are no contradiction that a contract takes.
  expect(await found(honest, await withWork({ tokensOut: 1 }))).toEqual([])
})

test('more than a thousand of one kind are told as a thousand, and hide none of another kind', async () => {
  const many = await epochOf(
    (line) => {
      if (line.kind === 'lease') {
        const lease = { ...line.lease, price: 1n }
        return [{ ...line, lease, laneSignature: signStruct(domain, 'LeaseReceipt', lease, laneKey).signature }]
      }
      if (line.kind !== 'delivery') return [line]
      return [
        { ...line, delivery: signStruct(domain, 'DeliveryReceipt', { ...line.delivery.value, price: 1n }, laneKey) },
      ]
    },
    { ...base, receipts: 1_002, leaseEvery: 1_002 },
  )
  const kinds = (await found(many)).map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind === 'wrong price')).toHaveLength(1_000)
  expect(kinds.filter((kind) => kind === 'wrong lease price')).toHaveLength(1)
})

test('more receipts than are kept at once, or a file that inflates to more than is allowed, are refused', async () => {
  // Two deliveries with their work are four names; the lease is none, and a file that is named again adds none.
  const named = (namesMax: number) => findContradictions([honest.open, honest.open], { namesMax })
  expect(await named(4)).toEqual([])
  await expect(named(3)).rejects.toMatchObject({
    code: 'invalid_input',
    publicMessage: 'These are too many receipts at once: name fewer files.',
  })
  const inflatedBytesMax = gunzipSync(honest.bytes).length
  expect(await findContradictions([honest.open], { inflatedBytesMax })).toEqual([])
  await expect(findContradictions([honest.open], { inflatedBytesMax: 300 })).rejects.toMatchObject({
    code: 'payload_too_large',
  })
  await expect(findContradictions([() => [gzipSync('hello\n')]])).rejects.toMatchObject({ code: 'invalid_input' })
})
