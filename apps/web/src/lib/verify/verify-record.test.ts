import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  encodeStruct,
  merkleRoot,
  receiptLeaf,
  signStruct,
  type PerformanceRecord,
  type SlaCounts,
} from '@isochrone/protocol'
import type { RecordDetail } from '@isochrone/services'
import { expect, test } from 'vitest'
import { rootOver, verifyRecord } from './verify-record.ts'

const laneKey = `0x${'22'.repeat(32)}` as const
const nodeKey = `0x${'11'.repeat(32)}` as const
const domain = { chainId: 31337, verifyingContract: `0x${'5f'.repeat(20)}` as const }
const lane = addressToBytes32(addressOfKey(laneKey))
const nodeId = addressToBytes32(addressOfKey(nodeKey))
const counts = [1, 2, 3].map((payer): SlaCounts => ({
  nodeId,
  lane,
  epoch: 7,
  channelId: bytes32Of(`payer ${payer}`),
  termsHash: bytes32Of('terms'),
  samples: 100 * payer,
  faults: payer,
  ttftSamples: 90 * payer,
  ttftOver: 2,
  tpotSamples: 80 * payer,
  tpotOver: 0,
  spent: 1_234_567n * BigInt(payer),
}))
const value: PerformanceRecord = {
  nodeId,
  lane,
  epoch: 7,
  version: 0,
  earned: 7_407_402n,
  attempts: 640,
  faults: 6,
  countsRoot: merkleRoot(counts.map((each) => receiptLeaf('SlaCounts', each))),
}
const record = {
  nodeId,
  lane,
  record: encodeStruct('PerformanceRecord', value),
  laneSignature: signStruct(domain, 'PerformanceRecord', value, laneKey).signature,
  nodeSignature: signStruct(domain, 'PerformanceRecord', value, nodeKey).signature,
  nodeReason: null,
  counts: counts.map((each) => ({ fields: encodeStruct('SlaCounts', each) })),
} as unknown as RecordDetail
const verdicts = async (change: object) =>
  (await verifyRecord({ ...record, ...change }, domain)).map(({ verdict }) => verdict)

test('an honest record is valid: both signatures, and its counts under the root', async () => {
  expect(await verdicts({})).toEqual(['valid', 'valid', 'valid'])
})

test('a node that did not sign leaves that open; a forged signature and changed counts are found', async () => {
  expect(await verdicts({ nodeSignature: null })).toEqual(['valid', 'unverifiable', 'valid'])
  expect(await verdicts({ nodeSignature: record.laneSignature })).toEqual(['valid', 'invalid', 'valid'])
  expect(await verdicts({ record: { ...record.record, earned: '1' } })).toEqual(['invalid', 'invalid', 'valid'])
  const [first, ...rest] = record.counts
  const changed = [{ fields: { ...first?.fields, faults: 0 } }, ...rest]
  expect(await verdicts({ counts: changed })).toEqual(['valid', 'valid', 'invalid'])
  expect(await verdicts({ counts: rest })).toEqual(['valid', 'valid', 'invalid'])
})

/** The browser's tree shares no code with the protocol's. */
test('trees of every small size have the root that the protocol gives them', () => {
  for (let size = 1; size <= 33; size++) {
    const leaves = Array.from({ length: size }, (_, i) => bytes32Of(`leaf ${i}`))
    expect(rootOver(leaves), `${size} leaves`).toBe(merkleRoot(leaves))
  }
})
