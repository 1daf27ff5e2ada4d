/** A span of a lease: no time twice, none that is not held, at the price of terms that are what their hash says. */
import {
  encodeStruct,
  bytes32Of,
  documentHashOf,
  signStruct,
  termsHashOf,
  type LeaseCommand,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { channelId, laneId, nodeId, nodeKey, otherKey, receiptDomain, termsDocument, termsOf } from './lane-fixtures.ts'
import { leaseSpan, signLease, type LeaseSpan, type SignLeaseDeps } from './sign-lease.ts'

const START_MS = 1_700_000_000_000
/** 1 µUSD for a millisecond of a GPU. */
const terms = termsOf({ perGpuHour: 3_600_000 })
const termsHash = termsHashOf(terms)
const command: LeaseCommand = {
  leaseId: 'lease_1',
  orgId: 'org_a',
  channelId,
  nodeId,
  model: 'demo',
  gpus: 2,
  termsHash,
  terms: encodeStruct('Terms', terms),
  termsDocument,
}
const leaseId = bytes32Of(command.leaseId)
const asked = { servingSinceMs: START_MS, untilMs: START_MS + 9_000, reservedMicroUsd: '5000', billedMicroUsd: '1000' }

/** A lane whose last reading of the lease ended at `meteredToMs`, and what it wrote. */
function laneOf({ meteredToMs, knowsTerms = true }: { meteredToMs?: number; knowsTerms?: boolean } = {}) {
  const written: unknown[] = []
  const lane: SignLeaseDeps = {
    lane: laneId,
    state: {
      leases: new Map(meteredToMs === undefined ? [] : [[leaseId, meteredToMs]]),
      knowsTerms: () => knowsTerms,
    } as never,
    writer: {
      write: (record: unknown) => (written.push(record), Promise.reject(new Error('the journal is full'))),
      writeLease(given: { entryOf: (lease: unknown) => unknown }) {
        written.push({ ...given, entryOf: given.entryOf('signed') })
        return { receipt: 'numbered', durable: Promise.resolve() }
      },
    } as never,
    domain: receiptDomain,
  }
  return { lane, written }
}

const spanAt = (afterMs: number, fields: Partial<typeof asked> = {}, fromMs?: number, meteredToMs?: number) =>
  leaseSpan(
    laneOf(meteredToMs === undefined ? {} : { meteredToMs }).lane,
    command,
    { ...asked, ...fields },
    {
      nowMs: START_MS + afterMs,
      ...(fromMs === undefined ? {} : { fromMs }),
    },
  )

test('a reading is the time since the last, at the price of its GPUs, without a number', () => {
  expect(spanAt(1_000.9)).toEqual({
    reading: {
      channelId,
      leaseId,
      nodeId,
      lane: laneId,
      seq: 0,
      termsHash,
      fromMs: START_MS,
      toMs: START_MS + 1_000,
      gpuMs: 2_000,
      price: 2_000n,
    },
    terms,
    reservedMicroUsd: 5_000n,
    billedMicroUsd: 3_000n,
  })
})

test('it begins where the last one ended, at the lane or at the node, and ends where the lease does', () => {
  const of = (span: LeaseSpan | null) => span && [span.reading.fromMs - START_MS, span.reading.toMs - START_MS]
  expect(of(spanAt(1_000, {}, undefined, START_MS + 400))).toEqual([400, 1_000])
  expect(of(spanAt(1_000, {}, START_MS + 300, START_MS + 400))).toEqual([400, 1_000])
  expect(of(spanAt(1_000, {}, START_MS + 500, START_MS + 400))).toEqual([500, 1_000])
  expect(of(spanAt(1_000, { untilMs: START_MS + 700 }))).toEqual([0, 700])
  for (const none of [0, -5]) expect(spanAt(none)).toBeNull()
  expect(spanAt(1_000, {}, START_MS + 1_000)).toBeNull()
  expect(spanAt(1, {}, START_MS)).not.toBeNull()
})

test('no span costs more than what is held for the lease', () => {
  expect(spanAt(2_000)?.billedMicroUsd).toBe(5_000n)
  expect(() => spanAt(2_001)).toThrow(
    expect.objectContaining({
      code: 'insufficient_balance',
      publicMessage: 'The time since the last reading costs 4002 µUSD; 4000 µUSD are held for the lease.',
    }),
  )
})

test('terms that are not what their hash says, or with another document, price nothing', () => {
  const { lane } = laneOf()
  const refused = expect.objectContaining({
    code: 'invalid_input',
    publicMessage: 'The terms of the lease are not what their hash says.',
  })
  const other = { model: 'another' }
  const cheap = termsOf({ perGpuHour: 1 })
  for (const fields of [
    { terms: encodeStruct('Terms', cheap) },
    { termsHash: bytes32Of('other') },
    { termsDocument: other },
    { terms: encodeStruct('Terms', { ...terms, documentHash: documentHashOf(other) }), termsDocument: other },
  ]) {
    expect(() => leaseSpan(lane, { ...command, ...fields }, asked, { nowMs: START_MS + 10 })).toThrow(refused)
  }
})

const span = spanAt(1_000) as LeaseSpan
const signatureBy = (key: `0x${string}`, of = receiptDomain) =>
  signStruct(of, 'LeaseReceipt', span.reading, key).signature

test('what the node signed is journalled with the lane’s entry, its terms before it where nobody has them yet', () => {
  const nodeSignature = signatureBy(nodeKey)
  const entryOf = { type: 'lease-metered', lane: laneId, leaseId: 'lease_1', orgId: 'org_a', lease: 'signed' }
  const lease = { reading: span.reading, nodeSignature, entryOf }
  const known = laneOf()
  expect(signLease(known.lane, command, span, nodeSignature).receipt).toBe('numbered')
  expect(known.written).toEqual([lease])
  const unknown = laneOf({ knowsTerms: false })
  signLease(unknown.lane, command, span, nodeSignature)
  const { terms: json } = command
  expect(unknown.written).toEqual([{ type: 'terms', termsHash, terms: json, document: termsDocument }, lease])
  const changed = { ...span, terms: termsOf() }
  expect(() => signLease(laneOf({ knowsTerms: false }).lane, command, changed, nodeSignature)).toThrow(
    'terms were checked',
  )
})

test('a reading that the node did not sign for these contracts is refused, and one over time that was metered', () => {
  const { lane, written } = laneOf()
  for (const signature of [signatureBy(otherKey), signatureBy(nodeKey, { ...receiptDomain, chainId: 1 })]) {
    expect(() => signLease(lane, command, span, signature)).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        publicMessage: 'The reading is not signed by the node key.',
      }),
    )
  }
  expect(written).toEqual([])
  const after = (meteredToMs: number) => () =>
    signLease(laneOf({ meteredToMs }).lane, command, span, signatureBy(nodeKey))
  expect(after(START_MS)).not.toThrow()
  expect(after(START_MS + 1)).toThrow('readings of one lease do not overlap')
})
