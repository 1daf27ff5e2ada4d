/**
 * Four ways to cheat a marketplace, each tried in a whole one: real agents with real engines, a witness, a gateway, a worker, a chain.
 * A fifth, hardware that two nodes share, is in `sharing.cheats.test.ts`: it is measured by time, in a market of its own.
 *
 * Each is found by what the market itself measures; its verdict and what it was judged by are stored; and it sells nothing
 * more. Beside each stands an honest node that does the same work and is not accused.
 */
import { priceMicroUsd } from '@isochrone/domain'
import type { EchoReport, SignedReport } from '@isochrone/protocol'
import { checkMetering, checkModel, checkRegion } from '@isochrone/services'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { settleReplay } from '../replay/settle.ts'
import { expectBarred, expectOnMarket, expectRefused } from './expect-standing.ts'
import { startEmptyMarket, until, type EmptyMarket } from './empty-market.ts'
import { behind, demoModel, listNew, prices, type ListedNode, type NodeSpec } from './list-node.ts'
import { ask, checkAgain, checkOf, claimedFor, listingOf, untilServed } from './look.ts'
import {
  startInflated,
  startLlama,
  trueCounts,
  writeSmallerModel,
  type CountedTokens,
  type Engine,
} from './start-engine.ts'

vi.setConfig({ testTimeout: 900_000, hookTimeout: 600_000 })
const nothingSeen = { requestIds: [], priceMicroUsd: 0n }
const amsterdam = '52.4,4.9'
const nl = { region: 'eu-west', country: 'NL', place: amsterdam } as const

let world: EmptyMarket
let engine: Engine
/** The honest ones: what the cheats are compared with. */
const honest: ListedNode[] = []

const gpu = (uuid: string) => `NVIDIA H200, 143771, ${uuid}`
const ownGpu = gpu('GPU-5e1f0c6a-0000-4000-8000-00000000beef')

const list = (spec: Partial<NodeSpec> & Pick<NodeSpec, 'name' | 'engine'>) => listNew(world, { ...nl, ...spec })

beforeAll(async () => {
  world = await startEmptyMarket()
  engine = await startLlama(world, 'demo')
  const builtIn = ['--engine', 'llama', '--models-dir', `${world.dir}/models`]
  const specs = [
    { name: 'honest-a', engine: builtIn },
    { name: 'honest-b', engine: builtIn, nvidiaSmi: ownGpu },
  ]
  honest.push(...(await Promise.all(specs.map(list))))
})
afterAll(() => world?.stop())

test('a node that claims a region that light disproves never reaches the market', async () => {
  // Far enough that a busy machine's round trip still disproves it.
  const liar = await list({ name: 'liar', region: 'ap-au', country: 'AU', engine: behind(engine.url, demoModel) })
  const check = await checkOf(world, liar, 'region')
  expect(check).toMatchObject({
    verdict: 'invalid',
    simulated: true,
    finding: expect.stringContaining('Amsterdam within'),
    fix: 'List the node in the region where it stands.',
  })
  // What is stored is enough to judge again: signed by the witness, the fastest echo by the node.
  const { reports, ...claim } = check.inputs as Parameters<typeof checkRegion>[0] & {
    reports: SignedReport<EchoReport>[]
  }
  expect(checkRegion(claim, reports).verdict).toBe('invalid')
  await expectRefused(world, liar, /Amsterdam within/)
  for (const node of honest) {
    expect(await checkOf(world, node, 'region')).toMatchObject({ verdict: 'valid' })
    await expectOnMarket(world, node)
  }
})

test('a GPU that another node has is refused to whoever names it later', async () => {
  const [, victim] = honest
  if (!victim) throw new Error('an honest node has a GPU')
  expect(await checkOf(world, victim, 'gpu_uuids')).toMatchObject({
    verdict: 'valid',
    inputs: { uuids: ['GPU-5e1f0c6a-0000-4000-8000-00000000beef'], count: 1 },
  })
  const copy = await list({ name: 'copy', engine: behind(engine.url, demoModel), nvidiaSmi: ownGpu.toUpperCase() })
  const check = await checkOf(world, copy, 'gpu_uuids')
  expect(check).toMatchObject({ verdict: 'invalid', inputs: { count: 1, namedEarlier: 1 } })
  expect(JSON.stringify(check)).not.toMatch(
    new RegExp(`${victim.nodeId}|${victim.id}|${victim.owner.providerId}|honest-b`),
  )
  await expectRefused(world, copy, /belong to a node that was listed before/)
  // Whoever is copied is in doubt until the copy is gone, and sells on meanwhile.
  expect(await checkAgain(world, victim, 'gpu_uuids')).toMatchObject({ verdict: 'unverifiable' })
  await expectOnMarket(world, victim)
  const { version } = await listingOf(world, copy)
  await world.controlPlane.listings.withdraw({ orgId: copy.owner.orgId, id: copy.listingId, version })
  expect(await checkAgain(world, victim, 'gpu_uuids')).toMatchObject({ verdict: 'valid' })
})

