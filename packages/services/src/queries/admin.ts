/** The state of the platform at a glance, for its staff. */
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { recountViews } from './recounts.ts'
import { isLive, LIVENESS_MS_MAX } from './live-nodes.ts'
import type { AdminOverview, QueuesView } from './views/admin.ts'

const DAY_MS = 86_400_000

export async function adminOverview({
  store,
  live,
  clock,
}: Pick<ControlPlaneDeps, 'store' | 'live' | 'clock'>): Promise<AdminOverview> {
  const nowMs = clock.nowMs()
  const [counts, nodes, gateways, receiptsBacklog, controlVersion, recounts] = await Promise.all([
    store.readings.adminCounts(nowMs - DAY_MS),
    live.nodes(),
    live.gateways(),
    live.receiptsBacklog(),
    store.control.version(),
    recountViews({ store }, { limit: 50 }),
  ])
  return {
    users: counts.users,
    organisations: counts.organisations,
    providers: counts.providers,
    nodesTotal: counts.nodes,
    nodesLive: [...nodes.values()].filter((node) => isLive(node, nowMs)).length,
    gateways: gateways.map(({ lane, url, region, ready, activeRequests, seenAtMs }) => ({
      lane,
      url,
      region,
      ready,
      activeRequests,
      seenAtMs,
      live: nowMs - seenAtMs <= LIVENESS_MS_MAX,
    })),
    jobs: { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, ...counts.jobs },
    epochs: { closed: 0, anchored: 0, claimed: 0, settled: 0, ...counts.epochs },
    requestsLastDay: counts.requestsSince,
    receiptsBacklog,
    controlVersion,
    recounts,
    chainBlock: counts.chainBlock,
    depositedMicroUsd: counts.depositedMicroUsd,
    claimedMicroUsd: counts.claimedMicroUsd,
    transactions: counts.transactions.map(({ id, purpose, subject, txHash, status, error, createdAt }) => ({
      id,
      purpose,
      subject,
      txHash,
      status,
      error,
      createdAtMs: createdAt.getTime(),
    })),
  }
}

/** The queues as they are now; a Redis that is away is an answer, not an error. */
export async function queuesNow({
  readQueues,
  clock,
}: Pick<ControlPlaneDeps, 'readQueues' | 'clock'>): Promise<QueuesView> {
  const queues = (await readQueues?.().catch(() => null)) ?? null
  return { atMs: clock.nowMs(), queues }
}
