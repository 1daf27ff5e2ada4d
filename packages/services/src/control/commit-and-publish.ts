/**
 * A change that gateways must learn of: commits it with its events, then ships them at once.
 *
 * Shipping may fail without harm to the change: the worker ships what is left within a second.
 */
import type { ControlPlaneRepositories, ControlPlaneStore } from '../ports/control-plane-store.ts'
import type { ControlStream } from '../ports/control-store.ts'
import { publishControlEvents } from './publish-control-events.ts'

export async function commitAndPublish<T>(
  deps: { store: ControlPlaneStore; stream: ControlStream },
  work: (tx: ControlPlaneRepositories) => Promise<T>,
  /** What gateways must find in Redis when they hear of it. May fail like the shipping: the worker does it too. */
  before?: () => Promise<unknown> | undefined,
): Promise<T> {
  const result = await deps.store.transaction(work)
  await before?.()?.catch(() => {})
  await publishControlEvents({ outbox: deps.store.control, stream: deps.stream }).catch(() => {})
  return result
}
