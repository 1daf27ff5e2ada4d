/**
 * What the checks say of cheats and of honest nodes, on real witnesses, agents and engines, without a market around them. What
 * becomes of each in a whole one, its bills among it: `npm run test:cheats`.
 */
import { join } from 'node:path'
import { isDataError } from '@isochrone/db'
import { newId, systemClock } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { addressOfKey, addressToBytes32, bytes32Of, randomBytes32 } from '@isochrone/protocol'
import { ingestReceiptEntries, USUAL_CHECKS_MIN } from '@isochrone/services'
import { testLane } from '@isochrone/services/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { engineReplay } from './testing/engine-replay.ts'
import { amsterdam, startTestFleet, washington } from './testing/test-fleet.ts'

// Processes of our own on a machine that may be busy: nothing here is a measure of time.
vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let fleet: Awaited<ReturnType<typeof startTestFleet>>
const [one, two, three] = ['one', 'two', 'three'].map((name) => bytes32Of(`provider ${name}`)) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const demoModelId = 'isochrone-demo-tiny'
const nl = { region: 'eu-west', country: 'NL' }

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  fleet = await startTestFleet({ databaseUrl: stack.databaseUrl, dir: stack.dir })
  await Promise.all([fleet.witness('Amsterdam', amsterdam), fleet.witness('Washington', washington)])
})
afterAll(async () => {
  await fleet?.stop()
  await stack?.stop()
})

test('a node in Amsterdam that is listed in us-east is disproved by light, and one that stands there is not', async () => {
  const [cheat, honest] = await Promise.all([
    fleet.node('liar', { region: 'us-east', country: 'US', providerId: one, sharedHost: true }, { place: amsterdam }),
    fleet.node('east', { region: 'us-east', country: 'US', providerId: two, sharedHost: true }, { place: washington }),
  ])
  expect(await fleet.verify(cheat)).toBe('failed')
  expect(await fleet.verdict(cheat, 'region')).toMatchObject({
    verdict: 'invalid',
    simulated: true,
    finding: expect.stringContaining('Amsterdam within'),
    fix: 'List the node in the region where it stands.',
  })
  expect(await fleet.verdict(cheat, 'matmul')).toMatchObject({ verdict: 'valid' })
  expect(await fleet.verify(honest)).not.toBe('failed')
  expect(await fleet.verdict(honest, 'region')).toMatchObject({ verdict: 'valid' })
})

/** That it is found takes a quiet machine: `npm run verify:cheats`. Here: it is measured, and whoever declares it is no cheat. */
test('one core behind two nodes is challenged alone and together, and is no cheat when the terms declare it', async () => {
  const place = { region: 'eu-nl', country: 'NL' }
  const [first] = await Promise.all([
    fleet.node('shared-1', { ...place, providerId: one }, { place: amsterdam, core: 0 }),
    fleet.node('shared-2', { ...place, providerId: two }, { place: amsterdam, core: 0 }),
  ])
  await fleet.verify(first)
  const measured = await fleet.verdict(first, 'sharing')
  if (!measured) throw new Error('it was checked')
  const times = [expect.any(Number), expect.any(Number)]
  const round = { aloneUs: { own: times, other: times }, togetherUs: expect.any(Number) }
  expect(measured).toMatchObject({ inputs: { rounds: expect.arrayContaining([round]), declared: false } })
  // Whatever it found: it clears nobody whose usual times it does not know yet.
  expect(measured).toMatchObject({ inputs: { usualUs: { own: null, other: null } } })
  expect(measured.verdict).not.toBe('valid')
  // As if it had been checked as often as it takes.
  const earlier = Array.from({ length: USUAL_CHECKS_MIN - 1 }, () => ({ ...measured, id: newId('check') }))
  await fleet.store.verification.insertChecks(earlier)
  await fleet.verify(first)
  expect(await fleet.verdict(first, 'sharing')).toMatchObject({
    inputs: { usualUs: { own: expect.any(Number), other: null } },
  })
  await fleet.db.terms.updateMany({
    where: { nodes: { some: { nodeId: first.nodeId } } },
    data: { document: { version: 3, sharedHost: true } },
  })
  await fleet.verify(first)
  expect(await fleet.verdict(first, 'sharing')).toMatchObject({ verdict: 'valid', inputs: { declared: true } })
})

