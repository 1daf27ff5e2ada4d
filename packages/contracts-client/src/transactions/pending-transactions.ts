/**
 * Where a sender keeps what it has under way, so that a restart finds it again: a port. What is kept here goes out as the
 * same bytes or as a replacement under the same number, never a second time under another.
 */
import type { Address, Hex } from 'viem'

/** sent → included → final; replaced: another transaction took its number; failed: no node took it, or it reverted. */
export type PendingStatus = 'sent' | 'included' | 'final' | 'replaced' | 'failed'

/** One signing of it. wei as decimal text, so that all of it is JSON. */
export interface SignedAttempt {
  raw: Hex
  hash: Hex
  maxFeePerGasWei: string
  /** Null under the legacy fee model. */
  tipPerGasWei: string | null
  sentAtMs: number
}

export interface PendingTransaction {
  /** The hash of its first signing. */
  id: Hex
  chainId: number
  account: Address
  nonce: number
  /** What it is for: the function that it calls, as a rule. */
  purpose: string
  status: PendingStatus
  /** The block that holds it, while one does. */
  blockNumber: bigint | null
  to: Address | null
  data: Hex
  gas: number
  /** Oldest first; each later one replaces those before it. */
  signed: SignedAttempt[]
}

export interface PendingTransactions {
  /** Inserts or replaces, by `id`. Awaited before the first broadcast, so that nothing is ever under way unrecorded. */
  save(transaction: PendingTransaction): Promise<void>
  /** Those `sent` or `included`, by number. */
  open(chainId: number, account: Address): Promise<PendingTransaction[]>
}

/** For tests and for processes whose writes can be lost with them. Holds open ones only. */
export function memoryPendingTransactions(): PendingTransactions {
  const kept = new Map<Hex, PendingTransaction>()
  return {
    async save(transaction) {
      if (isOpen(transaction)) kept.set(transaction.id, structuredClone(transaction))
      else kept.delete(transaction.id)
    },
    async open(chainId, account) {
      const mine = [...kept.values()].filter((item) => item.chainId === chainId && item.account === account)
      return mine.toSorted((a, b) => a.nonce - b.nonce).map((item) => structuredClone(item))
    },
  }
}

export function isOpen({ status }: Pick<PendingTransaction, 'status'>): boolean {
  return status === 'sent' || status === 'included'
}
