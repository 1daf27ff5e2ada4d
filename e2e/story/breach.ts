/**
 * The breach: the node that is left is slowed for real, by stopping its process most of the time, until at least one whole epoch lies
 * inside. Nobody asks for anything: counts go into signed records, records become final, the ledger tests them and credits the payer.
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
    title: 'The other node is slowed; the breach is computed and credited with nobody asking',
    limitMs: LIMIT_MS,
    async run(world) {
      const { agent, nodeId, name } = nodeOf(world, machines.second.name)
      const startedAt = performance.now()
      const before = await world.reader.publicClient.getBlockNumber()
      world.slowed = slowDown(agent.pid)
      const paid = await eventOf(world, (event) => event.eventName === 'PenaltyPaid' && event.args.nodeId === nodeId)
      expect(paid.blockNumber > before, 'the promise was kept until the node was slowed').toBe(true)
      if (paid.eventName !== 'PenaltyPaid') throw new Error('unreachable')
      const tested = await eventOf(
        world,
        (event) => event.eventName === 'PoolTested' && event.args.nodeId === nodeId && event.args.penalty > 0n,
      )
      if (tested.eventName !== 'PoolTested') throw new Error('unreachable')
      expect(tested.args.brokenPromises & 2).toBe(2)
      expect(paid.args.credited).toBe(tested.args.penalty)
      const { page } = world.team
      await page.goto(`${world.market.info.url}/balance?kind=credit`)
      const movements = page.getByRole('table', { name: 'Movements' })
      await expect(async () => {
        await page.reload()
        await expect(movements.getByText('credit for a broken promise')).toBeVisible({ timeout: 5_000 })
      }).toPass({ timeout: 60_000 })
      const slowS = Math.round((performance.now() - startedAt) / 1_000)
      return `${name} broke its first token within ${promisedTtftMs} ms over ${tested.args.samples} samples; ${paid.args.credited} µUSD credited after ${slowS} s`
    },
  },
]

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
