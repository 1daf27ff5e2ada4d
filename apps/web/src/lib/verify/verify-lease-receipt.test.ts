/** A lease receipt holds in the browser exactly when both signed it, its price follows, and its path leads to the root. */
import {
  addressOfKey,
  addressToBytes32,
  documentHashOf,
  encodeStruct,
  leafOfHash,
  leasePriceMicroUsd,
  merkleTree,
  signStruct,
  structHash,
  termsHashOf,
  type Hex,
  type LeaseReceipt,
  type Terms,
} from '@isochrone/protocol'
import { developmentKeys } from '@isochrone/runtime'
import { expect, test } from 'vitest'
import { leaseLeafOf, verifyLeaseReceipt, type CheckedLeaseReceipt } from './verify-lease-receipt.ts'

const [laneKey, nodeKey, strangerKey] = [developmentKeys[1], developmentKeys[5], developmentKeys[6]] as [Hex, Hex, Hex]
const named = (key: Hex) => addressToBytes32(addressOfKey(key))
const domain = { chainId: 31_337, verifyingContract: `0x${'e1'.repeat(20)}` as const }
const document = { version: 3, gpus: 2 }
const terms: Terms = {
  providerId: `0x${'a1'.repeat(32)}`,
  documentHash: documentHashOf(document),
  inPerMtok: 0,
  cachedPerMtok: 0,
  outPerMtok: 0,
  inPerGb: 0,
  outPerGb: 0,
  perGpuHour: 2_500_000,
  ttftBaseMs: 0,
  ttftPerKtokMs: 0,
  tpotUs: 0,
  concurrencyMax: 0,
  penaltyBps: 0,
  sloRegion: `0x${'00'.repeat(8)}`,
}
const unpriced: LeaseReceipt = {
  channelId: `0x${'c1'.repeat(32)}`,
  leaseId: `0x${'11'.repeat(32)}`,
  nodeId: named(nodeKey),
  lane: named(laneKey),
  seq: 9,
  termsHash: termsHashOf(terms),
  fromMs: 1_700_000_000_000,
  toMs: 1_700_000_060_001,
  gpuMs: 120_002,
  price: 0n,
}
const lease = { ...unpriced, price: leasePriceMicroUsd(unpriced, terms) }

function shown(change: Partial<LeaseReceipt> = {}, keys: { lane?: Hex; node?: Hex } = {}): CheckedLeaseReceipt {
  const value = { ...lease, ...change }
  const sign = (of: LeaseReceipt, key: Hex) => signStruct(domain, 'LeaseReceipt', of, key).signature
  const hash = structHash('LeaseReceipt', value)
  const leaf = leafOfHash('LeaseReceipt', hash)
  const tree = merkleTree([leaf, leafOfHash('DeliveryReceipt', hash), leafOfHash('WorkReceipt', hash)])
  return {
    hash,
    fields: encodeStruct('LeaseReceipt', value),
    laneSignature: sign(value, keys.lane ?? laneKey),
    nodeSignature: sign({ ...value, seq: 0 }, keys.node ?? nodeKey),
    terms: {
      hash: lease.termsHash,
      providerId: terms.providerId,
      values: { ...encodeStruct('Terms', terms) },
      document,
      registeredTx: null,
    },
    inclusion: { leaf, root: tree.root, proof: tree.proofOf(0), leaves: 3 },
    epoch: 4,
  }
}

const verdicts = async (receipt: CheckedLeaseReceipt) =>
  (await verifyLeaseReceipt(receipt, domain)).map(({ verdict }) => verdict)

test('what both sides signed, at the price of the terms and under the root, is valid; the leaf is the contract’s', async () => {
  const receipt = shown()
  expect(await verdicts(receipt)).toEqual(['valid', 'valid', 'valid', 'valid', 'valid'])
  expect(leaseLeafOf(receipt.fields)).toBe(receipt.inclusion?.leaf)
})

test('each fault is named by its own check', async () => {
  const good = shown()
  const cases: [at: number, CheckedLeaseReceipt][] = [
    [0, shown({}, { lane: strangerKey })],
    [0, { ...good, hash: shown({ seq: 8 }).hash }],
    [1, shown({}, { node: strangerKey })],
    [1, { ...good, nodeSignature: good.laneSignature }],
    [2, { ...good, terms: good.terms && { ...good.terms, values: { ...good.terms.values, perGpuHour: 1 } } }],
    [2, { ...good, terms: good.terms && { ...good.terms, document: { gpus: 3 } } }],
    [3, shown({ price: lease.price + 1n })],
    [4, { ...good, inclusion: shown({ seq: 8 }).inclusion }],
  ]
  for (const [at, receipt] of cases) expect((await verdicts(receipt))[at], String(at)).toBe('invalid')
})

test('each check says what it compared, and whose signature it found', async () => {
  const short = (hash: string) => `${hash.slice(0, 6)}…${hash.slice(-4)}`
  const [lane, node, stranger] = [laneKey, nodeKey, strangerKey].map((key) => short(addressOfKey(key)))
  const said = async (receipt: CheckedLeaseReceipt) =>
    (await verifyLeaseReceipt(receipt, domain)).map(({ detail }) => detail)
  const good = shown()
  const honest = await said(good)
  expect(honest[0]).toBe(`Signature recovers to lane ${lane}, chain 31337.`)
  expect(honest[1]).toContain(`Signature recovers to node ${node}, over the same fields without`)
  // 120.002 s at $2.50 an hour.
  expect(honest[3]).toBe('GPU time times price makes $0.083335, to the micro-dollar.')
  expect(honest[4]).toContain(`from this receipt to root ${short(good.inclusion?.root ?? '')} of epoch 4.`)

  expect((await said({ ...good, hash: shown({ seq: 8 }).hash }))[0]).toBe(
    `The fields hash to ${short(good.hash)}, not to the hash shown.`,
  )
  const strange = await said(shown({ price: lease.price + 1n }, { lane: strangerKey, node: strangerKey }))
  expect(strange[0]).toBe(`Signature recovers to ${stranger}, not to lane ${lane}.`)
  expect(strange[1]).toBe(`Signature recovers to ${stranger}, not to node ${node}.`)
  expect(strange[3]).toBe('GPU time times price makes $0.083335, the receipt says $0.083336.')
  const unsigned = await said({ ...good, laneSignature: '0x', nodeSignature: '0x' })
  expect(unsigned[0]).toContain('recovers to nobody, not to lane')
  expect(unsigned[1]).toContain('recovers to nobody, not to node')
  const open = await said({ ...good, inclusion: null, epoch: null, terms: null })
  expect(open[3]).toContain('not at hand')
  expect(open[4]).toContain('still open')
})

test('every field that the lane signed counts: one changed is another receipt', async () => {
  const good = shown()
  for (const field of Object.keys(good.fields)) {
    const changed = String(good.fields[field]).startsWith('0x') ? `0x${'ee'.repeat(32)}` : 1
    const receipt = { ...good, fields: { ...good.fields, [field]: changed } }
    expect((await verdicts(receipt))[0], field).toBe('invalid')
  }
})

test('before the epoch closes, and without the terms, it is unverifiable and not valid', async () => {
  const open = { ...shown(), inclusion: null, epoch: null, terms: null }
  expect(await verdicts(open)).toEqual(['valid', 'valid', 'unverifiable', 'unverifiable', 'unverifiable'])
})
