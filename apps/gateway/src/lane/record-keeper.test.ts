import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bytes32ToAddress,
  decodeStruct,
  recoverStructSigner,
  signStruct,
  type EpochNotice,
  type Hex,
  type PerformanceSignedEntry,
} from '@isochrone/protocol'
import { afterAll, expect, test, vi } from 'vitest'
import type { Journal } from '../journal/journal.ts'
import type { GatewayLane } from './gateway-lane.ts'
import { channelId, contracts, intentOf, laneId, nodeId, nodeKey, otherKey } from './lane-fixtures.ts'
import { entries, restart, serve, start as startLane } from './lane-harness.ts'

const root = mkdtempSync(join(tmpdir(), 'records-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const domain = { chainId: contracts.chainId, verifyingContract: contracts.slaLedger }
let counter = 0
const start = (answerMs: number) => startLane(join(root, String(counter++)), { answerMs, keepsAll: true })

/** Collects what is said to a node that is linked. */
function listen(lane: GatewayLane, linked = true): EpochNotice[] {
  const heard: EpochNotice[] = []
  lane.onNotice((_, notice) => {
    if (linked) heard.push(notice)
    return linked
  })
  return heard
}

/** The answer of a node that agrees. */
function agree(notice: EpochNotice, key: Hex = nodeKey) {
  const record = decodeStruct('PerformanceRecord', notice.record)
  const { signature } = signStruct(domain, 'PerformanceRecord', record, key)
  return { epoch: record.epoch, version: record.version, signature, reason: null }
}

async function published(journal: Journal): Promise<PerformanceSignedEntry[]> {
  return (await entries(journal)).filter((entry) => entry.type === 'performance-signed')
}

async function closedBy(lane: GatewayLane, ...names: string[]): Promise<number> {
  for (const name of names) await serve(lane, intentOf(`req_${name}`))
  const entry = await lane.closeEpoch()
  expect(entry?.nodes).toEqual([nodeId])
  return Number(entry?.anchor.epoch)
}

test('a node that agrees signs: the record goes out once, with both signatures and its counts', async () => {
  const { lane, journal } = await start(60_000)
  const heard = listen(lane)
  const epoch = await closedBy(lane, 'a', 'b')
  await vi.waitFor(() => expect(heard).toHaveLength(1), 20_000)
  const [notice] = heard
  if (!notice) throw new Error('no notice')
  expect(notice).toMatchObject({
    filePath: `/v1/epochs/${epoch}/file`,
    record: { earned: '80', attempts: 2, faults: 0 },
  })
  const anchor = { value: decodeStruct('EpochAnchor', notice.anchor), signature: notice.anchorSignature as Hex }
  const anchorDomain = { chainId: contracts.chainId, verifyingContract: contracts.receiptAnchor }
  expect(recoverStructSigner(anchorDomain, 'EpochAnchor', anchor)).toBe(bytes32ToAddress(laneId))
  const answer = agree(notice)
  lane.answerRecord(nodeId, answer)
  lane.answerRecord(nodeId, answer)
  lane.answerRecord(nodeId, { ...answer, signature: null, reason: 'too late' })
  await vi.waitFor(async () => expect(await published(journal)).toHaveLength(1), 20_000)
  const [entry] = await published(journal)
  expect(entry).toMatchObject({ lane: laneId, nodeSignature: answer.signature, nodeReason: null })
  expect(entry?.counts).toEqual([expect.objectContaining({ nodeId, channelId, samples: 1, spent: '80' })])
  const record = { value: decodeStruct('PerformanceRecord', entry?.record), signature: entry?.laneSignature as Hex }
  expect(recoverStructSigner(domain, 'PerformanceRecord', record)).toBe(bytes32ToAddress(laneId))
  await lane.stop()
  await journal.close()
})

test('a node that refuses is on record with its reason, and one that signs something else has not signed', async () => {
  const { lane, journal } = await start(60_000)
  const heard = listen(lane)
  const first = await closedBy(lane, 'a')
  await vi.waitFor(() => expect(heard).toHaveLength(1), 20_000)
  lane.answerRecord(nodeId, { epoch: first, version: 0, signature: null, reason: 'a receipt of mine is missing' })
  await closedBy(lane, 'b')
  await vi.waitFor(() => expect(heard).toHaveLength(2), 20_000)
  if (heard[1]) lane.answerRecord(nodeId, agree(heard[1], otherKey))
  await vi.waitFor(async () => expect(await published(journal)).toHaveLength(2), 20_000)
  expect((await published(journal)).map(({ nodeSignature, nodeReason }) => [nodeSignature, nodeReason])).toEqual([
    [null, 'a receipt of mine is missing'],
    [null, 'The node’s signature does not fit the record.'],
  ])
  await lane.stop()
  await journal.close()
})

test('a node that is away, or silent, does not hold its record up', async () => {
  const away = await start(30)
  listen(away.lane, false)
  await closedBy(away.lane, 'a')
  const silent = await start(30)
  listen(silent.lane)
  await closedBy(silent.lane, 'a')
  const reasonOf = async (journal: Journal) => (await published(journal))[0]?.nodeReason
  await vi.waitFor(async () => expect(await reasonOf(away.journal)).toContain('not linked'), 20_000)
  await vi.waitFor(async () => expect(await reasonOf(silent.journal)).toContain('in time'), 20_000)
  for (const { lane, journal } of [away, silent]) {
    await lane.stop()
    await journal.close()
  }
})

test('a node that links later is asked then, until its record is out', async () => {
  const { lane, journal } = await start(60_000)
  await closedBy(lane, 'a')
  await closedBy(lane, 'b')
  await vi.waitFor(() => expect(lane.noticesFor(nodeId)).toHaveLength(2), 20_000)
  expect(lane.noticesFor(laneId)).toEqual([])
  for (const notice of lane.noticesFor(nodeId)) lane.answerRecord(nodeId, agree(notice))
  expect(lane.noticesFor(nodeId)).toEqual([])
  await vi.waitFor(async () => expect(await published(journal)).toHaveLength(2), 20_000)
  await lane.stop()
  await journal.close()
})

test('a gateway that dies between close and answers asks again, and each record goes out once', async () => {
  let running = await start(60_000)
  await closedBy(running.lane, 'a')
  // Killed while it waited; and again after the next start, and after an epoch closed on top of it.
  running = await restart(running)
  running.lane.start()
  await vi.waitFor(() => expect(running.lane.noticesFor(nodeId)).toHaveLength(1), 20_000)
  await closedBy(running.lane, 'b')
  running = await restart(running)
  running.lane.start()
  const heard = () => running.lane.noticesFor(nodeId)
  await vi.waitFor(() => expect(heard()).toHaveLength(2), 20_000)
  for (const notice of heard()) running.lane.answerRecord(nodeId, agree(notice))
  await vi.waitFor(async () => expect(await published(running.journal)).toHaveLength(2), 20_000)
  running = await restart(running, { answerMs: 10 })
  running.lane.start()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const all = await published(running.journal)
  expect(all.map(({ record }) => record.epoch)).toEqual([...new Set(all.map(({ record }) => record.epoch))])
  expect(all.every(({ nodeSignature }) => nodeSignature !== null)).toBe(true)
  await running.lane.stop()
  await running.journal.close()
})

/** A provider's money: what a false record froze is released by a corrected one. */
test('a record that was found invalid is signed anew from the receipts, once for each version, and nothing else is', async () => {
  const { lane, journal } = await start(60_000)
  const heard = listen(lane)
  const epoch = await closedBy(lane, 'a', 'b')
  await vi.waitFor(() => expect(heard).toHaveLength(1), 20_000)
  if (heard[0]) lane.answerRecord(nodeId, agree(heard[0]))
  await vi.waitFor(async () => expect(await published(journal)).toHaveLength(1), 20_000)

  const corrected = { nodeId, lane: laneId, epoch, version: 1 }
  const asked = await Promise.all([lane.correctRecord(corrected), lane.correctRecord(corrected)])
  expect(asked).toEqual([true, true])
  expect(heard).toHaveLength(2)
  if (heard[1]) lane.answerRecord(nodeId, agree(heard[1]))
  await vi.waitFor(async () => expect(await published(journal)).toHaveLength(2), 20_000)
  const [first, second] = await published(journal)
  expect(second?.record).toEqual({ ...first?.record, version: 1 })
  expect(second?.counts).toEqual(first?.counts)
  expect(second?.nodeSignature).not.toBe(first?.nodeSignature)
  const record = { value: decodeStruct('PerformanceRecord', second?.record), signature: second?.laneSignature as Hex }
  expect(recoverStructSigner(domain, 'PerformanceRecord', record)).toBe(bytes32ToAddress(laneId))

  expect(await lane.correctRecord({ ...corrected, epoch: epoch + 1 })).toBe(false)
  expect(await lane.correctRecord({ ...corrected, nodeId: laneId })).toBe(false)
  expect(await lane.correctRecord({ ...corrected, lane: nodeId })).toBe(false)
  await lane.stop()
  await journal.close()
})
