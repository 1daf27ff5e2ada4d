/**
 * What the actions of this package need: a way to read the chain, and for writes an account that sends.
 */
import { createPublicClient, http, type Hex, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import type { Deployment } from './deployment.ts'
import { developmentProfile, type ChainProfile } from './transactions/chain-profile.ts'
import type { PendingTransactions } from './transactions/pending-transactions.ts'
import {
  createTransactionSender,
  type TransactionSender,
  type TransactionSenderOptions,
} from './transactions/transaction-sender.ts'

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
  /** How requests go out; the system's when left out. */
  fetchFn?: typeof fetch | undefined
}

/** An endpoint that says nothing for so long is given up. */
export const RPC_TIMEOUT_MS = 10_000

/** `time` and `random` are the system's by default. */
export interface ChainWriterOptions extends ChainReaderOptions, Pick<TransactionSenderOptions, 'time' | 'random'> {
  privateKey: Hex
  /** A development chain by default. */
  profile?: ChainProfile
  /** Where a restart finds what was under way; in memory by default. */
  pending?: PendingTransactions
}

/** A client of any chain: its id is asked for, not assumed. */
export function createChainClient(rpcUrl: string, fetchFn?: typeof fetch): PublicClient {
  // No cache: a block number that is a few seconds old would hide what was just included.
  return createPublicClient({
    transport: http(rpcUrl, { retryCount: 2, timeout: RPC_TIMEOUT_MS, fetchFn }),
    cacheTime: 0,
  })
}

export function createChainReader({ rpcUrl, deployment, fetchFn }: ChainReaderOptions): ChainReader {
  return { publicClient: createChainClient(rpcUrl, fetchFn), deployment }
}

/** One writer per account and process: it numbers the account's transactions. */
export function createChainWriter({ privateKey, pending, time, random, ...options }: ChainWriterOptions): ChainWriter {
  const reader = createChainReader(options)
  const { profile = developmentProfile(options.deployment.chainId) } = options
  const account = privateKeyToAccount(privateKey)
  const { publicClient } = reader
  const optional = { ...(pending && { pending }), ...(time && { time }), ...(random && { random }) }
  return { ...reader, sender: createTransactionSender({ publicClient, account, profile, ...optional }) }
}
