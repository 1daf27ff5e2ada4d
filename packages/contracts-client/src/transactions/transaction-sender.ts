/**
 * The transaction manager of one account: numbers its transactions in turn, prices them by the chain's fee model, and
 * sees each through until it has the confirmations that the chain's profile asks for.
 *
 * A transaction keeps its number: lost answers, forgetful nodes, rising fees and reorganisations lead to the same bytes
 * again or to a dearer signing of the same transaction, of which the chain can include only one. It gets a new number
 * only when somebody else's transaction holds the old one. Every queue and retry is bounded.
 */
import { randomInt } from 'node:crypto'

import { AppError, invariant } from '@isochrone/domain'
import type { Address, Hex, LocalAccount, PublicClient, TransactionReceipt } from 'viem'

import { explainChainError } from '../explain-chain-error.ts'
import { functionNameOf } from '../function-name-of.ts'
import { store, type AdvanceContext, type Watch } from './advance-transaction.ts'
import { assertChainId } from './assert-chain-id.ts'
import { broadcast } from './broadcast.ts'
import { developmentProfile, type ChainProfile } from './chain-profile.ts'
import { currentFees } from './fees.ts'
import { finishLeftovers, reconcileLeftovers, type Reconciled } from './leftovers.ts'
import { memoryPendingTransactions, type PendingTransactions } from './pending-transactions.ts'
import { seeThrough } from './see-through.ts'
import { signAttempt } from './sign-attempt.ts'
import { systemTime, type Time } from './time.ts'

export interface TransactionRequest {
  /** Undefined creates a contract. */
  to?: Address
  data: Hex
}

export interface TransactionSender {
  readonly account: LocalAccount
  /**
   * Resolves with the receipt of a transaction that succeeded and has its confirmations.
   *
   * @throws AppError `state_conflict` when the contract refuses (with `details.revert`) or the chain is another one,
   * `chain_unavailable` when the chain does not answer or does not include it in time (with `details.hash` once it was
   * sent: it stays on record, and the next send sees it through first).
   */
  send(request: TransactionRequest): Promise<TransactionReceipt>
  /**
   * Looks once after everything on record that no `send` of this process waits for: what a restart left, and what was
   * included but is not final, which a reorganisation can drop and which is then sent again. Call it now and then.
   */
  reconcile(): Promise<Reconciled>
}

export interface TransactionSenderOptions {
  publicClient: PublicClient
  account: LocalAccount
  /** A development chain with the id that the RPC answers, by default. */
  profile?: ChainProfile
  /** In memory by default. */
  pending?: PendingTransactions
  time?: Time
  /** A random whole number below its argument; from the system by default. */
  random?: (below: number) => number
  receiptTimeoutMs?: number
  pollMs?: number
  stuckAfterMs?: number
  displacedAfterMs?: number
}

const QUEUE_MAX = 1_000
const GAS_MARGIN = 60_000n
const GAS_JITTER = 2 ** 16
const NONCE_ATTEMPTS_MAX = 16
const CONTENTION_WAIT_MAX_POLLS = 8
const DISPLACED_MAX = 5

