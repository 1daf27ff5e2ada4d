/**
 * Ships the outbox to the control stream, in order. Any number of processes may do it at once: versions are committed
 * in order, so whoever reads version 5 has read 4, and a version that is in the stream already is skipped.
 */
import type { ControlOutbox, ControlStream } from '../ports/control-store.ts'

const BATCH_EVENTS = 500
const BATCHES_MAX = 100

/** How many events it handled. */
export async function publishControlEvents(deps: { outbox: ControlOutbox; stream: ControlStream }): Promise<number> {
  let published = 0
  for (let batch = 0; batch < BATCHES_MAX; batch++) {
    const events = await deps.outbox.unpublished(BATCH_EVENTS)
    for (const { version, state } of events) await deps.stream.add(version, state)
    const last = events.at(-1)
    if (last) await deps.outbox.markPublished(last.version)
    published += events.length
    if (events.length < BATCH_EVENTS) break
  }
  return published
}
