/**
 * A price for a lease that holds for a minute: which node, at what price by the GPU hour, and the most that it can come to. The
 * node is the one that was named, or the one that constraints choose.
 *
 * Nothing is taken yet. The quote's id is the lease's, should it be confirmed: confirming it twice is one lease.
 */
import { AppError, newId } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { LeaseQuoteRow } from '../ports/lease-store.ts'
import { chooseNode } from './choose-node.ts'
import type { LeaseConstraints } from './lease-constraints.ts'
import { leaseFleet } from './lease-fleet.ts'
import { checkedDurationMs, leaseReserveMicroUsd } from './lease-price.ts'
import type { ChosenNode } from './lease-wish.ts'

interface LeaseQuestion {
  orgId: string
  userId: string
  model: string
  gpus: number
  durationMs: number
  /** The most that a GPU may cost for an hour, µUSD. */
  maxPerGpuHourMicroUsd: bigint
}

export interface QuoteLeaseInput extends LeaseQuestion {
  /** `node_…` */
  nodeId: string
}

export interface ConstrainedQuoteInput extends LeaseQuestion {
  constraints: LeaseConstraints
}

export interface LeaseQuote {
  row: Omit<LeaseQuoteRow, 'createdAt'>
  /** Of a choice by constraints. */
  among: ChosenNode['among']
}

const QUOTE_MS = 60_000

type Deps = Pick<ControlPlaneDeps, 'store' | 'live' | 'clock'>

/** Throws `capacity_unavailable` that says what stands in the way, `not_found` for a node that does not exist. */
export async function quoteLease(deps: Deps, input: QuoteLeaseInput): Promise<LeaseQuote> {
  const node = await deps.store.providers.nodeById(input.nodeId)
  if (!node) throw new AppError('not_found', { publicMessage: 'There is no such node.' })
  return quote(deps, input, { nodeId: node.nodeId })
}

/**
 * On the cheapest node that meets the constraints. Throws `capacity_unavailable` with the smallest changes that would let one
 * in, `invalid_input` where the organisation's policy contradicts them.
 */
export async function quoteByConstraints(deps: Deps, input: ConstrainedQuoteInput): Promise<LeaseQuote> {
  return quote(deps, input, { constraints: input.constraints })
}

async function quote(
  deps: Deps,
  input: LeaseQuestion,
  where: { nodeId: string } | { constraints: LeaseConstraints },
): Promise<LeaseQuote> {
  const { orgId, userId: createdBy, model, gpus, maxPerGpuHourMicroUsd } = input
  const durationMs = checkedDurationMs(input.durationMs)
  const id = newId('lease')
  const nowMs = deps.clock.nowMs()
  const { leases, providers } = deps.store
  const chosen = await chooseNode(
    { leases, providers, fleet: leaseFleet(deps), nowMs },
    { id, orgId, model, gpus, perGpuHourMaxMicroUsd: maxPerGpuHourMicroUsd, ...where },
  )
  if ('reason' in chosen) throw new AppError('capacity_unavailable', { publicMessage: chosen.reason })
  const { state, perGpuHourMicroUsd, record, among } = chosen
  const row = {
    id,
    orgId,
    createdBy,
    nodeId: state.nodeId,
    termsHash: state.termsHash,
    model,
    gpus,
    durationMs,
    perGpuHourMicroUsd,
    maxPerGpuHourMicroUsd,
    reserveMicroUsd: leaseReserveMicroUsd({ gpus, durationMs, perGpuHourMicroUsd }),
    placement: record,
    constraints: 'constraints' in where ? where.constraints : null,
    expiresAt: new Date(nowMs + QUOTE_MS),
  }
  await leases.insertQuote(row)
  return { row, among }
}
