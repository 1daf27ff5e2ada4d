/**
 * A gateway's lane as a process of its own, for the test that kills it: serves requests for ever and says on stdout
 * what became durable, one line each. Arguments: data directory, run number.
 */
import { join } from 'node:path'
import { openJournal } from '../journal/open-journal.ts'
import { createLane } from './create-lane.ts'
import { contracts, intentOf, laneKey, node, outcomeOf, seenOf, silentLogger } from './lane-fixtures.ts'

const [dataDir = '', run = '0'] = process.argv.slice(2)
const journal = await openJournal({ dir: join(dataDir, 'journal'), segmentBytesMax: 100_000, retainMs: 1 })
journal.registerReader(() => 1)
const lane = await createLane({
  journal,
  privateKey: laneKey,
  region: 'local',
  contracts,
  epochMs: 60_000,
  dataDir,
  nodeOf: () => node,
  logger: silentLogger,
})

async function serveForEver(worker: number): Promise<void> {
  for (let i = 0; ; i++) {
    const requestId = `req_${run}_${worker}_${i}`
    const intent = intentOf(requestId, { startedAtMs: Date.now() })
    await lane.recordIntent(intent)
    process.stdout.write(`open ${requestId}\n`)
    const { pair } = lane.completeAttempt(seenOf(intent))
    await lane.finishRequest({ request: outcomeOf(intent), receipts: [pair] })
    process.stdout.write(`done ${requestId}\n`)
    if (worker === 0 && i % 50 === 49) await lane.closeEpoch()
  }
}

await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((worker) => serveForEver(worker)))
