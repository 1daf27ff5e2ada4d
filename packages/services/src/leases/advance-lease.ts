/**
 * One look at a lease: takes the step that its state and the time ask for, or says when to look again.
 *
 * Every step is a conditional update by the state table, and every command to a gateway may be repeated: a second worker, or
 * the same one after its death, changes nothing that is done.
 */
import type { LeaseRow } from '../ports/lease-store.ts'
import { holdMoney } from './hold-money.ts'
import { endLease } from './end-lease.ts'
import type { LeaseDeps, LeaseLook } from './lease-deps.ts'
import { moveLease } from './move-lease.ts'
import { provisionLease } from './provision-lease.ts'
import { runLease } from './run-lease.ts'

const done: LeaseLook = { kind: 'done' }
/** Its organisation may still be confirming it. */
const REQUESTED_MS_MAX = 2_000

export async function advanceLease(deps: LeaseDeps, leaseId: string): Promise<LeaseLook> {
  const lease = await deps.store.leases.get(leaseId)
  if (!lease) return done
  switch (lease.status) {
    case 'requested':
      return await request(deps, lease)
    case 'provisioning':
      return await provisionLease(deps, lease)
    case 'running':
      return await runLease(deps, lease)
    case 'moving':
      return await moveLease(deps, lease)
    case 'stopping':
      return await endLease(deps, lease)
    case 'stopped':
    case 'expired':
    case 'failed':
      return done
  }
}

/** Somebody died between taking the GPUs and holding the money. */
async function request(deps: LeaseDeps, lease: LeaseRow): Promise<LeaseLook> {
  if (deps.clock.nowMs() - lease.createdAt.getTime() < REQUESTED_MS_MAX) return { kind: 'again', delayMs: 500 }
  const held = await holdMoney(deps, lease)
  return held ? { kind: 'again', delayMs: 0 } : done
}
