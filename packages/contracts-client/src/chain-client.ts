/**
 * What the actions of this package need: a way to read the chain, and for writes an account that sends.
 */
import { createPublicClient, http, type Hex, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import type { Deployment } from './deployment.ts'
import { createTransactionSender, type TransactionSender } from './transaction-sender.ts'

export interface ChainReader {
  publicClient: PublicClient
  deployment: Deployment
}

export interface ChainWriter extends ChainReader {
  sender: TransactionSender
}

export interface ChainReaderOptions {
  rpcUrl: string
  deployment: Deployment
}

/** A client of any chain: its id is asked for, not assumed. */
export function createChainClient(rpcUrl: string): PublicClient {
  // No cache: a block number that is a few seconds old would hide what was just included.
  return createPublicClient({ transport: http(rpcUrl, { retryCount: 2, timeout: 10_000 }), cacheTime: 0 })
}

export function createChainReader({ rpcUrl, deployment }: ChainReaderOptions): ChainReader {
  return { publicClient: createChainClient(rpcUrl), deployment }
}

/** One writer per account and process: it numbers the account's transactions. */
export function createChainWriter(options: ChainReaderOptions & { privateKey: Hex }): ChainWriter {
  const reader = createChainReader(options)
  const account = privateKeyToAccount(options.privateKey)
  return { ...reader, sender: createTransactionSender({ publicClient: reader.publicClient, account }) }
}
