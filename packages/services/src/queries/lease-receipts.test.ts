/** A lease receipt is shown to who rents, to the provider and to staff, with a proof that holds; to nobody else it is there. */
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  encodeStruct,
  leafOfHash,
  merkleTree,
  randomBytes32,
  structHash,
  verifyMerkleProof,
  type Hex,
  type LeaseReceipt,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { leaseReceiptsOfEpoch, type Reader } from './lease-receipts.ts'
import { anyReceipt, receiptPlace } from './receipts.ts'

const lane = addressToBytes32(addressOfKey(randomBytes32()))
const value: LeaseReceipt = {
  channelId: bytes32Of('channel'),
  leaseId: bytes32Of('lease_1'),
  nodeId: bytes32Of('node'),
  lane,
  seq: 7,
  termsHash: bytes32Of('terms'),
  fromMs: 1_000,
  toMs: 61_000,
  gpuMs: 120_000,
  price: 120_000n,
}
const hash = structHash('LeaseReceipt', value)
const beside = [1, 2, 3].map((n) => structHash('LeaseReceipt', { ...value, seq: n }))
const { root } = merkleTree([...beside, hash].map((each) => leafOfHash('LeaseReceipt', each)))

const row = (epoch: bigint | null = 4n) => ({
  lane,
  seq: 7n,
  hash,
  leaseId: 'lease_1',
  nodeId: value.nodeId,
  channelId: value.channelId,
  fromMs: 1_000n,
  toMs: 61_000n,
  gpuMs: 120_000n,
  priceMicroUsd: 120_000n,
  receipt: encodeStruct('LeaseReceipt', value),
  laneSignature: '0x1a',
  nodeSignature: '0x1b',
  epoch,
  orgId: 'org_renter',
  providerId: 'prov_1',
})

interface Stored {
  lease?: ReturnType<typeof row> | null
  epochRoot?: string
  count?: bigint
}

function world({ lease = row(), epochRoot = root, count = 4n }: Stored = {}) {
  const asked: unknown[] = []
  const evidence = {
    receipt: async () => null,
    leaseReceipt: async () => lease,
    receiptPlace: async () => lease && { lane, seq: 7n, isLease: true },
    termsRows: async () => [],
    leafHashes: async () => [],
    leaseHashesOfEpoch: async () => [...beside, hash].map((each, index) => ({ seq: BigInt(index + 5), hash: each })),
    leaseReceiptsOfEpoch: async (filter: unknown) => {
      asked.push(filter)
      return lease ? [lease] : []
    },
  }
  const epoch = { lane, epoch: 4n, status: 'anchored', root: epochRoot, count, closedAtMs: 90_000n, payableAtS: null }
  const readings = { epochsByKey: async (keys: unknown[]) => (keys.length > 0 ? [epoch] : []) }
  const deps = { store: { evidence, readings, providers: { nodesByNodeId: async () => [] } } }
  return { deps: deps as unknown as ControlPlaneDeps, asked }
}

const nobody: Reader = { orgId: null, providerId: null, staff: false }
const readers = {
  renter: { ...nobody, orgId: 'org_renter' },
  provider: { ...nobody, orgId: 'org_owner', providerId: 'prov_1' },
  staff: { ...nobody, staff: true },
}
const strangers = { visitor: nobody, other: { orgId: 'org_other', providerId: 'prov_2', staff: false } }
const place = { lane, seq: 7 }

test('its parties and staff see it, its renter alone with the id of the lease; to others it is as if it were not', async () => {
  const { deps } = world()
  for (const [name, reader] of Object.entries(readers)) {
    const { kind, receipt } = await anyReceipt(deps, { ...place, reader })
    expect({ name, kind, ...receipt }).toMatchObject({
      kind: 'lease',
      gpuMs: 120_000,
      isPayer: name === 'renter',
      leaseId: name === 'renter' ? 'lease_1' : null,
    })
    expect(await receiptPlace(deps, { hash, reader })).toEqual(place)
  }
  const missing = world({ lease: null })
  for (const reader of Object.values(strangers)) {
    const refusals = []
    for (const { deps: each } of [world(), missing]) {
      refusals.push(await anyReceipt(each, { ...place, reader }).catch((error: unknown) => error))
      refusals.push(await receiptPlace(each, { hash, reader }).catch((error: unknown) => error))
    }
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'not_found' })
    const said = refusals.map((error) => (error as { publicMessage: string }).publicMessage)
    expect(said.slice(0, 2)).toEqual(said.slice(2))
  }
})

test('its proof leads from its own hash to the root of its epoch', async () => {
  const { receipt } = await anyReceipt(world().deps, { ...place, reader: readers.renter })
  const { inclusion, epoch } = receipt
  expect([epoch, inclusion?.root, inclusion?.leaf]).toEqual([4, root, leafOfHash('LeaseReceipt', hash)])
  expect(inclusion?.proof).toHaveLength(2)
  expect(verifyMerkleProof(root, leafOfHash('LeaseReceipt', hash), inclusion?.proof as Hex[])).toBe(true)
  expect(receipt).toMatchObject({ missing: null })
})

test('where no path leads to the root, a sentence says why; while the epoch is open there is no place', async () => {
  const lone = async (stored: Stored) =>
    (await anyReceipt(world(stored).deps, { ...place, reader: readers.renter })).receipt
  const other = merkleTree(beside.map((each) => leafOfHash('LeaseReceipt', each))).root
  expect(await lone({ epochRoot: other, count: 9n })).toMatchObject({
    missing: expect.stringContaining('Not every receipt of the epoch is stored here'),
    inclusion: { proof: null },
  })
  expect(await lone({ lease: row(null) })).toMatchObject({ epoch: null, inclusion: null, missing: null })
})

test('an epoch lists lease receipts to their parties alone, whatever was asked for', async () => {
  const ask = async (reader: Reader) => {
    const { deps, asked } = world()
    const page = await leaseReceiptsOfEpoch(deps, { lane, epoch: 4, reader })
    return { items: page.items.length, of: (asked[0] as { of?: unknown } | undefined)?.of }
  }
  expect(await ask(readers.renter)).toEqual({ items: 1, of: { orgId: 'org_renter', providerId: null } })
  expect(await ask(readers.provider)).toEqual({ items: 1, of: { orgId: 'org_owner', providerId: 'prov_1' } })
  expect(await ask(readers.staff)).toEqual({ items: 1, of: 'all' })
  expect(await ask(nobody)).toEqual({ items: 0, of: undefined })
})
