/**
 * `npm run bench:jobs -- --json`: what queueing adds to a request, on real Postgres, Redis, worker, gateway and agents.
 *
 * Steady: jobs at a rate well below what the fleet takes. `waitMs` is accepted → dispatched to a gateway, `addedMs` accepted →
 * answered less the node's own time for it. Burst: all at once, `jobsPerSecond` until the last answer. Times are those of
 * the rows in Postgres.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { Db } from '@isochrone/db'
import { watchMachine, whole } from '@isochrone/runtime'
import { z } from 'zod'
import { startScratchMarket } from './scratch-market.ts'
import { submitJobs } from './submit-jobs.ts'

const { steady, rate, burst, json } = new Command('npm run bench:jobs --')
  .description('Added wait of queued jobs, and how many a second.')
  .option('--steady <n>', 'jobs of the steady part', whole(10, 100_000), 400)
  .option('--rate <n>', 'jobs a second in it', whole(1, 1_000), 10)
  .option('--burst <n>', 'jobs of the burst', whole(10, 100_000), 1_000)
  .option('--json', 'one JSON object as the last line')
  .parse()
  .opts<{ steady: number; rate: number; burst: number; json?: true }>()

const LIMIT_MS = 600_000
const answerTimes = z.object({ isochrone: z.object({ durationMs: z.number(), simulated: z.boolean() }) })

const machineNow = watchMachine()
const { market, db, model, stop } = await startScratchMarket()
try {
  // The first jobs pay for connections and for code that has not run yet.
  await finished(db, await submitJobs(market.info, { model, count: 20, concurrency: 2 }))
  const steadyIds = await submitJobs(market.info, { model, count: steady, concurrency: 16, perSecond: rate })
  await finished(db, steadyIds)
  const times = await timesOf(db, steadyIds)
  const burstStartedMs = Date.now()
  const burstIds = await submitJobs(market.info, { model, count: burst, concurrency: 16 })
  const acceptedMs = Date.now() - burstStartedMs
  await finished(db, burstIds)
  const { lastFinishedMs } = await timesOf(db, burstIds)
  const result = {
    model,
    simulatedNodes: times.simulated,
    steady: { jobs: steady, ratePerSecond: rate, waitMs: quantiles(times.wait), addedMs: quantiles(times.added) },
    burst: {
      jobs: burst,
      acceptedPerSecond: Number(((burst * 1_000) / acceptedMs).toFixed(1)),
      jobsPerSecond: Number(((burst * 1_000) / (lastFinishedMs - burstStartedMs)).toFixed(1)),
    },
    machine: machineNow(),
  }
  process.stdout.write(`${json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`)
} finally {
  await stop()
}

async function finished(from: Db, ids: readonly string[]): Promise<void> {
  const deadlineMs = Date.now() + LIMIT_MS
  while ((await from.job.count({ where: { id: { in: [...ids] }, status: { in: ['queued', 'running'] } } })) > 0) {
    if (Date.now() > deadlineMs) throw new Error('the jobs were not over in time')
    await sleep(200)
  }
}

async function timesOf(from: Db, ids: readonly string[]) {
  const rows = await from.job.findMany({ where: { id: { in: [...ids] } } })
  const wait: number[] = []
  const added: number[] = []
  let lastFinishedMs = 0
  let simulated = false
  for (const { status, createdAt, dispatchedAt, finishedAt, answer, error } of rows) {
    if (status !== 'succeeded' || !dispatchedAt || !finishedAt) throw new Error(`a job is ${status}: ${error ?? ''}`)
    const { isochrone } = answerTimes.parse(answer)
    simulated ||= isochrone.simulated
    wait.push(dispatchedAt.getTime() - createdAt.getTime())
    added.push(finishedAt.getTime() - createdAt.getTime() - isochrone.durationMs)
    lastFinishedMs = Math.max(lastFinishedMs, finishedAt.getTime())
  }
  return { wait, added, lastFinishedMs, simulated }
}

function quantiles(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
