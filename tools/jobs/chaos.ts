/**
 * `npm run chaos:jobs -- --jobs 5000`: queued work while worker, Redis, a node and the gateway are killed with SIGKILL, in
 * turn and again. Real processes. Every job must end with one answer and one bill; exits 1 where one does not.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { whole } from '@isochrone/runtime'
import { Command } from 'commander'
import type { Supervised } from '../start/supervised.ts'
import { checkBills } from './check-bills.ts'
import { startScratchMarket } from './scratch-market.ts'
import { submitJobs } from './submit-jobs.ts'

const { jobs, limit, json } = new Command('npm run chaos:jobs --')
  .description('Kills worker, Redis, a node and the gateway under queued jobs; counts answers and bills.')
  .option('--jobs <n>', 'how many', whole(10, 100_000), 5_000)
  .option('--limit <s>', 'longest wait for the last job, seconds', whole(10, 7_200), 1_200)
  .option('--json', 'one JSON object as the last line')
  .parse()
  .opts<{ jobs: number; limit: number; json?: true }>()

const note = (line: string) => process.stderr.write(`${line}\n`)
const { market, db, model, stop } = await startScratchMarket()
let failed = true
try {
  const startedMs = Date.now()
  let over = false
  const { worker, redis, gateway, agents } = market.children
  const victims = [worker, redis, agents[0], worker, agents[3], redis, gateway].filter((child) => child !== undefined)
  const breaking = breakThings(victims, { done: () => over, finished })
  const ids = await submitJobs(market.info, { model, count: jobs, concurrency: 16 })
  note(`${ids.length} jobs of ${model} accepted in ${seconds(startedMs)} s`)
  const deadlineMs = Date.now() + limit * 1_000
  for (let lastNoteMs = 0; ; await sleep(500)) {
    const open = await db.job.count({
      where: { id: { in: ids.slice(0, 30_000) }, status: { in: ['queued', 'running'] } },
    })
    if (Date.now() - lastNoteMs > 10_000) {
      note(`${open} jobs open after ${seconds(startedMs)} s`)
      lastNoteMs = Date.now()
    }
    if (open === 0 || Date.now() > deadlineMs) break
  }
  over = true
  const kills = await breaking
  const bills = await checkBills(db, ids, 120_000)
  const result = { jobs: ids.length, model, kills, seconds: Number(seconds(startedMs)), ...bills }
  failed = bills.succeeded !== ids.length || bills.billedOnce !== ids.length || bills.answered !== ids.length
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
} finally {
  await stop()
}
process.exitCode = failed ? 1 : 0

/** Jobs of this marketplace that are over. */
async function finished(): Promise<number> {
  return await db.job.count({ where: { status: { notIn: ['queued', 'running'] } } })
}

/**
 * One after the other, each up again before the next goes down, until there is nothing left to disturb. Between two kills
 * some jobs must end: a machine on which nothing has come back yet is not broken further.
 */
async function breakThings(
  victims: readonly Supervised[],
  { done, finished: count }: { done: () => boolean; finished: () => Promise<number> },
): Promise<Record<string, number>> {
  const kills: Record<string, number> = {}
  const step = Math.max(1, Math.floor(jobs / 25))
  let before = await count()
  for (let turn = 0; !done(); turn++) {
    while (!done() && (await count()) < before + step) await sleep(250)
    before = await count()
    const victim = victims[turn % victims.length]
    if (!victim || done()) break
    await victim.kill9()
    kills[victim.name] = (kills[victim.name] ?? 0) + 1
    await sleep(700)
    await victim.restart()
  }
  return kills
}

function seconds(sinceMs: number): string {
  return ((Date.now() - sinceMs) / 1_000).toFixed(1)
}
