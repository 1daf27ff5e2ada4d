/**
 * The breach: the node that is left is slowed for real, by stopping its process most of the time, until its records break a promise.
 * Nobody asks for anything: counts go into signed records, the provider is warned before they are final, and the payer is credited.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { getIsochroneEvents, type IsochroneEvent } from '@isochrone/contracts-client'
import { machines, promisedTtftMs } from './provider.ts'
import type { Step } from './run-story.ts'
import { expect, nodeOf, tryKill, type World } from './world.ts'

/** Stopped for less than a link may be silent (5 s), so that the node stays on the market, slow. */
const STOPPED_MS = 3_800
const GOING_MS = 600
/** Samples come one a second, and a promise is judged from 500 on. */
const LIMIT_MS = 1_200_000

export const breachSteps: readonly Step[] = [
  {
    name: 'slow',
    title: 'The other node is slowed, until its provider is warned that a record would break a promise',
    limitMs: LIMIT_MS,
    async run(world) {
      const { agent, nodeId, name } = nodeOf(world, machines.second.name)
      const startedAt = performance.now()
      const before = (await allEvents(world)).some(
        (event) => event.eventName === 'PenaltyPaid' && event.args.nodeId === nodeId,
      )
      expect(before, 'the promise was kept until the node was slowed').toBe(false)
      world.slowed = slowDown(agent.pid)
      const warning = await warned(world, LIMIT_MS)
      const slowS = Math.round((performance.now() - startedAt) / 1_000)
      return `after ${slowS} s: ${warning} (${name} promised its first token within ${promisedTtftMs} ms)`
    },
  },
  {
    name: 'credited',
    title: 'With nobody asking, the record is final, the promise broken and the payer credited out of the stake',
    limitMs: 600_000,
    async run(world) {
      const { nodeId, name } = nodeOf(world, machines.second.name)
      const paid = await eventOf(world, (event) => event.eventName === 'PenaltyPaid' && event.args.nodeId === nodeId)
      const tested = await eventOf(
        world,
        (event) => event.eventName === 'PoolTested' && event.args.nodeId === nodeId && event.args.penalty > 0n,
      )
      if (paid.eventName !== 'PenaltyPaid' || tested.eventName !== 'PoolTested') throw new Error('unreachable')
      expect(tested.args.brokenPromises & 2).toBe(2)
      expect(paid.args.credited).toBe(tested.args.penalty)
      const asked = (await allEvents(world)).filter(({ eventName }) => askedFor.has(eventName))
      expect(asked, 'nobody had asked for anything').toEqual([])
      const { page } = world.provider
      const broken = page.getByRole('table', { name: 'Broken promises' }).getByRole('row')
      await expect(async () => {
        await page.goto(`${world.market.info.url}/provider`)
        await expect(broken.filter({ hasText: name }).first()).toContainText('TTFT', { timeout: 5_000 })
      }).toPass({ timeout: 60_000 })
      const payer = world.team.page
      await payer.goto(`${world.market.info.url}/balance?kind=credit`)
      const movements = payer.getByRole('table', { name: 'Movements' })
      await expect(async () => {
        await payer.reload()
        await expect(movements.getByText('credit for a broken promise').first()).toBeVisible({ timeout: 5_000 })
      }).toPass({ timeout: 60_000 })
      return `${tested.args.samples} samples; ${paid.args.credited} µUSD credited`
    },
  },
]

/** What people do about a record or a receipt. */
const askedFor = new Set<string>(['RecordChallenged', 'RecordVoteCast', 'DisputeFiled'])

/** Waits until the provider's page warns of a record of the slowed node, and returns what it says. */
async function warned(world: World, limitMs: number): Promise<string> {
  const { page } = world.provider
  const { name } = nodeOf(world, machines.second.name)
  const table = page.getByRole('table', { name: 'About to break a promise' })
  const row = table.getByRole('row').filter({ hasText: name }).first()
  await expect(async () => {
    await page.goto(`${world.market.info.url}/provider`)
    await expect(row).toContainText('TTFT', { timeout: 2_000 })
  }).toPass({ timeout: limitMs, intervals: [2_000] })
  return (await row.innerText()).split(/\s*[\n\t]\s*/).join(' · ')
}

/** Stops and continues the process until it is told to let it go. */
function slowDown(pid: number): { release(): Promise<void> } {
  let slow = true
  const loop = (async () => {
    while (slow) {
      tryKill(pid, 'SIGSTOP')
      await sleep(STOPPED_MS)
      tryKill(pid, 'SIGCONT')
      await sleep(GOING_MS)
    }
  })()
  return {
    release() {
      slow = false
      return loop
    },
  }
}

/** The first event of our contracts that fits, once it is on the chain. The step's own limit bounds the wait. */
export async function eventOf(world: World, fits: (event: IsochroneEvent) => boolean): Promise<IsochroneEvent> {
  const { reader } = world
  while (!world.closed) {
    const found = (await allEvents(world)).find(fits)
    if (found) return found
    await sleep(2_000)
  }
  throw new Error(`The story ended before the event came (block ${await reader.publicClient.getBlockNumber()}).`)
}

export async function allEvents({ reader }: World): Promise<IsochroneEvent[]> {
  return getIsochroneEvents(reader, { fromBlock: 0n, toBlock: await reader.publicClient.getBlockNumber() })
}
