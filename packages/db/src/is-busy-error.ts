/**
 * Whether a transaction ended because others were in its way for too long, and so for certain wrote nothing: it never began, or it
 * was rolled back. False where that is not certain, as for a connection that was lost while it committed.
 */
import { Prisma } from './generated/client.ts'

/** No connection was free, or its time was over before it came to its end. Prisma rolls it back before it says so. */
const neverBegunOrExpired = /Unable to start a transaction in the given time|on an expired transaction/
/** Postgres: a row was held for longer than `lock_timeout`, or `statement_timeout` was over. It aborts the transaction. */
const gaveUpWaiting = /Code: `(55P03|57014)`/
/** node-postgres: all connections of the pool are in use. */
const noConnection = 'timeout exceeded when trying to connect'

export function isBusyError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.message.includes(noConnection)) return true
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false
  if (error.code === 'P2028') return neverBegunOrExpired.test(error.message)
  // P2034: a deadlock or a write conflict, of which Postgres rolls one back. P2024: no connection was free.
  return error.code === 'P2034' || error.code === 'P2024' || gaveUpWaiting.test(error.message)
}