export function createTransactionSender(options: TransactionSenderOptions): TransactionSender {
  const { publicClient, account, pending = memoryPendingTransactions(), time = systemTime } = options
  const { random = randomInt } = options
  const inFlight = new Set<Hex>()
  const leftovers = { inFlight, watches: new Map<Hex, Watch>() }
  let turn: Promise<unknown> = Promise.resolve()
  let queued = 0
  let nextNonce: number | undefined
  let ready: Promise<AdvanceContext> | undefined

  async function send(request: TransactionRequest): Promise<TransactionReceipt> {
    if (queued >= QUEUE_MAX) {
      throw new AppError('chain_unavailable', { publicMessage: 'Too many transactions wait to be sent. Try again.' })
    }
    const context = await explained(contextOnce())
    for (let attempt = 0; attempt < DISPLACED_MAX; attempt++) {
      queued += 1
      const submitted = turn.then(() => submit(context, request))
      turn = submitted.catch(() => {})
      const watch = await submitted.finally(() => (queued -= 1))
      try {
        const receipt = await seeThrough(context, watch)
        if (receipt?.status === 'success') return receipt
        if (receipt) throw await refusalOf(request, receipt)
      } finally {
        inFlight.delete(watch.transaction.id)
      }
    }
    throw crowded()
  }

  /** The chain's id is checked once: a transaction for another chain must not even be signed. */
  function contextOnce(): Promise<AdvanceContext> {
    ready ??= makeContext().catch((error: unknown) => {
      ready = undefined
      throw error
    })
    return ready
  }

  async function makeContext(): Promise<AdvanceContext> {
    const profile = options.profile ?? developmentProfile(await publicClient.getChainId())
    if (options.profile) await assertChainId(publicClient, profile.chainId)
    const { stuckAfterMs = Math.max(15_000, 3 * profile.blockTimeMs) } = options
    const { displacedAfterMs = Math.max(2_000, profile.blockTimeMs) } = options
    const { receiptTimeoutMs = Math.max(60_000, (profile.confirmations + 10) * profile.blockTimeMs) } = options
    const { pollMs = Math.min(2_000, Math.max(50, profile.blockTimeMs / 10)) } = options
    const timing = { time, stuckAfterMs, displacedAfterMs, receiptTimeoutMs, pollMs }
    return { publicClient, account, profile, pending, ...timing }
  }

  /** Against the pending block, whose time is now: the last block of a quiet chain may be hours old. */
  async function estimate(request: TransactionRequest): Promise<number> {
    const gas = await publicClient.estimateGas({ account: account.address, ...request, blockTag: 'pending' })
    // More than estimated for what changes until inclusion: another epoch may have become payable. The random part
    // makes the bytes unlike any other process's, so that "already known" can only mean our own resend.
    return Number(gas + gas / 4n + GAS_MARGIN) + random(GAS_JITTER)
  }

  async function submit(context: AdvanceContext, request: TransactionRequest): Promise<Watch> {
    try {
      await finishLeftovers(context, leftovers)
      const gas = await estimate(request)
      const { profile } = context
      let isTooCheap = false
      for (let attempt = 0; attempt < NONCE_ATTEMPTS_MAX; attempt++) {
        const nonce = await pickNonce(context)
        const call = { chainId: profile.chainId, nonce, to: request.to ?? null, data: request.data, gas }
        const signed = await signAttempt(account, call, await currentFees(publicClient, profile), time.nowMs())
        const purpose = request.to === undefined ? 'deploy' : (functionNameOf(request.data) ?? 'call')
        const watch: Watch = {
          transaction: {
            ...call,
            id: signed.hash,
            account: account.address,
            purpose,
            status: 'sent',
            blockNumber: null,
            signed: [signed],
          },
        }
        const outcome = await launch(context, watch)
        if (outcome === 'launched') {
          nextNonce = nonce + 1
          return watch
        }
        nextNonce = undefined
        isTooCheap = outcome === 'underpriced'
        // Prices moved since we asked for them; or another process took the number, and both would try again together.
        const waitMs = isTooCheap ? context.pollMs : random(contentionWaitMsMax(context.pollMs, attempt))
        await time.sleep(waitMs)
      }
      throw isTooCheap ? tooCheap() : crowded()
    } catch (error) {
      nextNonce = undefined
      throw explainChainError(error)
    }
  }

  /** What may have reached the chain counts as sent: it is seen through, not repeated. */
  async function launch(context: AdvanceContext, watch: Watch): Promise<'launched' | 'taken' | 'underpriced'> {
    const { id, signed } = watch.transaction
    const [first] = signed
    invariant(first, 'a transaction is signed before it is launched')
    inFlight.add(id)
    try {
      await pending.save(watch.transaction)
      const outcome = await broadcast(publicClient, first.raw, time)
      if (outcome === 'accepted' || outcome === 'unknown') return 'launched'
      await store(context, watch, { status: outcome === 'taken' ? 'replaced' : 'failed' })
      inFlight.delete(id)
      return outcome
    } catch (error) {
      await store(context, watch, { status: 'failed' })
      inFlight.delete(id)
      throw error
    }
  }

  /** The chain's own count whenever nothing of ours is under way, so that a reset or dropped transaction leaves no gap. */
  async function pickNonce({ profile }: AdvanceContext): Promise<number> {
    const counted = await publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' })
    const known = await pending.open(profile.chainId, account.address)
    const last = known.at(-1)
    // A reorganisation gave numbers back that are still ours: their transactions go first.
    if (last && last.nonce >= counted && !inFlight.has(last.id)) await reconcile()
    if (inFlight.size === 0 || nextNonce === undefined) {
      return publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' })
    }
    return Math.max(counted, nextNonce)
  }

  async function reconcile(): Promise<Reconciled> {
    return reconcileLeftovers(await contextOnce(), leftovers)
  }

  /** It passed the estimate and failed when it ran: runs it again where it failed, to learn why. */
  async function refusalOf(request: TransactionRequest, receipt: TransactionReceipt): Promise<AppError> {
    const { blockNumber, transactionHash: hash } = receipt
    const again = publicClient.call({ account: account.address, ...request, blockNumber })
    const cause = await again.then(
      () => new Error(`transaction ${hash} reverted in block ${blockNumber}; execution reverted`),
      (error: unknown) => error,
    )
    return explainChainError(cause, { hash })
  }

  return { account, send, reconcile: () => explained(reconcile()) }
}

/** Growing, and drawn from, so that processes with one account fall out of step. In ms. */
function contentionWaitMsMax(pollMs: number, attempt: number): number {
  return 1 + Math.ceil(pollMs * Math.min(2 ** attempt, CONTENTION_WAIT_MAX_POLLS))
}

async function explained<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw explainChainError(error)
  }
}

function crowded(): AppError {
  return new AppError('chain_unavailable', {
    publicMessage: 'Other processes keep taking the transaction numbers of this account. Try again.',
  })
}

function tooCheap(): AppError {
  return new AppError('chain_unavailable', {
    publicMessage: 'The chain takes no transaction at the price that it names itself. Try again in a moment.',
  })
}
