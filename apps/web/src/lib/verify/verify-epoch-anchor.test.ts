/** An epoch's page is right only about what its lane signed, and what the chain holds is compared with that. */
import { addressOfKey, addressToBytes32, encodeStruct, signStruct, type Hex } from '@isochrone/protocol'
import { developmentKeys } from '@isochrone/runtime'
import { expect, test } from 'vitest'
import type { CheckedEpoch } from './checked-epoch.ts'
import { compareAnchored, verifyEpochAnchor } from './verify-epoch-anchor.ts'

const [laneKey, strangerKey] = [developmentKeys[1], developmentKeys[6]] as [Hex, Hex]
const domain = { chainId: 31_337, verifyingContract: `0x${'a2'.repeat(20)}` as const }
const lane = addressToBytes32(addressOfKey(laneKey))
const root = `0x${'0b'.repeat(32)}` as const
const signed = {
  lane,
  epoch: 4,
  root,
  count: 7,
  sum: 123n,
  dataHash: `0x${'0d'.repeat(32)}` as const,
  fromSeq: 1,
  toSeq: 5,
}

function shown(key = laneKey): CheckedEpoch {
  const { sum, ...fields } = signed
  const anchorSignature = signStruct(domain, 'EpochAnchor', signed, key).signature
  return { ...fields, sumMicroUsd: sum, anchor: { ...encodeStruct('EpochAnchor', signed) }, anchorSignature }
}
const verdicts = async (epoch: CheckedEpoch, on = domain) =>
  (await verifyEpochAnchor(epoch, on)).map(({ verdict }) => verdict)

test('an anchor that its lane signed, shown as signed, is valid', async () => {
  expect(await verdicts(shown())).toEqual(['valid', 'valid'])
})

test('another key, another chain, and every figure that is shown otherwise are found', async () => {
  expect(await verdicts(shown(strangerKey))).toEqual(['invalid', 'valid'])
  expect((await verdicts(shown(), { ...domain, chainId: 1 }))[0]).toBe('invalid')
  const others = { lane: root, epoch: 5, root: lane, count: 8, sumMicroUsd: 124n, dataHash: root, fromSeq: 2, toSeq: 6 }
  for (const [field, value] of Object.entries(others)) {
    expect((await verdicts({ ...shown(), [field]: value }))[1], field).toBe('invalid')
  }
})

test('what the chain holds is compared with what was signed, not with what is shown', () => {
  const epoch = { ...shown(), root: lane }
  const on = (change: object) => compareAnchored(epoch, { root, count: 7n, sum: 123n, ...change }, 'here').verdict
  expect(on({})).toBe('valid')
  expect([on({ root: lane }), on({ count: 8n }), on({ sum: 122n })]).toEqual(['invalid', 'invalid', 'invalid'])
  expect(on({ root: `0x${'00'.repeat(32)}` })).toBe('unverifiable')
})
