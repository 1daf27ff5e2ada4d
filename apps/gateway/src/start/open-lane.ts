/** The journal, and the lane that is read out of it: first of all, for everything else may write to it until the end. */
import { join } from 'node:path'
import type { GatewayEnv, Logger, Shutdown } from '@isochrone/runtime'
import type { ControlView } from '../control/control-state.ts'
import type { GatewayMetrics } from '../http/gateway-metrics.ts'
import type { Journal } from '../journal/journal.ts'
import type { LaneContracts } from '../lane/lane-contracts.ts'
import { openJournal } from '../journal/open-journal.ts'
import { createLane } from '../lane/create-lane.ts'
import type { GatewayLane } from '../lane/gateway-lane.ts'

export interface OpenLaneInput {
  env: GatewayEnv
  contracts: LaneContracts
  control: ControlView
  metrics: GatewayMetrics
  logger: Logger
  shutdown: Shutdown
}

export async function openLane(input: OpenLaneInput): Promise<{ journal: Journal; lane: GatewayLane }> {
  const { env, contracts, control, metrics, logger, shutdown } = input
  const journal = await openJournal({
    dir: join(env.DATA_DIR, 'journal'),
    onCommit: (durationMs, records) => metrics.journalCommit(durationMs, records),
    onTornTail: (file, bytes) => logger.warn({ file, bytes }, 'a torn end of the journal was cut off'),
  })
  shutdown.onShutdown('journal', () => journal.close())

  const lane = await createLane({
    journal,
    privateKey: env.GATEWAY_KEY,
    region: env.GATEWAY_REGION,
    contracts,
    epochMs: env.EPOCH_MS,
    dataDir: env.DATA_DIR,
    nodeOf: (nodeId) => control.node(nodeId),
    logger,
  })
  return { journal, lane }
}
