/**
 * Confirms a quote: takes the GPUs by one conditional update, then holds the worst case in the channel's budget.
 *
 * Of all who race for the last GPU, one gets it and the others are told so. Whoever gets GPUs and lacks the money gives them
 * back at once. The quote's id makes it safe to repeat, before and after a crash: the worker finishes what was begun. Whoever
 * lost the answer confirms it again, also when its minute is over: the lease is there, or a refusal says that there is none.
 */
import { AppError } from '@isochrone/domain'
import { bytes32Of } from '@isochrone/protocol'
import { trustLevels } from '@isochrone/scheduler'
import { STAKE_MIN_MICRO_USD } from '../listings/stake.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { LeaseBudget, LeaseQuoteRow, LeaseRow } from '../ports/lease-store.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import { rentalOfTerms } from '../providers/terms.ts'
import { constraintsOfStored } from './lease-constraints.ts'
import { holdMoney, NOT_COVERED } from './hold-money.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock'> & { budget: LeaseBudget }

/** Throws `not_found` for another organisation's quote, `state_conflict` for one that holds no more or whose lease has failed. */
export async function rentLease(deps: Deps, { orgId, quoteId }: { orgId: string; quoteId: string }): Promise<LeaseRow> {
  const { store } = deps
  const before = await store.leases.get(quoteId, orgId)
  const lease = before ?? (await takeGpus(deps, orgId, quoteId))
  if (lease.status === 'failed') throw hasFailed(lease)
  if (lease.status !== 'requested') return lease
  const held = await holdMoney(deps, lease)
  if (held === null) {
    throw new AppError('insufficient_balance', {
      publicMessage:
        'The balance and spending limit do not cover the worst case of this lease. Add funds, then ask for another price.',
    })
  }
  return held
}

/** What was not covered once stays refused, whatever was added since: the GPUs were given back, and may be others' by now. */
function hasFailed({ error }: LeaseRow): AppError {
  return new AppError(error === NOT_COVERED ? 'insufficient_balance' : 'state_conflict', {
    publicMessage: `This lease has failed. ${error ?? 'It could not begin.'} Ask for another price.`,
  })
}

async function takeGpus({ store, clock }: Deps, orgId: string, quoteId: string): Promise<LeaseRow> {
  const quote = await store.leases.quote(quoteId, orgId)
  if (!quote) throw new AppError('not_found', { publicMessage: 'There is no such quote.' })
  const channel = await store.funding.channelOfOrg(orgId)
  if (!channel) {
    throw new AppError('insufficient_balance', {
      publicMessage: 'Your organisation has no funds yet. Add funds, then ask for another price.',
    })
  }
  const { node, rental } = await nodeAsQuoted(store, quote)
  const tooLate = () =>
    new AppError('capacity_unavailable', {
      publicMessage: `Others were quicker: ${node.name} has fewer than ${quote.gpus} GPUs free now. Nothing was charged.`,
    })
  // Most of those who come too late need no turn at the row for which everybody waits.
  const taken = (await store.leases.takenGpus([quote.nodeId])).get(quote.nodeId) ?? 0
  if (taken + quote.gpus > rental.gpus && !(await store.leases.get(quoteId, orgId))) throw tooLate()
  const lease = await store.transaction(async (tx) => {
    // Whoever confirms the same quote at the same time waits for the first one's row, and finds it.
    if (!(await tx.leases.insert(leaseOf(quote, channel.id, node.providerId), clock.nowMs()))) return null
    // Only now: somebody who confirmed it in its last moment was waited for, and nobody can any more.
    if (quote.expiresAt.getTime() <= clock.nowMs()) {
      throw new AppError('state_conflict', {
        publicMessage: 'This price held for a minute, which is over. Nothing was rented: ask for another.',
      })
    }
    // Last, so that the row is held for no longer than the commit takes.
    if (!(await tx.leases.takeGpus(quote.nodeId, quote.gpus, rental.gpus))) throw tooLate()
    return tx.leases.get(quote.id)
  })
  const known = lease ?? (await store.leases.get(quoteId, orgId))
  if (!known) throw new AppError('internal', { publicMessage: 'The lease was not stored.' })
  return known
}

/** Throws `state_conflict` where the node takes no new leases, or is not what was quoted any more. */
async function nodeAsQuoted(store: Deps['store'], quote: LeaseQuoteRow) {
  const node = await store.providers.node(quote.nodeId)
  const rental = node && node.status === 'active' && node.termsHash === quote.termsHash && rentalOfTerms(node.terms)
  const barred = await store.leases.barredFromLeases([quote.nodeId], STAKE_MIN_MICRO_USD)
  if (barred.get(quote.nodeId) === 'checks') {
    throw new AppError('state_conflict', {
      publicMessage: 'A check of this node has failed, so it takes no new leases. Ask for another price.',
    })
  }
  if (!node || !rental || barred.has(quote.nodeId)) {
    throw new AppError('state_conflict', {
      publicMessage: 'The provider has changed its offer. Ask for another price.',
    })
  }
  if (!isKnownAsAsked(node, quote.constraints)) {
    throw new AppError('state_conflict', {
      publicMessage: 'Less is known of this node now than you ask for. Ask for another price.',
    })
  }
  return { node, rental }
}

/** A check may have found something since it was quoted; what else constraints ask is in the terms, or was detected for good. */
function isKnownAsAsked({ trust }: Pick<ListedNodeRow, 'trust'>, stored: unknown): boolean {
  const constraints = constraintsOfStored(stored)
  return constraints === null || trustLevels.indexOf(trust) >= trustLevels.indexOf(constraints.minTrust)
}

function leaseOf(quote: LeaseQuoteRow, channelId: string, providerId: string) {
  const { id, orgId, createdBy, model, gpus, durationMs, nodeId, termsHash, perGpuHourMicroUsd } = quote
  return {
    id,
    idHash: bytes32Of(id),
    orgId,
    channelId,
    createdBy,
    model,
    gpus,
    durationMs,
    // What was agreed is the most that it costs elsewhere.
    maxPerGpuHourMicroUsd: perGpuHourMicroUsd,
    constraints: quote.constraints,
    nodeId,
    providerId,
    termsHash,
    perGpuHourMicroUsd,
    reservedMicroUsd: quote.reserveMicroUsd,
  }
}
