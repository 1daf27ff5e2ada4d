/** Liveness of nodes as gateways report it, turned into what pages show. */
import { modelsInTerms, nodeInventory, servedModel, type NodeLiveness } from '@isochrone/protocol'
import type { ListedNodeRow } from '../ports/rows.ts'
import type { OfferMeasurements, OfferModel } from './views/marketplace.ts'

/** A node that no gateway has spoken of for longer is not live. Gateways report every second or two. */
export const LIVENESS_MS_MAX = 6_000

export function isLive(liveness: { seenAtMs: number } | undefined, nowMs: number): boolean {
  return liveness !== undefined && nowMs - liveness.seenAtMs <= LIVENESS_MS_MAX
}

export function measurementsOf(liveness: NodeLiveness | undefined): OfferMeasurements | null {
  if (!liveness) return null
  return {
    gatewayUrl: liveness.gatewayUrl,
    seenAtMs: liveness.seenAtMs,
    linkedSinceMs: liveness.linkedSinceMs,
    ttftP50Ms: liveness.ttftP50Ms,
    ttftP95Ms: liveness.ttftP95Ms,
    tokensPerSecond: liveness.tokensPerSecond,
    rttMs: liveness.rttMs,
    simulatedRttMs: liveness.simulatedRttMs,
    activeStreams: liveness.activeStreams,
    queuedStreams: liveness.queuedStreams,
    concurrencyMax: liveness.concurrencyMax,
  }
}

/** What it serves now, else what it last said that it serves: of both what its terms promise. */
export function modelsOf(row: ListedNodeRow, liveness: NodeLiveness | undefined): OfferModel[] {
  const models = liveness?.models ?? servedModel.array().safeParse(row.models).data ?? []
  return modelsInTerms(row.terms.document, models).map(({ model, quantisation, contextTokensMax, simulated }) => ({
    model,
    quantisation,
    contextTokensMax,
    simulated,
  }))
}

export function hardwareOf(row: ListedNodeRow, liveness: NodeLiveness | undefined) {
  const inventory = nodeInventory.safeParse(row.inventory).data
  return {
    hardware: liveness?.hardware ?? inventory?.hardware ?? 'unknown',
    cpuCores: inventory?.cpuCores ?? null,
    memoryMib: inventory?.memoryMib ?? null,
    gpus: (inventory?.gpus ?? []).map(({ name, count, memoryMib }) => ({ name, count, memoryMib })),
  }
}

/** A node is simulated when it says so anywhere: never shown as real by omission. */
export function isSimulated(row: ListedNodeRow, models: readonly OfferModel[]): boolean {
  return row.simulated || models.some((model) => model.simulated)
}
