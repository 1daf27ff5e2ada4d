/**
 * Sends one account's transactions: numbers them in turn, resends what may have been lost, waits for inclusion.
 *
 * A transaction is signed once and resent as the same bytes, so a lost answer never makes a second transaction. A nonce
 * that another process took is replaced by the next. Every queue and retry is bounded.
 */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { AppError } from '@isochrone/domain'
import { keccak256, type Address, type Hex, type LocalAccount, type PublicClient, type TransactionReceipt } from 'viem'

import { explainChainError, isRevert } from './explain-chain-error.ts'

export interface TransactionRequest {
  /** Undefined creates a contract. */
  to?: Address
  data: Hex
}

export interface TransactionSender {
  readonly account: LocalAccount
  /**
   * Resolves with the receipt of a transaction that succeeded.
   *
   * @throws AppError `state_conflict` when the contract refuses (with `details.revert`), `chain_unavailable` when the
   * chain does not answer or does not include it in time (with `details.hash` once it was sent).
   */
  send(request: TransactionRequest): Promise<TransactionReceipt>
}

export interface TransactionSenderOptions {
  publicClient: PublicClient
  account: LocalAccount
  receiptTimeoutMs?: number
  pollMs?: number
}

const QUEUE_MAX = 1_000
const GAS_MARGIN = 60_000n
const GAS_JITTER = 2 ** 16
const NONCE_ATTEMPTS_MAX = 8
const BROADCAST_ATTEMPTS_MAX = 4
const NONCE_TAKEN = /nonce too low|replacement transaction underpriced|transaction underpriced|already been used/i
const ALREADY_KNOWN = /already known|already imported|known transaction/i

export function createTransactionSender(options: TransactionSenderOptions): TransactionSender {
  const { publicClient, account, receiptTimeoutMs = 60_000, pollMs = 100 } = options
  let turn: Promise<unknown> = Promise.resolve()
  let queued = 0
  let inFlight = 0
  let nextNonce: number | undefined

  async function send(request: TransactionRequest): Promise<TransactionReceipt> {
    if (queued >= QUEUE_MAX) {
      throw new AppError('chain_unavailable', { publicMessage: 'Too many transactions wait to be sent. Try again.' })
    }
    const gas = await estimate(request)
    queued += 1
    const submitted = turn.then(() => submit(request, gas))
    turn = submitted.catch(() => {})
    const hash = await submitted.finally(() => (queued -= 1))
    try {
      return await included(request, hash)
    } finally {
      inFlight -= 1
    }
  }

  /** Against the pending block, whose time is now: the last block of a quiet chain may be hours old. */
  async function estimate(request: TransactionRequest): Promise<bigint> {
    try {
      const gas = await publicClient.estimateGas({ account: account.address, ...request, blockTag: 'pending' })
      // More than estimated for what changes until inclusion: another epoch may have become payable. The random part makes the bytes unlike any other process's, so that
      // "already known" can only mean our own resend.
      return gas + gas / 4n + GAS_MARGIN + BigInt(randomInt(GAS_JITTER))
    } catch (error) {
      throw explainChainError(error)
    }
  }

  async function submit(request: TransactionRequest, gas: bigint): Promise<Hex> {
    try {
      const chainId = await publicClient.getChainId()
      const fees = await publicClient.estimateFeesPerGas()
      for (let attempt = 0; attempt < NONCE_ATTEMPTS_MAX; attempt++) {
        const nonce = await pickNonce()
        const raw = await account.signTransaction({ type: 'eip1559', chainId, nonce, gas, ...fees, ...request })
        if (await broadcast(raw)) {
          nextNonce = nonce + 1
          inFlight += 1
          return keccak256(raw)
        }
        nextNonce = undefined
      }
    } catch (error) {
      nextNonce = undefined
      throw explainChainError(error)
    }
    throw new AppError('chain_unavailable', {
      publicMessage: 'Other processes keep taking the next transaction number of this account. Try again.',
    })
  }

  /** The chain's own count whenever nothing of ours is under way, so that a reset or dropped transaction leaves no gap. */
  async function pickNonce(): Promise<number> {
    const counted = await publicClient.getTransactionCount({ address: account.address, blockTag: 'pending' })
    return inFlight === 0 || nextNonce === undefined ? counted : Math.max(counted, nextNonce)
  }

  /** True once the chain has the transaction, false when its nonce went to another one. */
  async function broadcast(raw: Hex): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await publicClient.sendRawTransaction({ serializedTransaction: raw })
        return true
      } catch (error) {
        const text = String(error)
        if (ALREADY_KNOWN.test(text) || (await isKnown(keccak256(raw)))) return true
        if (NONCE_TAKEN.test(text)) return false
        if (isRevert(error) || attempt >= BROADCAST_ATTEMPTS_MAX) throw error
        await sleep(100 * 2 ** attempt)
      }
    }
  }

  async function isKnown(hash: Hex): Promise<boolean> {
    const transaction = await publicClient.getTransaction({ hash }).catch(() => null)
    return transaction !== null
  }

  async function included(request: TransactionRequest, hash: Hex): Promise<TransactionReceipt> {
    const deadlineMs = Date.now() + receiptTimeoutMs
    while (Date.now() < deadlineMs) {
      const receipt = await publicClient.getTransactionReceipt({ hash }).catch(() => null)
      if (receipt?.status === 'success') return receipt
      if (receipt) throw await refusalOf(request, receipt)
      await sleep(pollMs)
    }
    throw new AppError('chain_unavailable', {
      publicMessage: `The chain did not include transaction ${hash} within ${receiptTimeoutMs / 1000} s.`,
      details: { hash },
    })
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

  return { account, send }
}
