/** A lane on a real journal for tests: starts, serves, and starts again from what is on disk, as after kill -9. */
import { join } from 'node:path'
import { manualClock } from '@isochrone/domain'
import { receiptStreamEntry, type Hex, type ReceiptConfirm, type ReceiptStreamEntry } from '@isochrone/protocol'
import type { Journal } from '../journal/journal.ts'
import { openJournal } from '../journal/open-journal.ts'
import type { AttemptSeen, CompletedAttempt, Intent } from '../ports.ts'
import { createLane } from './create-lane.ts'
import type { GatewayLane, LaneOptions } from './gateway-lane.ts'
import { contracts, laneKey, node, nodeId, outcomeOf, seenOf, silentLogger } from './lane-fixtures.ts'

export const clock = manualClock()
export const epochMs = 60_000

export type HarnessOptions = Partial<LaneOptions> & {
  /** No segment of the journal is forgotten, so that `entries` sees all. */
  keepsAll?: boolean
}

export interface Running {
  lane: GatewayLane
  journal: Journal
  confirms: [Hex, ReceiptConfirm][]
  dataDir: string
  options: HarnessOptions
}

export async function start(dataDir: string, options: HarnessOptions = {}): Promise<Running> {
  const journal = await openJournal({ dir: join(dataDir, 'journal'), segmentBytesMax: 2_000, retainMs: 1 })
  journal.registerReader(() => (options.keepsAll ? 1 : journal.lastIndex + 1))
  const lane = await createLane({
    journal,
    privateKey: laneKey,
    region: 'local',
    contracts,
    epochMs,
    dataDir,
    nodeOf: (id) => (id === nodeId ? node : undefined),
    logger: silentLogger,
    clock,
    ...options,
  })
  const confirms: Running['confirms'] = []
  lane.onConfirm((to, confirm) => void confirms.push([to, confirm]))
  return { lane, journal, confirms, dataDir, options }
}

/** A restart from what is on disk, as after kill -9: nothing but the journal and the epoch files are kept. */
export async function restart({ journal, dataDir, options }: Running, changes: HarnessOptions = {}) {
  await journal.close()
  return start(dataDir, { ...options, ...changes })
}

export async function entries(journal: Journal): Promise<ReceiptStreamEntry[]> {
  const out: ReceiptStreamEntry[] = []
  for await (const { kind, payload } of journal.read(1)) {
    if (kind === 'published') out.push(receiptStreamEntry.parse(JSON.parse(payload.toString())))
  }
  return out
}

export const finish = (lane: GatewayLane, intent: Intent, completed: CompletedAttempt[], answer?: unknown) =>
  lane.finishRequest({
    request: outcomeOf(intent),
    receipts: completed.map(({ pair }) => pair),
    ...(answer === undefined ? {} : { answer }),
  })

export async function serve(
  lane: GatewayLane,
  intent: Intent,
  changes: Partial<AttemptSeen> = {},
): Promise<CompletedAttempt> {
  await lane.recordIntent(intent)
  const completed = lane.completeAttempt(seenOf(intent, changes))
  await finish(lane, intent, [completed])
  return completed
}
