/** Waits until a transaction has its confirmations or has lost its number, helping it along. */
import { AppError } from '@isochrone/domain'
import type { TransactionReceipt } from 'viem'

import { advance, store, type Advance, type AdvanceContext, type Watch } from './advance-transaction.ts'

/**
 * The receipt; null when another transaction took its number, so that it can never be included.
 *
 * @throws AppError `chain_unavailable` when that takes too long; it stays on record as sent.
 */
export async function seeThrough(context: AdvanceContext, watch: Watch): Promise<TransactionReceipt | null> {
  const { time, receiptTimeoutMs, pollMs } = context
  const deadlineMs = time.nowMs() + receiptTimeoutMs
  let silence: unknown
  do {
    const step = await advance(context, watch).catch((error: unknown): Advance => {
      silence = error // A chain that does not answer says nothing about the transaction.
      return { state: 'waiting' }
    })
    if (step.state === 'displaced') return null
    if (step.state === 'included') {
      // Where this cannot be recorded now, `reconcile` finds it included: no reason to call a success a failure.
      await recordInclusion(context, watch, step.receipt).catch(() => {})
      return step.receipt
    }
    await time.sleep(pollMs)
  } while (time.nowMs() < deadlineMs)
  const hash = watch.transaction.signed.at(-1)?.hash
  throw new AppError('chain_unavailable', {
    publicMessage: `The chain did not include transaction ${hash} within ${receiptTimeoutMs / 1000} s.`,
    details: { hash },
    cause: silence,
  })
}

async function recordInclusion(context: AdvanceContext, watch: Watch, receipt: TransactionReceipt): Promise<void> {
  const { finality, confirmations } = context.profile
  const isFinal = typeof finality !== 'string' && finality.depth < confirmations
  const status = receipt.status === 'reverted' ? 'failed' : isFinal ? 'final' : 'included'
  await store(context, watch, { status, blockNumber: receipt.blockNumber })
}
