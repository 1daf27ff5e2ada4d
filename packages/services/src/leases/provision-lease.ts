/** Has the node start the lease's engine. What it was without one until then is added to its end: a gap costs nothing. */
import type { LeaseRow } from '../ports/lease-store.ts'
import { commandOf, edgeMsOf, failLease, gatewayOf, takeStep, type LeaseDeps, type LeaseLook } from './lease-deps.ts'
import { gpuTimeMicroUsd } from './lease-price.ts'

/** Looks at one node before another is tried. */
const TRIES_MAX = 5
const AGAIN_MS = 500

export async function provisionLease(deps: LeaseDeps, lease: LeaseRow): Promise<LeaseLook> {
  const command = await commandOf(deps, lease)
  if (!command) {
    await failLease(deps, lease, 'Its terms are not known any more.')
    return { kind: 'done' }
  }
  const gatewayUrl = await gatewayOf(deps, lease.nodeId)
  const answer = gatewayUrl
    ? await deps.gateway.provision(gatewayUrl, command)
    : { kind: 'gone' as const, reason: 'no gateway has a link to the node' }
  if (answer.kind === 'done' && gatewayUrl) {
    await serve(deps, lease, gatewayUrl, answer.value.servingSinceMs)
    return { kind: 'again', delayMs: 0 }
  }
  const reason = answer.kind === 'done' ? '' : answer.reason
  const tries = lease.tries + 1
  if (tries < TRIES_MAX && answer.kind !== 'refused') {
    await deps.store.leases.update(lease.id, 'provisioning', { tries, error: reason })
    return { kind: 'again', delayMs: AGAIN_MS * tries }
  }
  await leaveNode(deps, lease, reason)
  return { kind: 'again', delayMs: 0 }
}

async function serve(deps: LeaseDeps, lease: LeaseRow, gatewayUrl: string, servingSinceMs: number): Promise<void> {
  const atMs = deps.clock.nowMs()
  const since = BigInt(servingSinceMs)
  const edge = edgeMsOf(lease)
  const gapMs = edge !== null && since > edge ? since - edge : 0n
  const worth = gpuTimeMicroUsd({ gpus: lease.gpus, durationMs: gapMs, perGpuHourMicroUsd: lease.perGpuHourMicroUsd })
  const change = {
    servingSinceMs: since,
    endsAtMs: lease.endsAtMs === null ? since + lease.durationMs : lease.endsAtMs + gapMs,
    creditMs: lease.creditMs + gapMs,
    creditMicroUsd: lease.creditMicroUsd + worth,
    gatewayUrl,
    goneSinceMs: null,
    tries: 0,
    error: null,
    ...(lease.runningAt === null && { runningAt: new Date(servingSinceMs) }),
  }
  const details = {
    nodeId: lease.nodeId,
    ...(gapMs > 0n && { creditMs: Number(gapMs), creditMicroUsd: worth.toString() }),
  }
  // Extended while the engine started, its end is another one: it is looked at again.
  const { durationMs, endsAtMs } = lease
  await takeStep(deps, { id: lease.id, event: 'serve', atMs, seen: { durationMs, endsAtMs }, change, details })
}

/** The node has no part in it any more; another one is looked for. */
export async function leaveNode(deps: LeaseDeps, lease: LeaseRow, reason: string): Promise<void> {
  const atMs = deps.clock.nowMs()
  const triedNodeIds = [...new Set([...lease.triedNodeIds, lease.nodeId])]
  const change = { tries: 0, error: reason, goneSinceMs: BigInt(atMs), triedNodeIds }
  const details = { nodeId: lease.nodeId, reason }
  await takeStep(deps, { id: lease.id, event: 'lose', atMs, change, details }, { givesGpus: true })
}
