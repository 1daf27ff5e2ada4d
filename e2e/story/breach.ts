/**
 * The breach: the node that is left is slowed for real, by stopping its process most of the time, until a record of it is reported
 * that would break a promise once it is final. Nobody asks for anything: counts go into signed records, and the provider is warned.
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
]

/** Waits until the provider's page warns of a record of the slowed node, and returns what it says. */
export async function warned(world: World, limitMs: number): Promise<string> {
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
