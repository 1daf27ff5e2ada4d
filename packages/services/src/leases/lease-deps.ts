/** What every step of a lease is given, and what several of them do. */
import type { Clock } from '@isochrone/domain'
import type { LeaseCommand } from '@isochrone/protocol'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneStore } from '../ports/control-plane-store.ts'
import type { ControlStream } from '../ports/control-store.ts'
import type { FleetSource } from '../ports/job-store.ts'
import type { LeaseBudget, LeaseGateway, LeaseRow, LeaseStep } from '../ports/lease-store.ts'

export interface LeaseDeps {
  store: ControlPlaneStore
  stream: ControlStream
  budget: LeaseBudget
  fleet: FleetSource
  gateway: LeaseGateway
  clock: Clock
  /** Between two readings, ms. */
  meterMs: number
  /** How long a node may be unknown to every gateway before its leases leave it, ms. */
  goneMs: number
}

export type LeaseLook = { kind: 'done' } | { kind: 'again'; delayMs: number }

/**
 * A step and the news of it to gateways, in one transaction; with `givesGpus` the GPUs too, so that nobody who dies in between
 * leaves them taken for ever. Null where somebody else was quicker.
 */
export async function takeStep(
  deps: Pick<LeaseDeps, 'store' | 'stream'>,
  step: LeaseStep,
  { givesGpus = false } = {},
): Promise<LeaseRow | null> {
  return commitAndPublish(deps, async (tx) => {
    const row = await tx.leases.step(step)
    if (row && givesGpus) await tx.leases.dropGpus(row.id)
    if (row) await recordControlChange(tx.control, { leaseIds: [row.id] })
    return row
  })
}

/** Ends it for want of money or of a node. GPUs and what is left of the money are given back. */
export async function failLease(deps: LeaseDeps, lease: LeaseRow, error: string): Promise<void> {
  const atMs = deps.clock.nowMs()
  const change = { error, endedAt: new Date(atMs) }
  await takeStep(deps, { id: lease.id, event: 'fail', atMs, change, details: { error } }, { givesGpus: true })
  await deps.budget.release(lease.channelId, lease.id)
}

/** The gateway at which a node is linked now, as gateways themselves say; undefined where none knows it. */
export async function gatewayOf({ fleet }: LeaseDeps, nodeId: string): Promise<string | undefined> {
  const { states, liveness } = await fleet.nodes()
  const isActive = states.some((state) => state.nodeId === nodeId && state.active)
  return isActive ? liveness.get(nodeId)?.gatewayUrl : undefined
}

/** The lease as a gateway must know it. Null where its terms are forgotten: then nobody can bill it. */
export async function commandOf({ store }: LeaseDeps, lease: LeaseRow): Promise<LeaseCommand | null> {
  const terms = (await store.providers.terms([lease.termsHash])).get(lease.termsHash)
  if (!terms) return null
  const { id: leaseId, orgId, channelId, nodeId, model, gpus, termsHash } = lease
  return {
    leaseId,
    orgId,
    channelId,
    nodeId,
    model,
    gpus,
    termsHash,
    terms: terms.values as LeaseCommand['terms'],
    termsDocument: terms.document as LeaseCommand['termsDocument'],
  }
}

/** Where the billed time ends, or would have begun: what comes after without an engine is a gap. */
export function edgeMsOf({ meteredToMs, servingSinceMs }: LeaseRow): bigint | null {
  if (servingSinceMs === null) return null
  return meteredToMs !== null && meteredToMs > servingSinceMs ? meteredToMs : servingSinceMs
}
