/**
 * One look at a transaction that is under way, and one step for it: resend the same bytes where the chain forgot them,
 * replace it at a higher price where it is stuck, and say when it is done or has lost its number.
 */
import type { LocalAccount, PublicClient, TransactionReceipt } from 'viem'

import { broadcast, isKnown, isNotFound, type BroadcastOutcome } from './broadcast.ts'
import type { ChainProfile } from './chain-profile.ts'
import { bumpedFees, currentFees } from './fees.ts'
import type { PendingTransaction, PendingTransactions } from './pending-transactions.ts'
import { feesOf, signAttempt } from './sign-attempt.ts'
import type { Time } from './time.ts'

export interface AdvanceContext {
  publicClient: PublicClient
  account: LocalAccount
  profile: ChainProfile
  pending: PendingTransactions
  time: Time
  /** A transaction that is next in turn and not included for this long after its last signing is replaced. */
  stuckAfterMs: number
  /** Its number counts as lost when that was seen for this long: nodes behind one address may lag one another. */
  displacedAfterMs: number
  /** How long a send waits for inclusion and confirmations. */
  receiptTimeoutMs: number
  pollMs: number
}

export type Advance =
  | { state: 'waiting' }
  /** In a block with as many confirmations as the profile asks for. */
  | { state: 'included'; receipt: TransactionReceipt }
  /** Another transaction has its number: it can never be included. */
  | { state: 'displaced' }

/** What is remembered from one look to the next. */
export interface Watch {
  transaction: PendingTransaction
  displacedSinceMs?: number | undefined
}

const REPLACEMENTS_MAX = 20

/** @throws what the RPC throws when it does not answer; look again later. */
export async function advance(context: AdvanceContext, watch: Watch): Promise<Advance> {
  const { publicClient, account, time } = context
  const { transaction } = watch
  // The count before the receipt: read the other way round, an inclusion in between would look like a loss.
  const count = await publicClient.getTransactionCount({ address: account.address, blockTag: 'latest' })
  const receipt = await receiptOf(publicClient, transaction)
  if (receipt) {
    watch.displacedSinceMs = undefined
    return confirmed(context, watch, receipt)
  }
  if (transaction.status === 'included') await store(context, watch, { status: 'sent', blockNumber: null })
  if (count <= transaction.nonce) {
    watch.displacedSinceMs = undefined
    await resend(context, watch, count)
    return { state: 'waiting' }
  }
  watch.displacedSinceMs ??= time.nowMs()
  if (time.nowMs() - watch.displacedSinceMs < context.displacedAfterMs) return { state: 'waiting' }
  if (await adoptReplacements(context, watch)) return { state: 'waiting' }
  await store(context, watch, { status: 'replaced' })
  return { state: 'displaced' }
}

async function confirmed(context: AdvanceContext, watch: Watch, receipt: TransactionReceipt): Promise<Advance> {
  const { publicClient, profile } = context
  if (profile.confirmations > 1) {
    const head = await publicClient.getBlockNumber()
    if (head - receipt.blockNumber + 1n < BigInt(profile.confirmations)) {
      if (watch.transaction.blockNumber !== receipt.blockNumber) {
        await store(context, watch, { status: 'included', blockNumber: receipt.blockNumber })
      }
      return { state: 'waiting' }
    }
  }
  return { state: 'included', receipt }
}

/** The receipt of whichever signing was included. */
async function receiptOf(
  publicClient: PublicClient,
  { signed }: PendingTransaction,
): Promise<TransactionReceipt | null> {
  for (const { hash } of signed.toReversed()) {
    try {
      return await publicClient.getTransactionReceipt({ hash })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return null
}

async function resend(context: AdvanceContext, watch: Watch, count: number): Promise<void> {
  const { publicClient, time } = context
  const { transaction } = watch
  const latest = transaction.signed.at(-1)
  if (latest === undefined) return
  let outcome: BroadcastOutcome = 'accepted'
  // A restarted node forgets its pool, and a reorganisation may drop what it held.
  if ((await isKnown(publicClient, latest.hash)) === false) outcome = await broadcast(publicClient, latest.raw, time)
  const isNext = count === transaction.nonce // Behind another one of ours, a higher price would change nothing.
  const isStuck = time.nowMs() - latest.sentAtMs >= context.stuckAfterMs
  if (isNext && (isStuck || outcome === 'underpriced')) await replace(context, watch)
}

async function replace(context: AdvanceContext, watch: Watch): Promise<void> {
  const { publicClient, account, profile, time } = context
  const { transaction } = watch
  const latest = transaction.signed.at(-1)
  if (latest === undefined || transaction.signed.length > REPLACEMENTS_MAX) return
  const fees = bumpedFees(feesOf(latest), await currentFees(publicClient, profile), profile)
  if (fees === null) return // At our limit: it waits for gas to be cheaper.
  const attempt = await signAttempt(account, transaction, fees, time.nowMs())
  // On record before it is sent: whichever signing is included, a restart knows its hash.
  await store(context, watch, { signed: [...transaction.signed, attempt] })
  await broadcast(publicClient, attempt.raw, time)
}

/** Another process with the same record may have replaced it: then its hash is ours too. */
async function adoptReplacements(context: AdvanceContext, watch: Watch): Promise<boolean> {
  const { pending, account, profile } = context
  const { transaction } = watch
  const kept = (await pending.open(profile.chainId, account.address)).find(({ id }) => id === transaction.id)
  if (kept === undefined || kept.signed.length <= transaction.signed.length) return false
  watch.transaction = kept
  watch.displacedSinceMs = undefined
  return true
}

/** Changes the transaction, in the watch and on record. */
export async function store(
  { pending }: Pick<AdvanceContext, 'pending'>,
  watch: Watch,
  changes: Partial<PendingTransaction>,
): Promise<void> {
  watch.transaction = { ...watch.transaction, ...changes }
  await pending.save(watch.transaction)
}
