/**
 * Metrics scraping: a gateway that asks every replica for its state at short intervals instead of waiting for heartbeats.
 * One question to a replica at a time, so over a long round trip the interval is the round trip. Driven by requests: a
 * gateway that places nothing needs no metrics.
 */
import type { PolicyWorld, SimReport } from '../../sim-types.ts'
import type { FleetView } from './fleet-view.ts'

export interface Scraper {
  /** Asks whoever is due. */
  tick(nowMs: number): void
  /** The last answer, else the last heartbeat, else null. */
  latest(replica: number): SimReport | null
}

export function createScraper(world: PolicyWorld, view: FleetView, intervalMs: number): Scraper {
  const answers: (SimReport | null)[] = world.replicas.map(() => null)
  const askedMs = new Float64Array(world.replicas.length).fill(-Infinity)
  const waiting = new Uint8Array(world.replicas.length)
  return {
    tick(nowMs) {
      for (let replica = 0; replica < world.replicas.length; replica++) {
        if (waiting[replica] === 1 || !view.isUp(replica)) continue
        if (nowMs - (askedMs[replica] ?? 0) < intervalMs) continue
        waiting[replica] = 1
        askedMs[replica] = nowMs
        world.probe(replica, (report) => {
          waiting[replica] = 0
          answers[replica] = report
        })
      }
    },
    latest(replica) {
      const scraped = answers[replica] ?? null
      const beat = view.report(replica)
      if (scraped === null || beat === null) return scraped ?? beat
      return scraped.atMs >= beat.atMs ? scraped : beat
    },
  }
}
