/**
 * Sends one account's transactions: numbers them in turn, resends what may have been lost, waits for inclusion.
 *
 * A transaction is signed once and resent as the same bytes, so a lost answer never makes a second transaction. It gets a
 * new number only when another process's transaction holds the old one. Every queue and retry is bounded.
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
const DISPLACED_MAX = 5
/** A number counts as lost when its loss was seen for this long: nodes behind one address may lag one another. */
const DISPLACED_AFTER_MS = 2_000
const NONCE_TAKEN = /nonce too low|replacement transaction underpriced|transaction underpriced|already been used/i
const ALREADY_KNOWN = /already known|already imported|known transaction/i

interface Sent {
  raw: Hex
  hash: Hex
  nonce: number
}

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
    for (let attempt = 0; attempt < DISPLACED_MAX; attempt++) {
      queued += 1
      const submitted = turn.then(() => submit(request, gas))
      turn = submitted.catch(() => {})
      const sent = await submitted.finally(() => (queued -= 1))
      const receipt = await included(sent).finally(() => (inFlight -= 1))
      if (receipt?.status === 'success') return receipt
      if (receipt) throw await refusalOf(request, receipt)
    }
    throw crowded()
  }

  /** Against the pending block, whose time is now: the last block of a quiet chain may be hours old. */
  async function estimate(request: TransactionRequest): Promise<bigint> {
    try {
      const gas = await publicClient.estimateGas({ account: account.address, ...request, blockTag: 'pending' })
      // More than estimated for what changes until inclusion: another epoch may have become payable. The random part
      // makes the bytes unlike any other process's, so that "already known" can only mean our own resend.
      return gas + gas / 4n + GAS_MARGIN + BigInt(randomInt(GAS_JITTER))
    } catch (error) {
      throw explainChainError(error)
    }
  }

  async function submit(request: TransactionRequest, gas: bigint): Promise<Sent> {
    try {
      const chainId = await publicClient.getChainId()
      const fees = await publicClient.estimateFeesPerGas()
      for (let attempt = 0; attempt < NONCE_ATTEMPTS_MAX; attempt++) {
        const nonce = await pickNonce()
        const raw = await account.signTransaction({ type: 'eip1559', chainId, nonce, gas, ...fees, ...request })
        if (await broadcast(raw)) {
          nextNonce = nonce + 1
          inFlight += 1
          return { raw, hash: keccak256(raw), nonce }
        }
        nextNonce = undefined
      }
    } catch (error) {
      nextNonce = undefined
      throw explainChainError(error)
    }
    throw crowded()
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

  /** The receipt; null when another process's transaction took our number, so that ours can never be included. */
  async function included({ raw, hash, nonce }: Sent): Promise<TransactionReceipt | null> {
    const deadlineMs = Date.now() + receiptTimeoutMs
    let displacedSinceMs: number | undefined
    while (Date.now() < deadlineMs) {
      const count = await publicClient.getTransactionCount({ address: account.address }).catch(() => 0)
      const receipt = await publicClient.getTransactionReceipt({ hash }).catch(() => null)
      if (receipt) return receipt
      if (count <= nonce) {
        displacedSinceMs = undefined
        if (!(await isKnown(hash))) await broadcast(raw).catch(() => false) // A restarted node forgets its pool.
      } else {
        displacedSinceMs ??= Date.now()
        if (Date.now() - displacedSinceMs >= DISPLACED_AFTER_MS) return null
      }
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

function crowded(): AppError {
  return new AppError('chain_unavailable', {
    publicMessage: 'Other processes keep taking the transaction numbers of this account. Try again.',
  })
}
