/**
 * A price for a lease that holds for a minute: which node, at what price by the GPU hour, and the most that it can come to.
 *
 * Nothing is taken yet. The quote's id is the lease's, should it be confirmed: confirming it twice is one lease.
 */
import { AppError, newId } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { LeaseQuoteRow } from '../ports/lease-store.ts'
import { chooseNode } from './choose-node.ts'
import { leaseFleet } from './lease-fleet.ts'
import { checkedDurationMs, leaseReserveMicroUsd } from './lease-price.ts'

export interface QuoteLeaseInput {
  orgId: string
  userId: string
  model: string
  gpus: number
  durationMs: number
  /** The most that a GPU may cost for an hour, µUSD. */
  maxPerGpuHourMicroUsd: bigint
  /** `node_…`; null: any that fits. */
  nodeId: string | null
}

const QUOTE_MS = 60_000

/** Throws `capacity_unavailable` that says what stands in the way, `not_found` for a node that does not exist. */
export async function quoteLease(
  deps: Pick<ControlPlaneDeps, 'store' | 'live' | 'clock'>,
  input: QuoteLeaseInput,
): Promise<Omit<LeaseQuoteRow, 'createdAt'>> {
  const durationMs = checkedDurationMs(input.durationMs)
  const id = newId('lease')
  const nowMs = deps.clock.nowMs()
  const nodeId = input.nodeId && (await nodeNamed(deps, input.nodeId))
  const chosen = await chooseNode(
    { leases: deps.store.leases, fleet: leaseFleet(deps), nowMs },
    {
      id,
      orgId: input.orgId,
      model: input.model,
      gpus: input.gpus,
      perGpuHourMaxMicroUsd: input.maxPerGpuHourMicroUsd,
      nodeId,
    },
  )
  if ('reason' in chosen) throw new AppError('capacity_unavailable', { publicMessage: chosen.reason })
  const { state, perGpuHourMicroUsd, record } = chosen
  const quote = {
    id,
    orgId: input.orgId,
    createdBy: input.userId,
    nodeId: state.nodeId,
    termsHash: state.termsHash,
    model: input.model,
    gpus: input.gpus,
    durationMs,
    perGpuHourMicroUsd,
    maxPerGpuHourMicroUsd: input.maxPerGpuHourMicroUsd,
    reserveMicroUsd: leaseReserveMicroUsd({ gpus: input.gpus, durationMs, perGpuHourMicroUsd }),
    placement: record,
    expiresAt: new Date(nowMs + QUOTE_MS),
  }
  await deps.store.leases.insertQuote(quote)
  return quote
}

async function nodeNamed({ store }: Pick<ControlPlaneDeps, 'store'>, id: string): Promise<string> {
  const node = await store.providers.nodeById(id)
  if (node) return node.nodeId
  throw new AppError('not_found', { publicMessage: 'There is no such node.' })
}
