/**
 * Keeps the marketplace's search current: nodes and terms, who is live, and what receipts say of each.
 *
 * Three rounds, since they cost differently: who is live changes every second, receipts are counted each minute. What is
 * searched may therefore be seconds old; the rows that a page shows are read live.
 */
import type { Clock } from '@isochrone/domain'
import type { LiveState } from '../ports/live-state.ts'
import type { OfferUpkeepStore } from '../ports/offer-store.ts'
import { isLive } from '../queries/live-nodes.ts'

export interface KeepOffersDeps {
  offers: OfferUpkeepStore
  live: LiveState
  clock: Clock
}

/** Nodes that changed within so long are copied again: longer than any round takes. */
const CHANGED_MS = 60_000
/** Everything is copied so often, whatever its times say. */
const ALL_MS = 600_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const HOURS_KEPT_MS = 35 * DAY_MS
const MEASURED_AT_ONCE = 500

export interface OfferUpkeep {
  /** Offers as nodes, terms and gateways say. */
  list(): Promise<void>
  /** Figures and hours from receipts; the first time those of a week. */
  measure(): Promise<void>
}

export function createOfferUpkeep({ offers, live, clock }: KeepOffersDeps): OfferUpkeep {
  let allAtMs = Number.NEGATIVE_INFINITY
  let hasCounted = false

  return {
    async list() {
      const nowMs = clock.nowMs()
      const all = nowMs - allAtMs >= ALL_MS
      await offers.projectOffers(new Date(all ? 0 : nowMs - CHANGED_MS))
      if (all) allAtMs = nowMs
      const nodes = [...(await live.nodes()).values()].filter((node) => isLive(node, nowMs))
      await offers.markLive(
        nodes.map(({ nodeId, models, concurrencyMax, activeStreams }) => ({
          nodeId,
          slots: concurrencyMax,
          freeSlots: Math.max(0, concurrencyMax - activeStreams),
          models: [...new Set(models.map(({ model }) => model))].toSorted(),
          simulated: models.some((model) => model.simulated),
        })),
      )
    },

    async measure() {
      const nowMs = clock.nowMs()
      // Receipts come minutes late at most; those of a worker that was away longer are of the first count.
      const from = hasCounted ? Math.floor(nowMs / HOUR_MS - 1) * HOUR_MS : nowMs - 7 * DAY_MS
      await offers.countHours(new Date(Math.floor(from / HOUR_MS) * HOUR_MS))
      hasCounted = true
      await offers.forgetHours(new Date(nowMs - HOURS_KEPT_MS))
      await offers.measureOffers(new Date(nowMs), MEASURED_AT_ONCE)
      await offers.forgetFigures(new Date(nowMs - DAY_MS))
    },
  }
}
