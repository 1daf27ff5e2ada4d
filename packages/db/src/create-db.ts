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
}

/** Connects lazily: the first query opens the first connection. Close with `$disconnect()`. */
export function createDb(url: string, { connectionsMax = 10 }: CreateDbOptions = {}): Db {
  const adapter = new PrismaPg(
    { connectionString: url, max: connectionsMax, connectionTimeoutMillis: 10_000, idleTimeoutMillis: 30_000 },
    // A connection that dies while idle (a restarted server) is replaced; without a listener it would end the process.
    { onPoolError: () => {}, onConnectionError: () => {} },
  )
  return new PrismaClient({ adapter, transactionOptions: { maxWait: 10_000, timeout: 30_000 } })
}
