/**
 * The Prisma client on node-postgres, with a bounded pool. Only this package knows Prisma; others get repositories.
 */
import { PrismaPg } from '@prisma/adapter-pg'
import { Prisma, PrismaClient } from './generated/client.ts'

export type Db = PrismaClient
/** A client, or the transaction that it is in. */
export type DbOrTx = Prisma.TransactionClient

export interface CreateDbOptions {
  /** Connections kept at most by this process. */
  readonly connectionsMax?: number
  /** How long a call outside of a transaction waits for one of them. */
  readonly connectionWaitMsMax?: number
  /** How long a transaction waits for a connection, and how long it may take then. */
  readonly transactionMsMax?: { readonly wait: number; readonly run: number }
  /** How long a statement waits for a row that others hold, by Postgres' own clock; without it, for ever. */
  readonly lockWaitMsMax?: number
}

/** `run` ends no statement: it is looked at between two of them. */
const transactionDefaults = { wait: 10_000, run: 30_000 }

/** Connects lazily: the first query opens the first connection. Close with `$disconnect()`. */
export function createDb(url: string, options: CreateDbOptions = {}): Db {
  const { connectionsMax = 10, connectionWaitMsMax = 10_000, lockWaitMsMax } = options
  const { transactionMsMax: msMax = transactionDefaults } = options
  const pool = { max: connectionsMax, connectionTimeoutMillis: connectionWaitMsMax, idleTimeoutMillis: 30_000 }
  const adapter = new PrismaPg(
    { connectionString: url, ...pool, ...(lockWaitMsMax !== undefined && { lock_timeout: lockWaitMsMax }) },
    // A connection that dies while idle (a restarted server) is replaced; without a listener it would end the process.
    { onPoolError: () => {}, onConnectionError: () => {} },
  )
  return new PrismaClient({ adapter, transactionOptions: { maxWait: msMax.wait, timeout: msMax.run } })
}