test('a smaller model behind the name and hash of another is found by asking other providers', async () => {
  const small = join(stack.dir, 'small.gguf')
  await fleet.smallerModel(small)
  const [a, b, cheap] = await Promise.all([
    fleet.engine([]),
    fleet.engine([]),
    fleet.engine(['--model', small, '--model-id', demoModelId]),
  ])
  expect(cheap.modelHash).not.toBe(a.modelHash)
  const claim = { ...nl, sharedHost: true, models: [{ model: demoModelId, modelHash: a.modelHash }] }
  const urls = new Map<string, string>()
  const replica = async (name: string, providerId: string, url: string) => {
    const nodeId = addressToBytes32(addressOfKey(randomBytes32()))
    urls.set(nodeId, url)
    await fleet.insertNode({ nodeId, name }, { ...claim, providerId })
    return { nodeId }
  }
  const honest = await replica('honest', one, a.url)
  await replica('reference-2', two, b.url)
  await replica('reference-3', three, b.url)
  const cheat = await replica('cheat', bytes32Of('provider cheat'), cheap.url)

  const replay = engineReplay(urls)
  expect(await fleet.verify(cheat, replay)).toBe('failed')
  expect(await fleet.verdict(cheat, 'model')).toMatchObject({ verdict: 'invalid' })
  await fleet.verify(honest, replay)
  expect(await fleet.verdict(honest, 'model')).toMatchObject({ verdict: 'valid' })
})

test('receipts that claim more tokens than their text has end in an invalid verdict, one alone does not', async () => {
  const nodeKey = randomBytes32()
  const nodeId = addressToBytes32(addressOfKey(nodeKey))
  const channelId = bytes32Of('channel')
  await fleet.insertNode({ nodeId, name: 'inflated' }, { ...nl, providerId: one, sharedHost: true })
  const lane = testLane()
  const entries = Array.from({ length: 40 }, (_, index) =>
    lane.finish({
      requestId: `req_${String(index).padStart(32, '0')}`,
      orgId: 'org_payer',
      channelId,
      providerId: one,
      nodeKey,
      priceMicroUsd: 10n,
    }),
  )
  const ingest = (from: readonly object[]) =>
    ingestReceiptEntries(
      { store: fleet.store, clock: systemClock, isDataError },
      from.map((entry, index) => ({ id: `${index}-0`, json: JSON.stringify(entry) })),
    )
  expect(await ingest(entries)).toMatchObject({ stored: 40, rejected: [] })
  const recounts = (count: number) =>
    ingest(
      entries.slice(0, count).map((_, index) => ({
        type: 'metering-recounted',
        lane: lane.lane,
        seq: index + 1,
        requestId: `req_${String(index).padStart(32, '0')}`,
        attempt: 0,
        orgId: 'org_payer',
        channelId,
        providerId: one,
        nodeId,
        model: 'm',
        billed: { tokensIn: 10, tokensCached: 0, tokensOut: 500 },
        recounted: { tokensIn: 10, tokensCached: 0, tokensOut: 5 },
        countedIn: 10,
        countedOut: 5,
        priceMicroUsd: '10',
        refundMicroUsd: '9',
        countedAtMs: Date.now(),
      })),
    )
  expect(await recounts(1)).toMatchObject({ rejected: [] })
  await fleet.verify({ nodeId })
  expect(await fleet.verdict({ nodeId }, 'metering')).toMatchObject({ verdict: 'unverifiable' })
  await recounts(20)
  expect(await fleet.verify({ nodeId })).toBe('failed')
  expect(await fleet.verdict({ nodeId }, 'metering')).toMatchObject({ verdict: 'invalid' })
})

test('a GPU that is named by two nodes is refused to the later one, which learns of no other provider', async () => {
  const uuid = 'GPU-5e1f0c6a-0000-4000-8000-00000000beef'
  const gpus = [{ name: 'NVIDIA H200', count: 1, memoryMib: 143_771, uuids: [uuid] }]
  const ids = [1, 2].map(() => ({ nodeId: addressToBytes32(addressOfKey(randomBytes32())) }))
  const [earlier, later] = ids as [(typeof ids)[number], (typeof ids)[number]]
  const claims = { ...nl, sharedHost: true, inventory: { gpus } }
  await fleet.insertNode({ ...earlier, name: 'rack-of-one' }, { ...claims, providerId: one })
  await fleet.insertNode({ ...later, name: 'rack-of-two' }, { ...claims, providerId: two })
  expect(await fleet.verify(later)).toBe('failed')
  const verdict = await fleet.verdict(later, 'gpu_uuids')
  expect(verdict).toMatchObject({ verdict: 'invalid' })
  expect(JSON.stringify(verdict)).not.toMatch(new RegExp(`${one}|${earlier.nodeId}|rack-of-one`))
  expect(await fleet.verify(earlier)).not.toBe('failed')
})
