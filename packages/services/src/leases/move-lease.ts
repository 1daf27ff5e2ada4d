/**
 * Finds another node within the policy and the lease's own constraints, at most at the price that was agreed, and takes its
 * GPUs. One that it left is asked again only when there is no other.
 */
import { isAppError } from '@isochrone/domain'
import type { LeaseRow } from '../ports/lease-store.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { chooseNode } from './choose-node.ts'
import { constraintsOfStored } from './lease-constraints.ts'
import { edgeMsOf, failLease, type LeaseDeps, type LeaseLook } from './lease-deps.ts'
import type { ChosenNode, LeaseWish, NoNode } from './lease-wish.ts'

/** A lease that no node takes for so long ends; what it did not use is given back. */
const MOVE_MS_MAX = 600_000
const AGAIN_MS = 1_000

export async function moveLease(deps: LeaseDeps, lease: LeaseRow): Promise<LeaseLook> {
  const nowMs = deps.clock.nowMs()
  const wish: LeaseWish = {
    id: lease.id,
    orgId: lease.orgId,
    model: lease.model,
    gpus: lease.gpus,
    perGpuHourMaxMicroUsd: lease.maxPerGpuHourMicroUsd,
    constraints: constraintsOfStored(lease.constraints),
  }
  const { leases, providers } = deps.store
  const choose = (excludeNodeIds: readonly string[]) =>
    chooseNode({ leases, providers, fleet: deps.fleet, nowMs }, { ...wish, excludeNodeIds }).catch(asReason)
  let chosen = await choose(lease.triedNodeIds)
  if ('reason' in chosen) chosen = await choose([])
  if (!('reason' in chosen) && (await place(deps, lease, chosen))) return { kind: 'again', delayMs: 0 }
  const reason = 'reason' in chosen ? chosen.reason : 'Others were quicker.'
  if (nowMs - Number(lease.goneSinceMs ?? nowMs) > MOVE_MS_MAX) {
    await failLease(deps, lease, `No node could take it for ${MOVE_MS_MAX / 60_000} minutes: ${reason}`)
    return { kind: 'done' }
  }
  if (lease.error !== reason) await deps.store.leases.update(lease.id, 'moving', { error: reason })
  return { kind: 'again', delayMs: AGAIN_MS }
}

/** The organisation's policy may have been changed since, so that the two exclude each other. */
function asReason(error: unknown): NoNode {
  if (isAppError(error) && error.code === 'invalid_input') return { reason: error.publicMessage }
  throw error
}

async function place(deps: LeaseDeps, lease: LeaseRow, chosen: ChosenNode): Promise<boolean> {
  const { state, gpus, perGpuHourMicroUsd, record } = chosen
  const placed = await commitAndPublish(deps, async (tx) => {
    if (!(await tx.leases.takeGpus(state.nodeId, lease.gpus, gpus))) return null
    const edge = edgeMsOf(lease)
    const row = await tx.leases.step({
      id: lease.id,
      event: 'place',
      atMs: deps.clock.nowMs(),
      change: {
        nodeId: state.nodeId,
        providerId: state.providerId,
        termsHash: state.termsHash,
        perGpuHourMicroUsd,
        holdsGpus: true,
        gatewayUrl: null,
        tries: 0,
        // One that never ran has moved from nowhere.
        moves: lease.moves + (edge === null ? 0 : 1),
      },
      details: {
        from: lease.nodeId,
        nodeId: state.nodeId,
        perGpuHourMicroUsd: perGpuHourMicroUsd.toString(),
        placement: record,
      },
    })
    // Stopped meanwhile: nothing is taken.
    if (!row) throw new NotMoving()
    await recordControlChange(tx.control, { leaseIds: [lease.id] })
    return row
  }).catch((error: unknown) => {
    if (error instanceof NotMoving) return null
    throw error
  })
  return placed !== null
}

class NotMoving extends Error {}
