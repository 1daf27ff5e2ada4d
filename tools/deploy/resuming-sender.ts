/** A sender that sends nothing twice: what the journal holds already is seen through and its receipt given. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@isochrone/domain'
import type { TransactionRequest, TransactionSender } from '@isochrone/contracts-client'
import { TransactionReceiptNotFoundError, type PublicClient, type TransactionReceipt } from 'viem'
import type { DeployJournal } from './deploy-journal.ts'

export interface ResumingSenderOptions {
  publicClient: PublicClient
  sender: TransactionSender
  journal: DeployJournal
  /** Told of each transaction when it counts. */
  onDone: (request: TransactionRequest, receipt: TransactionReceipt, isNew: boolean) => void
  pollMs: number
}

/** Looks after a transaction of an earlier run before it is given up. */
const LOOKS_MAX = 600

export function createResumingSender(options: ResumingSenderOptions): TransactionSender {
  const { publicClient, sender, journal, onDone, pollMs } = options

  async function send(request: TransactionRequest): Promise<TransactionReceipt> {
    const earlier = await resumed(request)
    const receipt = earlier ?? (await sender.send(request))
    onDone(request, receipt, earlier === null)
    return receipt
  }

  /** Null when it must be sent: it never was, or what was sent can no longer be included. */
  async function resumed(request: TransactionRequest): Promise<TransactionReceipt | null> {
    for (let look = 0; look < LOOKS_MAX; look++) {
      const known = journal.find(request)
      if (!known) return null
      for (const { hash } of known.signed.toReversed()) {
        const receipt = await receiptOf(hash)
        if (receipt?.status === 'success') return receipt
      }
      // Sends the same bytes again where the chain forgot them, and dearer ones where they are stuck.
      await sender.reconcile()
      await sleep(pollMs)
    }
    throw new AppError('chain_unavailable', {
      publicMessage: 'A transaction of the run before is not included yet. Run the command again later.',
    })
  }

  async function receiptOf(hash: `0x${string}`): Promise<TransactionReceipt | null> {
    try {
      return await publicClient.getTransactionReceipt({ hash })
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return null
      throw error
    }
  }

  return {
    account: sender.account,
    send,
    reconcile: () => sender.reconcile(),
  }
}
