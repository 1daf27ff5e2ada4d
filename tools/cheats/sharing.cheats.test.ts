/**
 * One processor core behind two nodes whose owners do not say so, in a whole market: the worker has the witness challenge both at
 * once, and sells the node no more. Two honest pairs stand beside it: one that declares its shared host, one with a core each.
 *
 * It measures time. A busy machine may end a check undecided, so the cheat is checked again, so often at most; an honest pair
 * that is accused even once fails the test. A machine with one core has no neighbours to compare with.
 */
import { cpus } from 'node:os'
import { checkSharing, type CheckRow } from '@isochrone/services'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startEmptyMarket, type EmptyMarket } from './empty-market.ts'
import { expectBarred, expectOnMarket, expectRefused } from './expect-standing.ts'
import { behind, demoModel, listNew, type ListedNode } from './list-node.ts'
import { checkAgain, checkOf, listingOf } from './look.ts'
import { startLlama, type Engine } from './start-engine.ts'

vi.setConfig({ testTimeout: 900_000, hookTimeout: 600_000 })
/** Checks of the cheat at most, and of the honest neighbours. */
const CHEAT_CHECKS_MAX = 12
const NEIGHBOUR_CHECKS = 4
const amsterdam = '52.4,4.9'

let world: EmptyMarket
let engine: Engine

beforeAll(async () => {
  world = await startEmptyMarket()
  engine = await startLlama(world, 'demo')
})
afterAll(() => world?.stop())

/** Two providers' nodes, alone in their region, each on the core that is named for it. Returns the one that was listed last. */
async function pair(claim: { region: string; country: string; sharedHost: boolean }, cores: readonly [number, number]) {
  const own = { ...claim, place: amsterdam, engine: behind(engine.url, demoModel) }
  const first = await listNew(world, { ...own, name: `${claim.region}-1`, core: cores[0] })
  return { first, last: await listNew(world, { ...own, name: `${claim.region}-2`, core: cores[1] }) }
}

/** The check of its listing, then further ones while it is in doubt. */
async function sharingOf(node: ListedNode, checksMax: number): Promise<CheckRow[]> {
  const checks = [await checkOf(world, node, 'sharing')]
  while (checks.at(-1)?.verdict !== 'invalid' && checks.length < checksMax) {
    checks.push(await checkAgain(world, node, 'sharing'))
  }
  for (const { verdict, finding } of checks) process.stdout.write(`  ${node.name}: ${verdict}. ${finding}\n`)
  return checks
}

test('one core behind two nodes that do not say so is found, and sells nothing more', async () => {
  const { first, last: hidden } = await pair({ region: 'eu-nl', country: 'NL', sharedHost: false }, [0, 0])
  const found = (await sharingOf(hidden, CHEAT_CHECKS_MAX)).at(-1)
  if (!found) throw new Error('it was checked')
  expect(found).toMatchObject({ verdict: 'invalid', finding: expect.stringContaining('they share hardware') })
  // What is stored is enough to judge again, and names nobody else.
  expect(checkSharing(found.inputs as Parameters<typeof checkSharing>[0]).verdict).toBe('invalid')
  expect(JSON.stringify(found)).not.toMatch(new RegExp(`${first.nodeId}|${first.id}|${first.name}`))
  // In doubt at first it was let in, and is barred since; else it never was let in.
  const wasLive = (await listingOf(world, hidden)).status === 'live'
  await (wasLive ? expectBarred(world, hidden, found) : expectRefused(world, hidden, /they share hardware/))
})

test('two nodes on one core that say so are on the market', async () => {
  const { last: declaring } = await pair({ region: 'eu-west', country: 'NL', sharedHost: true }, [0, 0])
  expect(await checkOf(world, declaring, 'sharing')).toMatchObject({ verdict: 'valid', inputs: { declared: true } })
  await expectOnMarket(world, declaring)
})

test.runIf(cpus().length > 1)('two nodes with a core each are not accused, and sell', async () => {
  const { last: neighbour } = await pair({ region: 'eu-de', country: 'DE', sharedHost: false }, [0, 1])
  const checks = await sharingOf(neighbour, NEIGHBOUR_CHECKS)
  expect(checks.map(({ verdict }) => verdict)).not.toContain('invalid')
  expect(checks).toHaveLength(NEIGHBOUR_CHECKS)
  // They were measured, not passed over.
  const measured = checks.map(({ inputs }) => (inputs as Parameters<typeof checkSharing>[0]).rounds?.length ?? 0)
  expect(Math.min(...measured)).toBeGreaterThan(0)
  await expectOnMarket(world, neighbour)
})
