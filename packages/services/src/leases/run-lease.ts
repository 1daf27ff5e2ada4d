/** A lease that is served: its meter is read each minute, its end is noticed, and so is a node that went away. */
import type { LeaseReading } from '@isochrone/protocol'
import type { LeaseAnswer, LeaseRead, LeaseRow } from '../ports/lease-store.ts'
import { commandOf, edgeMsOf, failLease, gatewayOf, takeStep, type LeaseDeps, type LeaseLook } from './lease-deps.ts'
import { leaveNode } from './provision-lease.ts'

/** A node that is gone is noticed by looking. */
const LOOK_MS = 1_000

export async function runLease(deps: LeaseDeps, lease: LeaseRow): Promise<LeaseLook> {
  const nowMs = deps.clock.nowMs()
  if (lease.endsAtMs !== null && nowMs >= Number(lease.endsAtMs)) {
    const step = {
      id: lease.id,
      event: 'stop',
      atMs: nowMs,
      // Extended in its last moment, it goes on.
      seen: { endsAtMs: lease.endsAtMs },
      change: { expires: true },
      details: { by: 'time' },
    } as const
    await takeStep(deps, step)
    return { kind: 'again', delayMs: 0 }
  }
  const gatewayUrl = await gatewayOf(deps, lease.nodeId)
  if (!gatewayUrl) return await missing(deps, lease, 'no gateway has a link to the node', nowMs)
  const edge = Number(edgeMsOf(lease) ?? nowMs)
  if (nowMs - edge >= deps.meterMs) {
    const answer = await readMeter(deps, lease, gatewayUrl)
    if (answer.kind === 'gone') return await missing(deps, lease, answer.reason, nowMs)
    if (answer.kind === 'unknown') {
      // The agent was started anew: its engine is gone, the node is not.
      await leaveNode(deps, lease, answer.reason)
      return { kind: 'again', delayMs: 0 }
    }
    if (answer.kind === 'spent') {
      // Nobody works for nothing: it ends with what was billed.
      const seen = { reservedMicroUsd: lease.reservedMicroUsd }
      await takeStep(deps, { id: lease.id, event: 'stop', atMs: nowMs, seen, details: { by: 'money' } })
      return { kind: 'again', delayMs: 0 }
    }
    if (answer.kind === 'refused') await deps.store.leases.update(lease.id, 'running', { error: answer.reason })
  }
  if (lease.goneSinceMs !== null) await deps.store.leases.update(lease.id, 'running', { goneSinceMs: null })
  const dueMs = Math.min(Number(lease.endsAtMs ?? nowMs) - nowMs, LOOK_MS)
  return { kind: 'again', delayMs: Math.max(50, dueMs) }
}

/** A gateway that restarts is away for a moment: nobody moves for that. */
async function missing(deps: LeaseDeps, lease: LeaseRow, reason: string, nowMs: number): Promise<LeaseLook> {
  const since = lease.goneSinceMs === null ? nowMs : Number(lease.goneSinceMs)
  if (nowMs - since >= deps.goneMs) {
    await leaveNode(deps, lease, reason)
    return { kind: 'again', delayMs: 0 }
  }
  if (lease.goneSinceMs === null) await deps.store.leases.update(lease.id, 'running', { goneSinceMs: BigInt(nowMs) })
  return { kind: 'again', delayMs: Math.min(LOOK_MS, Math.max(50, deps.goneMs - (nowMs - since))) }
}

/** Asks for a receipt of the time since the last one, as far as it is paid for. */
export async function readMeter(
  deps: LeaseDeps,
  lease: LeaseRow,
  gatewayUrl: string,
): Promise<LeaseAnswer<LeaseRead | null>> {
  const command = await commandOf(deps, lease)
  if (!command) {
    await failLease(deps, lease, 'Its terms are not known any more.')
    return { kind: 'refused', reason: 'its terms are not known any more' }
  }
  const reading: LeaseReading = {
    servingSinceMs: Number(lease.servingSinceMs ?? 0n),
    untilMs: Number(lease.endsAtMs ?? 0n),
    reservedMicroUsd: lease.reservedMicroUsd.toString(),
    billedMicroUsd: lease.billedMicroUsd.toString(),
  }
  const answer = await deps.gateway.read(gatewayUrl, command, reading)
  if (answer.kind === 'done' && answer.value) {
    const { lane, seq } = answer.value
    await deps.store.leases.update(lease.id, lease.status, { lane, lastSeq: BigInt(seq), gatewayUrl, error: null })
  }
  return answer
}
