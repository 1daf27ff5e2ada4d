/** Words for the platform's queues, and how one stands. */
import type { QueueView } from '@isochrone/services'

const words: Readonly<Record<string, { title: string; about: string }>> = {
  inference: { title: 'Queued inference', about: 'requests that wait for a place, and background responses' },
  batches: { title: 'Batches', about: 'batches that are read, run and written' },
  'batch-lines': { title: 'Batch lines', about: 'lines of batches, one id each' },
  leases: { title: 'Leases', about: 'engines that are set up, metered, moved and stopped' },
  webhooks: { title: 'Webhooks', about: 'deliveries, and those that come again' },
  verification: { title: 'Verification', about: 'nodes whose checks are due' },
  rounds: { title: 'Rounds', about: 'settlement, indexing, sweeps: what comes by itself' },
}

/** A queue without words here is shown by its name. */
export function queueWords(name: string): { title: string; about: string } {
  return words[name] ?? { title: name, about: '' }
}

export type QueueStanding = 'paused' | 'nobody' | 'behind' | 'working' | 'idle'

const BEHIND_MS = 60_000

export function standingOf({ paused, workers, waiting, active, oldest }: QueueView, nowMs: number): QueueStanding {
  if (paused) return 'paused'
  if (workers === 0) return 'nobody'
  if (waiting > 0 && oldest !== null && nowMs - oldest.addedAtMs > BEHIND_MS) return 'behind'
  return waiting + active > 0 ? 'working' : 'idle'
}
