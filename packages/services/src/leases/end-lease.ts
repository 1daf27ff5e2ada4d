/**
 * Ends a lease: the last reading, the engine's stop, the GPUs back; and when its receipts are stored, the rest of its money.
 *
 * A node that is gone signs nothing more: what it served last is its own loss, and nobody waits for it.
 */
import type { LeaseRow } from '../ports/lease-store.ts'
import { commandOf, gatewayOf, takeStep, type LeaseDeps, type LeaseLook } from './lease-deps.ts'
import { readMeter } from './run-lease.ts'

/** Looks for the last reading before it ends without. */
const READ_TRIES_MAX = 8
const AGAIN_MS = 250
/** A receipt that is spoken of and does not come for so long lies in the journal of a gateway that is away. */
const STORE_MS_MAX = 86_400_000

export async function endLease(deps: LeaseDeps, lease: LeaseRow): Promise<LeaseLook> {
  const { leases } = deps.store
  if (lease.holdsGpus) {
    const waits = await closeMeter(deps, lease)
    if (waits) return waits
    await leases.dropGpus(lease.id)
    return { kind: 'again', delayMs: 0 }
  }
  const nowMs = deps.clock.nowMs()
  const { lane, lastSeq } = lease
  const isStored = lane === null || lastSeq === null || (await leases.hasReceipt(lane, lastSeq))
  if (!isStored && nowMs - lease.updatedAt.getTime() < STORE_MS_MAX) return { kind: 'again', delayMs: AGAIN_MS }
  const event = lease.expires ? 'expire' : 'end'
  const over = await leases.get(lease.id)
  const change = { endedAt: new Date(nowMs), error: null }
  const details = over && {
    billedMicroUsd: over.billedMicroUsd.toString(),
    releasedMicroUsd: (over.reservedMicroUsd - over.billedMicroUsd).toString(),
  }
  await takeStep(deps, { id: lease.id, event, atMs: nowMs, change, ...(details && { details }) })
  await deps.budget.release(lease.channelId, lease.id)
  return { kind: 'done' }
}

/** Null when there is nothing more to read and nothing left to stop. */
async function closeMeter(deps: LeaseDeps, lease: LeaseRow): Promise<LeaseLook | null> {
  const gatewayUrl = await gatewayOf(deps, lease.nodeId)
  const tries = lease.tries + 1
  // Placed and never served there, it has nothing to be read.
  const isMetered = lease.servingSinceMs !== null && lease.gatewayUrl !== null
  if (gatewayUrl && isMetered) {
    const answer = await readMeter(deps, lease, gatewayUrl)
    const isLast = answer.kind === 'done' || answer.kind === 'unknown' || answer.kind === 'spent'
    if (!isLast && tries < READ_TRIES_MAX) {
      await deps.store.leases.update(lease.id, 'stopping', { tries, error: answer.reason })
      return { kind: 'again', delayMs: AGAIN_MS * tries }
    }
  } else if (isMetered && tries < READ_TRIES_MAX) {
    await deps.store.leases.update(lease.id, 'stopping', { tries })
    return { kind: 'again', delayMs: AGAIN_MS * tries }
  }
  const command = gatewayUrl && (await commandOf(deps, lease))
  // An agent that is not told stops an engine that nobody reads any more by itself.
  if (gatewayUrl && command) await deps.gateway.stop(gatewayUrl, command)
  return null
}
