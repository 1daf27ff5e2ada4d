/**
 * The trust level of a node, on real witnesses and agents whose network is this machine's own: what raises it, what takes it back, and
 * that the marketplace's filter and the gateways' state see either.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { bytes32Of } from '@isochrone/protocol'
import { verifyNode } from '@isochrone/services'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { amsterdam, startTestFleet, type TestNode } from './testing/test-fleet.ts'

// Processes of our own on a machine that may be busy: nothing here is a measure of time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

let stack: TestStack
let fleet: Awaited<ReturnType<typeof startTestFleet>>
const here = { region: 'eu-nl', country: 'NL', sharedHost: true }

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  fleet = await startTestFleet({ databaseUrl: stack.databaseUrl, dir: stack.dir })
  await fleet.witness('Amsterdam', amsterdam)
})
afterAll(async () => {
  await fleet?.stop()
  await stack?.stop()
})

/** The level in the table, in what gateways are told, and in what the marketplace searches; and how often gateways were told. */
async function levels({ nodeId, name }: TestNode) {
  const { store, db } = fleet
  await store.offerUpkeep.projectOffers(new Date(0))
  const offer = await db.offer.findUnique({ where: { id: `node_${name}` } })
  const [state] = await store.control.nodes([nodeId])
  return { node: state?.trust, offer: offer?.trust, told: await store.control.version() }
}

test('a node whose checks all stand is challenged; it falls back when they run out, and when one is invalid', async () => {
  const node = await fleet.node('cpu', { ...here, providerId: bytes32Of('provider cpu') })
  const before = await levels(node)
  expect(before).toMatchObject({ node: 'claimed', offer: 'claimed' })
  await fleet.verify(node)
  const raised = { node: 'challenged', offer: 'challenged', told: before.told + 1 }
  expect(await levels(node)).toEqual(raised)
  // The same again moves nothing and tells nobody.
  await fleet.verify(node)
  expect(await levels(node)).toEqual(raised)

  // While no witness answers, what was found holds, until it runs out.
  const alone = { store: fleet.store, witnesses: [], replay: null, periodMs: 60_000, seed: () => 1 }
  expect(await verifyNode({ ...alone, clock: systemClock }, node.nodeId)).toBe('unverified')
  expect(await levels(node)).toEqual(raised)
  const tomorrow = { ...systemClock, nowMs: () => Date.now() + 25 * 3_600_000 }
  expect(await verifyNode({ ...alone, clock: tomorrow }, node.nodeId)).toBe('unverified')
  expect(await levels(node)).toEqual({ node: 'claimed', offer: 'claimed', told: before.told + 2 })

  await fleet.verify(node)
  expect(await levels(node)).toMatchObject({ node: 'challenged', offer: 'challenged' })
  await fleet.db.node.update({ where: { nodeId: node.nodeId }, data: { region: 'us-east', country: 'US' } })
  expect(await fleet.verify(node)).toBe('failed')
  expect(await levels(node)).toMatchObject({ node: 'claimed', offer: 'claimed' })
})

test('verdicts that newer ones came after are kept: the newest first, and of each check so many', async () => {
  const { verification } = fleet.store
  const node = await fleet.node('again', { ...here, providerId: bytes32Of('provider again') })
  expect(await verification.earlierChecks([node.nodeId], 2)).toEqual([])
  await fleet.verify(node)
  expect(await verification.earlierChecks([node.nodeId], 2)).toEqual([])
  for (let time = 0; time < 3; time++) await fleet.verify(node)
  const earlier = await verification.earlierChecks([node.nodeId], 2)
  const newest = await verification.newestChecks([node.nodeId])
  expect(newest).toHaveLength(5)
  expect(earlier).toHaveLength(10)
  expect(earlier.filter(({ id }) => newest.some((check) => check.id === id))).toEqual([])
  const times = earlier.map(({ checkedAt }) => checkedAt.getTime())
  expect(times).toEqual(times.toSorted((a, b) => b - a))
  expect(Object.keys(earlier[0] ?? {})).not.toContain('inputs')
})

