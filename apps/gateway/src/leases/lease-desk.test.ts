/** Readings of a lease's meter at the gateway: one at a time, no time twice, and none beyond what is held. */
import { createLogger, developmentKeys } from '@isochrone/runtime'
import { manualClock } from '@isochrone/domain'
import {
  addressOfKey,
  addressToBytes32,
  decodeStruct,
  documentHashOf,
  encodeStruct,
  signStruct,
  termsHashOf,
  type Hex,
  type LeaseCommand,
  type LeaseOrder,
  type LeaseOrderAnswer,
  type LeaseReceipt,
  type Terms,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { leaseSpan, signLease, type SignLeaseDeps } from '../lane/sign-lease.ts'
import { createLeaseDesk, type LeaseDeskDeps } from './lease-desk.ts'

const bytes32 = (byte: string): Hex => `0x${byte.repeat(32)}`
const nodeKey = developmentKeys[5] as Hex
const NODE = addressToBytes32(addressOfKey(nodeKey))
const LANE = bytes32('22')
const domain = { chainId: 31_337, verifyingContract: `0x${'e1'.repeat(20)}` as const }
const START_MS = 1_700_000_000_000
const document = { version: 3, gpus: 2 }
const terms: Terms = {
  providerId: bytes32('a1'),
  documentHash: documentHashOf(document),
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
const command: LeaseCommand = {
  leaseId: `lease_${'1'.repeat(32)}`,
  orgId: 'org_a',
  channelId: bytes32('c1'),
  nodeId: NODE,
  model: 'm',
  gpus: 2,
  termsHash: termsHashOf(terms),
  terms: encodeStruct('Terms', terms),
  termsDocument: document,
}
const asked = {
  servingSinceMs: START_MS,
  untilMs: START_MS + 600_000,
  reservedMicroUsd: '1200064',
  billedMicroUsd: '0',
}

/** A desk with a lane in memory and a node that signs as ours does: no time twice. */
function world(signedToMs: number | null = null) {
  const clock = manualClock(START_MS)
  const signed: LeaseReceipt[] = []
  const paid: bigint[] = []
  const node = { signedToMs, key: nodeKey }
  const leases = new Map<Hex, number>()
  const lane: SignLeaseDeps = {
    lane: LANE,
    state: { leases, knowsTerms: () => true } as never,
    writer: {
      writeLease({ reading }: { reading: LeaseReceipt }) {
        const receipt = { ...reading, seq: signed.length + 1 }
        signed.push(receipt)
        leases.set(receipt.leaseId, receipt.toMs)
        return { receipt, durable: Promise.resolve() }
      },
    } as never,
    domain,
  }
  async function order(_leaseId: Hex, order: LeaseOrder['order']): Promise<LeaseOrderAnswer> {
    const answer = { id: 1, reason: null, signature: null, signedToMs: node.signedToMs, outcome: 'done' } as const
    if (order.kind !== 'read') return answer
    const reading = decodeStruct('LeaseReceipt', order.reading)
    if (reading.fromMs < (node.signedToMs ?? 0)) return { ...answer, outcome: 'refused', reason: 'signed for' }
    node.signedToMs = reading.toMs
    return { ...answer, signature: signStruct(domain, 'LeaseReceipt', reading, node.key).signature }
  }
  const deps: LeaseDeskDeps = {
    sessions: { byNode: () => ({ order }) as never },
    lane: {
      id: LANE,
      leaseSpan: (...args) => leaseSpan(lane, ...args),
      signLease: (...args) => signLease(lane, ...args),
    },
    budget: { paidFromLease: async (_channelId, { priceMicroUsd }) => void paid.push(priceMicroUsd) },
    clock,
    logger: createLogger('gateway', 'silent'),
  }
  return { clock, signed, paid, node, desk: createLeaseDesk(deps) }
}

test('a reading that is asked for twice, at once or after, is one receipt', async () => {
  const { clock, signed, paid, desk } = world()
  clock.advanceMs(60_000)
  const both = await Promise.all([desk.read(command, asked), desk.read(command, asked)])
  expect(both).toEqual([both[0], both[0]])
  expect(both[0]).toEqual({ kind: 'read', lane: LANE, seq: 1, toMs: START_MS + 60_000 })
  // The worker has not seen the receipt yet and asks for the same again.
  expect(await desk.read(command, asked)).toEqual({ kind: 'nothing' })
  expect(signed).toHaveLength(1)
  expect(paid).toEqual([120_000n])
})

test('what the node signed at a gateway that did not live to say so is left out, and billed by nobody twice', async () => {
  const { clock, signed, desk } = world(START_MS + 40_000)
  clock.advanceMs(60_000)
  expect(await desk.read(command, asked)).toMatchObject({ kind: 'read', toMs: START_MS + 60_000 })
  expect(signed).toMatchObject([{ fromMs: START_MS + 40_000, toMs: START_MS + 60_000, price: 40_000n }])
})

test('a reading that comes late bills the time that is paid for, and none after it', async () => {
  const { clock, signed, desk } = world()
  clock.advanceMs(3_600_000)
  await desk.read(command, asked)
  expect(signed).toMatchObject([{ fromMs: START_MS, toMs: asked.untilMs, gpuMs: 1_200_000, price: 1_200_000n }])
  expect(await desk.read(command, asked)).toEqual({ kind: 'nothing' })
})

test('time that costs more than is held is not billed, and said to be so', async () => {
  const { clock, signed, desk } = world()
  clock.advanceMs(60_000)
  const short = { ...asked, reservedMicroUsd: '200000', billedMicroUsd: '100000' }
  expect(await desk.read(command, short)).toMatchObject({ kind: 'spent' })
  expect(signed).toHaveLength(0)
})

test('a reading that another key has signed is no receipt', async () => {
  const { clock, signed, node, desk } = world()
  clock.advanceMs(60_000)
  node.key = developmentKeys[6]
  await expect(desk.read(command, asked)).rejects.toMatchObject({ code: 'invalid_input' })
  expect(signed).toHaveLength(0)
})
