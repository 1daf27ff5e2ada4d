/** Sends a transaction and keeps a record of how it ended, for the pages and for people who look after the platform. */
import { newId, toAppError } from '@isochrone/domain'
import type { Sent, TransactionLog } from '../ports/chain-port.ts'

/** What `send` resolves with. A refusal is recorded and thrown; nothing is recorded when no transaction was needed. */
export async function sendRecorded<T extends Sent>(
  log: TransactionLog,
  { purpose, subject }: { purpose: string; subject: string },
  send: () => Promise<T>,
): Promise<T> {
  try {
    const sent = await send()
    if (sent.txHash !== null) {
      const { txHash } = sent
      await log.recordTransaction({ id: newId('tx'), purpose, subject, txHash, status: 'final', error: null })
    }
    return sent
  } catch (error) {
    const { code, publicMessage } = toAppError(error)
    // A chain that is away would fill the table with the same line; the worker's log has it.
    if (code === 'state_conflict') {
      const row = { id: newId('tx'), purpose, subject, txHash: null, status: 'failed', error: publicMessage }
      await log.recordTransaction(row)
    }
    throw error
  }
}
