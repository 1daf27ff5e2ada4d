/** A provider's view of itself: nodes, work and money. */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { providerView } from '../providers/create-provider.ts'
import { pricesOfStored } from '../providers/terms.ts'
import { hardwareOf, isLive, isSimulated, measurementsOf, modelsOf } from './live-nodes.ts'
import { recountViews } from './recounts.ts'
import { epochOf, epochsOf } from './settlement.ts'
import type { EarningsView, ProviderNode, ProviderOverview } from './views/providers.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'live' | 'clock'>

const DAY_MS = 86_400_000
const EPOCHS_SHOWN = 200

export async function providerOverview(deps: Deps, { providerId }: { providerId: string }): Promise<ProviderOverview> {
  const { store } = deps
  const provider = await store.providers.byId(providerId)
  if (!provider) throw new AppError('not_found', { publicMessage: 'There is no such provider.' })
  const nodes = await store.providers.nodes(providerId)
  const nodeIds = nodes.map((node) => node.nodeId)
  const live = await deps.live.nodes()
  const nowMs = deps.clock.nowMs()
  const stats = await store.providers.nodeStats(nodeIds, nowMs - DAY_MS)
  const declines = await store.providers.declines(nodeIds, nowMs - DAY_MS)
  const earned = await store.providers.earned(nodeIds)
  const paid = await store.providers.paid(providerId)
  const recounts = await recountViews(deps, { nodeIds, limit: 50 })
  const sum = (pick: (row: (typeof stats)[number]) => number) => stats.reduce((total, row) => total + pick(row), 0)
  return {
    provider: providerView(provider),
    nodesTotal: nodes.length,
    nodesLive: nodeIds.filter((nodeId) => isLive(live.get(nodeId), nowMs)).length,
    attemptsLastDay: sum((row) => row.attempts),
    faultsLastDay: sum((row) => row.faults),
    declinesLastDay: declines.reduce((total, { count }) => total + count, 0),
    tokensOutLastDay: sum((row) => row.tokensOut),
    earnedMicroUsd: earned.allMicroUsd,
    paidNetMicroUsd: paid.netMicroUsd,
    paidFeeMicroUsd: paid.feeMicroUsd,
    recounts,
    pendingMicroUsd: earned.allMicroUsd > paid.grossMicroUsd ? earned.allMicroUsd - paid.grossMicroUsd : 0n,
  }
}

export async function providerNodes(deps: Deps, { providerId }: { providerId: string }): Promise<ProviderNode[]> {
  const rows = await deps.store.providers.nodes(providerId)
  const live = await deps.live.nodes()
  const nowMs = deps.clock.nowMs()
  const nodeIds = rows.map((row) => row.nodeId)
  const stats = await deps.store.providers.nodeStats(nodeIds, nowMs - DAY_MS)
  const declines = await deps.store.providers.declines(nodeIds, nowMs - DAY_MS)
  return rows.map((row) => {
    const liveness = live.get(row.nodeId)
    const models = modelsOf(row, liveness)
    const stat = stats.find(({ nodeId }) => nodeId === row.nodeId)
    return {
      id: row.id,
      nodeId: row.nodeId,
      name: row.name,
      status: row.status,
      region: row.region,
      country: row.country,
      failureDomain: row.failureDomain,
      tier: row.tier,
      dataPolicy: row.dataPolicy,
      trust: row.trust,
      gpuClass: row.gpuClass,
      simulated: isSimulated(row, models),
      hardware: hardwareOf(row, liveness).hardware,
      models,
      prices: pricesOfStored(row.terms),
      termsHash: row.termsHash,
      keyTx: row.keyTx,
      live: isLive(liveness, nowMs),
      measured: measurementsOf(liveness),
      attemptsLastDay: stat?.attempts ?? 0,
      faultsLastDay: stat?.faults ?? 0,
      declinesLastDay: declines.find(({ nodeId }) => nodeId === row.nodeId)?.count ?? 0,
      earnedLastDayMicroUsd: stat?.earnedMicroUsd ?? 0n,
      createdAtMs: row.createdAt.getTime(),
    }
  })
}

export async function providerEarnings(
  { store }: Pick<Deps, 'store'>,
  { providerId }: { providerId: string },
): Promise<EarningsView> {
  const nodeIds = (await store.providers.nodes(providerId)).map((node) => node.nodeId)
  const rows = await store.providers.earningsByEpoch(nodeIds, EPOCHS_SHOWN)
  const epochs = await epochsOf(store.readings, rows)
  const payouts = await store.providers.payouts(providerId, EPOCHS_SHOWN)
  return {
    epochs: rows.flatMap((row) => {
      const epoch = epochOf(epochs, row)
      if (!epoch) return []
      return [
        {
          lane: row.lane,
          epoch: Number(row.epoch),
          status: epoch.status,
          closedAtMs: Number(epoch.closedAtMs),
          receipts: row.receipts,
          earnedMicroUsd: row.earnedMicroUsd,
          anchoredTx: epoch.anchoredTx,
          claimedTx: epoch.claimedTx,
          settledTx: epoch.settledTx,
          payableAtMs: epoch.payableAtS === null ? null : Number(epoch.payableAtS) * 1000,
        },
      ]
    }),
    payouts: payouts.map(({ epoch, grossMicroUsd, feeMicroUsd, netMicroUsd, txHash, atMs }) => ({
      epoch: Number(epoch),
      grossMicroUsd,
      feeMicroUsd,
      netMicroUsd,
      txHash,
      atMs: Number(atMs),
    })),
    openMicroUsd: (await store.providers.earned(nodeIds)).openMicroUsd,
  }
}