test('a smaller model behind the name and hash of another sells nothing once its answers were compared', async () => {
  const small = await startLlama(world, 'small', ['--model', await writeSmallerModel(world), '--model-id', demoModel])
  expect(small.modelHash).not.toBe(engine.modelHash)
  // Cheaper than all others: it is asked first, as long as it may be.
  const claim = [...behind(small.url, demoModel), '--model-hash', engine.modelHash]
  const [cheap, twin] = await Promise.all([
    list({ name: 'cheap', engine: claim, outMicroUsdPerMtok: 1_000_000n }),
    list({ name: 'twin', engine: [...behind(engine.url, demoModel), '--model-hash', engine.modelHash] }),
  ])
  await untilServed(world, demoModel, cheap)
  const check = await checkAgain(world, cheap, 'model', 5)
  expect(check).toMatchObject({ verdict: 'invalid', finding: expect.stringContaining('differ') })
  expect(checkModel(check.inputs as Parameters<typeof checkModel>[0]).verdict).toBe('invalid')
  // Every answer that it was judged by was bought of it: there is a receipt that both signed.
  const { trials } = check.inputs as { trials: { requestId: string; agreed: boolean }[] }
  const requestId = { in: trials.map((trial) => trial.requestId) }
  const signed = { requestId, nodeId: cheap.nodeId, workSignature: { not: null } }
  await until(
    'all trials have receipts',
    async () => (await world.db.receipt.count({ where: signed })) === trials.length,
  )
  expect(trials.length).toBeGreaterThan(2)
  await expectBarred(world, cheap, check)
  const servedBy = async (prompt: string) => (await ask(world, { model: demoModel, prompt })).node
  await until('gateways have heard', async () => (await servedBy('Is it still there?')) !== cheap.id)
  for (let asked = 0; asked < 20; asked++) {
    const { status, node } = await ask(world, { model: demoModel, prompt: `Who answers ${asked}?` })
    expect({ status, isCheap: node === cheap.id }).toEqual({ status: 200, isCheap: false })
  }
  expect(await checkAgain(world, twin, 'model', 5)).toMatchObject({ verdict: 'valid' })
  await expectOnMarket(world, twin)
})

test('inflated token counts are billed by the text, to the micro-dollar, and end the node’s sales', async () => {
  const inflated = await startInflated(world, 'inflated', engine)
  const [cheat, twin] = await Promise.all([
    list({ name: 'inflates', engine: behind(inflated.url, 'counted-thrice') }),
    list({ name: 'counts', engine: behind(engine.url, 'counted-once') }),
  ])
  // Without those that the checks buy, which are chats.
  const truth = () => trueCounts(inflated).filter(({ path }) => path === '/v1/completions')
  const buy = (prompt: string) => ask(world, { model: 'counted-thrice', prompt, tokensOutMax: 96 })
  await until('both serve', async () => (await buy('Is anybody there?')).status === 200)
  await untilServed(world, 'counted-once', twin)
  const earlier = truth().length
  const bought = []
  for (let asked = 0; asked < 12; asked++) bought.push(await buy(`Tell me of river ${asked}.`))
  const counted = truth().slice(earlier)
  expect(counted).toHaveLength(bought.length)
  const ofTeam = { nodeId: cheat.nodeId, channelId: world.team.channelId }
  const allRecounted = async () => (await world.db.meteringRecount.count({ where: ofTeam })) === truth().length
  await until('all are counted again', allRecounted)
  const recounts = await world.db.meteringRecount.findMany({ where: ofTeam })
  for (const [index, { requestId, costMicroUsd, tokensOut }] of bought.entries()) {
    const real = counted[index]
    const recount = recounts.find((each) => each.requestId === requestId)
    if (!real || !recount) throw new Error(`${requestId} was not counted again`)
    expect(tokensOut).toBeGreaterThan(real.tokensOut)
    expect(recount).toMatchObject({ billedOut: tokensOut, recountedOut: real.tokensOut })
    expect(costMicroUsd - recount.refundMicroUsd).toBe(priceOf(real))
  }
  // As many as it takes to be sure of an honest node.
  const fair = []
  for (let asked = 0; asked < 100; asked++) {
    fair.push(await ask(world, { model: 'counted-once', prompt: `Count to ${asked}.` }))
  }
  expect(fair.map(({ costMicroUsd }) => costMicroUsd)).toEqual(fair.map(priceOf))

  const check = await checkAgain(world, cheat, 'metering', 5)
  expect(check).toMatchObject({ verdict: 'invalid', inputs: { overstated: expect.any(Number) } })
  expect(checkMetering(check.inputs as Parameters<typeof checkMetering>[0]).verdict).toBe('invalid')
  await expectBarred(world, cheat, check)
  await until('nobody serves that model', async () => (await buy('And now?')).status === 503)
  expect(await checkAgain(world, twin, 'metering', 5)).toMatchObject({ verdict: 'valid', inputs: { overstated: 0 } })
  await expectOnMarket(world, twin)

  // On the chain: what left the team's channel for this provider is the price of what its engine counted.
  await until('all are counted again', allRecounted)
  const due = truth().reduce((sum, real) => sum + priceOf(real), 0n)
  const { exact, books } = await settleReplay(world.market.info, nothingSeen, 240_000, () => {})
  expect({ exact, books }).toMatchObject({ exact: true })
  expect(await claimedFor(world, cheat.owner.providerId)).toBe(due)
})

function priceOf({ tokensIn, tokensCached, tokensOut }: Omit<CountedTokens, 'path'>): bigint {
  return priceMicroUsd({ tokensIn, tokensCached, tokensOut, bytesIn: 0, bytesOut: 0 }, prices)
}
