/** What a node signs for a lease: time of an engine that it ran, at the price of the terms, and no time twice. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  addressOfKey,
  addressToBytes32,
  encodeStruct,
  leasePriceMicroUsd,
  recoverStructSigner,
  termsHashOf,
  type Hex,
  type LeaseReceipt,
  type Terms,
} from '@isochrone/protocol'
import { createLogger, developmentKeys } from '@isochrone/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunningEngine } from '../engines/start-engine.ts'
import { LeaseEngines } from './lease-engines.ts'

const bytes32 = (byte: string): Hex => `0x${byte.repeat(32)}`
const privateKey = developmentKeys[5] as Hex
const address = addressOfKey(privateKey)
const LEASE = bytes32('11')
const LANE = bytes32('22')
const domain = { chainId: 31_337, verifyingContract: `0x${'e1'.repeat(20)}` as const }
const peer = { domain, lane: LANE }
const START_MS = 1_700_000_000_000
const terms: Terms = {
  providerId: bytes32('a1'),
  documentHash: bytes32('a2'),
  inPerMtok: 1,
  cachedPerMtok: 1,
  outPerMtok: 1,
  inPerGb: 0,
  outPerGb: 0,
  perGpuHour: 3_600_000,
  ttftBaseMs: 0,
  ttftPerKtokMs: 0,
  tpotUs: 0,
  concurrencyMax: 0,
  penaltyBps: 0,
  sloRegion: `0x${'00'.repeat(8)}`,
}

let dataDir: string
let nowMs: number
let started: number
let open: LeaseEngines[]

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'lease-engines-'))
  nowMs = START_MS
  started = 0
  open = []
})
afterEach(async () => {
  await Promise.all(open.map((engines) => engines.close()))
  await rm(dataDir, { recursive: true, force: true })
})

/** The agent's process, begun: a second one is the agent after its restart. */
async function begin(): Promise<LeaseEngines> {
  const engines = await LeaseEngines.open({
    dataDir,
    nodeKey: { privateKey, address },
    start: async () => {
      started++
      return { close: async () => {} } as RunningEngine
    },
    concurrencyMax: 4,
    logger: createLogger('agent', 'silent'),
    nowMs: () => nowMs,
  })
  open.push(engines)
  return engines
}

function readingOf(fromMs: number, toMs: number, changes: Partial<LeaseReceipt> = {}): LeaseReceipt {
  const reading = {
    channelId: bytes32('c1'),
    leaseId: LEASE,
    nodeId: addressToBytes32(address),
    lane: LANE,
    seq: 0,
    termsHash: termsHashOf(terms),
    fromMs,
    toMs,
    gpuMs: (toMs - fromMs) * 2,
    price: 0n,
  }
  return { ...reading, price: leasePriceMicroUsd(reading, terms), ...changes }
}

const provision = (engines: LeaseEngines) =>
  engines.carryOut({ id: 1, leaseId: LEASE, order: { kind: 'provision', model: 'm', gpus: 2 } }, peer)
const read = (engines: LeaseEngines, reading: LeaseReceipt) =>
  engines.carryOut(
    {
      id: 2,
      leaseId: LEASE,
      order: { kind: 'read', reading: encodeStruct('LeaseReceipt', reading), terms: encodeStruct('Terms', terms) },
    },
    peer,
  )

test('a reading that comes twice is signed once; the next one begins where it ended', async () => {
  const engines = await begin()
  expect(await provision(engines)).toMatchObject({ outcome: 'done' })
  nowMs += 60_000
  const first = readingOf(START_MS, nowMs)
  const signed = await read(engines, first)
  expect(signed.outcome).toBe('done')
  expect(recoverStructSigner(domain, 'LeaseReceipt', { value: first, signature: signed.signature as Hex })).toBe(
    address,
  )
  for (const again of [first, readingOf(START_MS + 30_000, nowMs)]) {
    expect(await read(engines, again)).toMatchObject({ outcome: 'refused', signature: null, signedToMs: nowMs })
  }
  const from = nowMs
  nowMs += 1_000
  expect(await read(engines, readingOf(from, nowMs))).toMatchObject({ outcome: 'done' })
  // Started once, however often it is asked for.
  expect(await provision(engines)).toMatchObject({ outcome: 'done' })
  expect(started).toBe(1)
})

test('two that come at the same instant are one signature', async () => {
  const engines = await begin()
  await provision(engines)
  nowMs += 60_000
  const reading = readingOf(START_MS, nowMs)
  const answers = await Promise.all([read(engines, reading), read(engines, reading)])
  expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['done', 'refused'])
})

test('a reading that comes late, from before the engine ran, or from the future is refused', async () => {
  const engines = await begin()
  nowMs += 600_000
  await provision(engines)
  const since = nowMs
  nowMs += 60_000
  const refused = async (reading: LeaseReceipt) => (await read(engines, reading)).reason
  expect(await refused(readingOf(START_MS, nowMs))).toBe('the engine did not run then')
  expect(await refused(readingOf(since, nowMs + 60_000))).toBe('the span lies in the future')
  expect(await refused(readingOf(since, nowMs, { gpuMs: 1 }))).toBe('the GPU time is not that of the span')
  expect(await refused(readingOf(since, nowMs, { price: 1n }))).toBe('the price does not follow from the terms')
  expect(await refused(readingOf(since, nowMs, { seq: 7 }))).toBe('the reading is of another lease, node or lane')
  expect(await refused(readingOf(since, nowMs, { lane: bytes32('33') }))).toBe(
    'the reading is of another lease, node or lane',
  )
  expect(await read(engines, readingOf(since, nowMs))).toMatchObject({ outcome: 'done' })
})

test('after a restart the node runs nothing for the lease until it is asked again, and signs no time twice', async () => {
  const before = await begin()
  await provision(before)
  nowMs += 60_000
  const first = readingOf(START_MS, nowMs)
  await read(before, first)
  await before.close()

  const after = await begin()
  const signedToMs = nowMs
  expect(await read(after, readingOf(nowMs, nowMs + 1_000))).toMatchObject({ outcome: 'unknown', signedToMs })
  expect(after.of(LEASE)).toBeUndefined()
  expect(await provision(after)).toMatchObject({ outcome: 'done', signedToMs })
  expect(started).toBe(2)
  // Its clock was set back: what it signed before stays signed.
  nowMs -= 30_000
  expect(await read(after, readingOf(nowMs - 1_000, nowMs))).toMatchObject({ outcome: 'refused', signedToMs })
})