/** A simulated distance says nothing of a real one. */
test('a node behind the delay shim stays claimed, however well it does', async () => {
  const node = await fleet.node('far', { ...here, providerId: bytes32Of('provider far') }, { place: amsterdam })
  await fleet.verify(node)
  expect(await fleet.verdict(node, 'region')).toMatchObject({ verdict: 'valid', simulated: true })
  expect(await levels(node)).toMatchObject({ node: 'claimed' })
})

/** `attested` takes its maker's signature: no check gives it, and only a failed one takes it. */
test('no check makes a node attested, and one that is keeps it until a check fails', async () => {
  const node = await fleet.node('signed', { ...here, providerId: bytes32Of('provider signed') })
  await fleet.db.node.update({ where: { nodeId: node.nodeId }, data: { trust: 'attested' } })
  await fleet.verify(node)
  expect(await levels(node)).toMatchObject({ node: 'attested' })
  await fleet.db.node.update({ where: { nodeId: node.nodeId }, data: { region: 'us-east', country: 'US' } })
  await fleet.verify(node)
  expect(await levels(node)).toMatchObject({ node: 'claimed' })
})

test('a node that claims a GPU is challenged only with a helper that names it, and the verdict says who computed', async () => {
  const helper = join(stack.dir, 'helper.cjs')
  writeFileSync(
    helper,
    `#!${process.execPath}
let got = Buffer.alloc(0)
process.stdin.on('data', (chunk) => {
  got = Buffer.concat([got, chunk])
  const end = got.indexOf('\\n')
  const { id, order } = JSON.parse(got.subarray(0, end))
  const size = order * order
  if (got.length < end + 1 + 2 * size) return
  const a = new Int8Array(got.subarray(end + 1, end + 1 + size))
  const b = new Int8Array(got.subarray(end + 1 + size, end + 1 + 2 * size))
  got = got.subarray(end + 1 + 2 * size)
  const out = new Int32Array(size)
  for (let i = 0; i < order; i++) for (let k = 0; k < order; k++) for (let j = 0; j < order; j++)
    out[i * order + j] += a[i * order + k] * b[k * order + j]
  const head = JSON.stringify({ id, bytes: size * 4, devices: ['NVIDIA H200'] })
  process.stdout.write(Buffer.concat([Buffer.from(head + '\\n'), Buffer.from(out.buffer)]))
})
console.log('{"isochrone":"matmul-helper","version":1}')
`,
    { mode: 0o700 },
  )
  const claims = (name: string) => {
    const gpus = [{ name: 'NVIDIA H200', count: 1, memoryMib: 143_771, uuids: [`GPU-${crypto.randomUUID()}`] }]
    return { ...here, providerId: bytes32Of(`provider ${name}`), gpuClass: 'H200', inventory: { gpus } }
  }
  const [helped, plain] = await Promise.all([
    fleet.node('helped', claims('helped'), { helper }),
    fleet.node('plain', claims('plain')),
  ])
  for (const node of [helped, plain]) expect(await fleet.verify(node)).not.toBe('failed')
  expect(await fleet.verdict(helped, 'matmul')).toMatchObject({
    verdict: 'valid',
    finding: expect.stringContaining('by its helper on one device as it says'),
    inputs: { reports: [{ report: { computed: { by: 'helper', devices: ['NVIDIA H200'] } } }] },
  })
  expect(await levels(helped)).toMatchObject({ node: 'challenged', offer: 'challenged' })
  expect(await fleet.verdict(plain, 'matmul')).toMatchObject({
    verdict: 'valid',
    finding: expect.stringContaining("by the agent's own code"),
  })
  expect(await levels(plain)).toMatchObject({ node: 'claimed' })
})
