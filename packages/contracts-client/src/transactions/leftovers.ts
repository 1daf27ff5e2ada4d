/**
 * Transactions on record that no send of this process waits for: what an earlier process left, what a send gave up on,
 * and what is included but can still vanish in a reorganisation.
 */
import { AppError } from '@isochrone/domain'
import type { Hex } from 'viem'

import { advance, store, type AdvanceContext, type Watch } from './advance-transaction.ts'
import { finalBlockNumber } from './final-block-number.ts'

export interface Reconciled {
  /** Transactions that can no longer vanish. */
  final: number
  /** Transactions still under way. */
  open: number
  /** Transactions whose number went to another one. */
  lost: number
}

export interface Leftovers {
  /** Ids of those that a send waits for. */
  inFlight: ReadonlySet<Hex>
  /** What is remembered from one look to the next. */
  watches: Map<Hex, Watch>
}

/** Looks once after each of them. */
export async function reconcileLeftovers(context: AdvanceContext, leftovers: Leftovers): Promise<Reconciled> {
  const { publicClient, account, profile, pending } = context
  const { inFlight, watches } = leftovers
  const result: Reconciled = { final: 0, open: 0, lost: 0 }
  const finalBlock = await finalBlockNumber(publicClient, profile)
  for (const transaction of await pending.open(profile.chainId, account.address)) {
    if (inFlight.has(transaction.id)) continue
    const watch: Watch = { ...watches.get(transaction.id), transaction }
    watches.set(transaction.id, watch)
    const step = await advance(context, watch)
    if (step.state === 'waiting') {
      result.open += 1
      continue
    }
    watches.delete(transaction.id)
    if (step.state === 'displaced') {
      result.lost += 1
      continue
    }
    const { status, blockNumber } = step.receipt
    const isFinal = blockNumber <= finalBlock
    const next = status === 'reverted' ? 'failed' : isFinal ? 'final' : 'included'
    if (next !== transaction.status || blockNumber !== transaction.blockNumber) {
      await store(context, watch, { status: next, blockNumber })
    }
    result[isFinal ? 'final' : 'open'] += 1
  }
  return result
}

/**
 * Sees those that are not included through: their numbers come before any new one.
 *
 * @throws AppError `chain_unavailable` when that takes too long.
 */
export async function finishLeftovers(context: AdvanceContext, leftovers: Leftovers): Promise<void> {
  const { account, profile, pending, time, receiptTimeoutMs, pollMs } = context
  const deadlineMs = time.nowMs() + receiptTimeoutMs
  for (;;) {
    const open = await pending.open(profile.chainId, account.address)
    const left = open.filter(({ id, status }) => status === 'sent' && !leftovers.inFlight.has(id))
    if (left.length === 0) return
    if (time.nowMs() >= deadlineMs) {
      throw new AppError('chain_unavailable', {
        publicMessage: `An earlier transaction of ${account.address} still waits to be included. Try again later.`,
        details: { hash: left[0]?.signed.at(-1)?.hash },
      })
    }
    await reconcileLeftovers(context, leftovers)
    await time.sleep(pollMs)
  }
}
