import {
  addressOfKey,
  addressToBytes32,
  encodeStruct,
  signStruct,
  type Hex,
  type LeaseReceipt,
} from '@isochrone/protocol'
import { developmentKeys } from '@isochrone/runtime'
import { expect, test } from 'vitest'
import { verifyLease } from './verify-lease.ts'

const [laneKey, nodeKey, strangerKey] = [developmentKeys[1], developmentKeys[5], developmentKeys[6]] as Hex[]
const named = (key: Hex | undefined) => addressToBytes32(addressOfKey(key ?? '0x'))
const domain = { chainId: 31_337, verifyingContract: `0x${'e1'.repeat(20)}` as const }

function receiptOf(seq: number, fromMs: number, toMs: number, keys: { lane?: Hex; node?: Hex } = {}) {
  const receipt: LeaseReceipt = {
    channelId: `0x${'c1'.repeat(32)}`,
    leaseId: `0x${'11'.repeat(32)}`,
    nodeId: named(nodeKey),
    lane: named(laneKey),
    seq,
    termsHash: `0x${'bb'.repeat(32)}`,
    fromMs,
    toMs,
    gpuMs: toMs - fromMs,
    price: BigInt(toMs - fromMs),
  }
  const sign = (value: LeaseReceipt, key: Hex | undefined) =>
    signStruct(domain, 'LeaseReceipt', value, key ?? '0x').signature
  return {
    lane: receipt.lane,
    seq,
    node: null,
    fromMs,
    toMs,
    gpuMs: receipt.gpuMs,
    priceMicroUsd: receipt.price,
    epoch: null,
    fields: encodeStruct('LeaseReceipt', receipt),
    laneSignature: sign(receipt, keys.lane ?? laneKey),
    nodeSignature: sign({ ...receipt, seq: 0 }, keys.node ?? nodeKey),
  }
}

const verdicts = async (receipts: ReturnType<typeof receiptOf>[], billedMicroUsd: bigint) =>
  (await verifyLease(receipts, billedMicroUsd, domain)).map(({ verdict }) => verdict)

test('receipts that both sides signed, span by span, and that add up are valid', async () => {
  expect(await verdicts([receiptOf(2, 60_000, 90_000), receiptOf(1, 0, 60_000)], 90_000n)).toEqual([
    'valid',
    'valid',
    'valid',
    'valid',
  ])
})

test('another key’s signature, time in two receipts, and a bill that is none of theirs are each found', async () => {
  const first = receiptOf(1, 0, 60_000)
  const stranger = strangerKey ?? '0x'
  expect((await verdicts([receiptOf(1, 0, 60_000, { lane: stranger })], 60_000n))[0]).toBe('invalid')
  expect((await verdicts([receiptOf(1, 0, 60_000, { node: stranger })], 60_000n))[1]).toBe('invalid')
  expect((await verdicts([receiptOf(2, 59_999, 90_000), first], 90_001n))[2]).toBe('invalid')
  expect((await verdicts([first], 60_001n))[3]).toBe('invalid')
})
