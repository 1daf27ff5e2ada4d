/**
 * What closing a large epoch costs the requests beside it: `node apps/gateway/src/testing/measure-epoch-close.ts [n]`.
 *
 * Serves n requests (99,000 by default, just below the size at which an epoch closes by itself) through a real lane on a real journal, closes their epoch while requests go on,
 * and prints event loop delay and time per request at rest and while closing, as one JSON line.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { openJournal } from '../journal/open-journal.ts'
import { createLane } from '../lane/create-lane.ts'
import { contracts, intentOf, laneKey, node, outcomeOf, seenOf, silentLogger } from '../lane/lane-fixtures.ts'

const total = Number(process.argv[2] ?? 99_000)
const dataDir = mkdtempSync(join(tmpdir(), 'epoch-close-'))
let commitsMs: number[] = []
const journal = await openJournal({ dir: join(dataDir, 'journal'), onCommit: (ms) => void commitsMs.push(ms) })
const lane = await createLane({
  journal,
  privateKey: laneKey,
  region: 'local',
  contracts,
  epochMs: 3_600_000,
  dataDir,
  nodeOf: () => node,
  logger: silentLogger,
  answerMs: 1,
})
let next = 0
/** Where a node and its placement record would be: about what an entry of a real request weighs. */
const placement = { candidates: Array.from({ length: 16 }, (_, i) => ({ nodeId: node.nodeId, score: i * 0.001 })) }

async function serveOne(): Promise<void> {
  const intent = intentOf(`req_${next}`, { startedAtMs: 1_700_000_000_000 + next * 36 })
  next++
  await lane.recordIntent(intent)
  const { pair } = lane.completeAttempt(seenOf(intent))
  await lane.finishRequest({ request: { ...outcomeOf(intent), placement }, receipts: [pair] })
}

/** Requests at a steady pace until `until` says so; the delays that they and the loop saw. */
async function observe(until: () => boolean): Promise<Record<string, number>> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const tookMs: number[] = []
  commitsMs = []
  const running: Promise<void>[] = []
  delay.enable()
  while (!until()) {
    const startedAt = performance.now()
    running.push(serveOne().then(() => void tookMs.push(performance.now() - startedAt)))
    await sleep(5)
  }
  await Promise.all(running)
  delay.disable()
  const commits = quantilesOf(commitsMs)
  const at = quantilesOf(tookMs)
  return {
    loopP50Ms: round(delay.percentile(50) / 1e6),
    loopP99Ms: round(delay.percentile(99) / 1e6),
    loopMaxMs: round(delay.max / 1e6),
    requestP50Ms: at(0.5),
    requestP99Ms: at(0.99),
    requestMaxMs: at(1 - 1e-9),
    commitP99Ms: commits(0.99),
    commitMaxMs: commits(1 - 1e-9),
    requests: tookMs.length,
  }
}

function quantilesOf(values: number[]): (share: number) => number {
  const sorted = values.toSorted((a, b) => a - b)
  return (share) => round(sorted[Math.floor(sorted.length * share)] ?? 0)
}

const round = (value: number): number => Math.round(value * 100) / 100

const startedAt = performance.now()
while (next < total) await Promise.all(Array.from({ length: Math.min(500, total - next) }, serveOne))
const servedMs = performance.now() - startedAt
const restUntil = performance.now() + 3_000
const atRest = await observe(() => performance.now() > restUntil)
let closed = false
const closeStartedAt = performance.now()
const closing = lane.closeEpoch().finally(() => (closed = true))
const whileClosing = await observe(() => closed)
const entry = await closing
const closeMs = performance.now() - closeStartedAt
const fileBytes = statSync(lane.epochFile(Number(entry?.anchor.epoch)) ?? '').size
const memoryMib = Math.round(process.resourceUsage().maxRSS / 1024)
const leaves = Number(entry?.anchor.count)
const result = {
  receipts: total,
  leaves,
  servedPerSecond: Math.round((total / servedMs) * 1000),
  closeMs: round(closeMs),
}
process.stdout.write(`${JSON.stringify({ ...result, fileBytes, memoryMib, atRest, whileClosing })}\n`)
await lane.stop()
await journal.close()
rmSync(dataDir, { recursive: true, force: true })
