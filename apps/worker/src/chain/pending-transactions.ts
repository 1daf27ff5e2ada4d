/** Transactions under way, kept in Postgres: what the sender needs to go on after a restart, as it asks for it. */
import type { PendingTransaction, PendingTransactions } from '@isochrone/contracts-client'
import type { Store } from '@isochrone/db'
import type { Hex } from '@isochrone/protocol'

type Body = Pick<PendingTransaction, 'to' | 'data' | 'gas' | 'signed'>

export function pendingTransactions(rows: Store['pendingTransactions']): PendingTransactions {
  return {
    async save({ to, data, gas, signed, ...row }) {
      const body: Body = { to, data, gas, signed }
      await rows.save({ ...row, account: row.account.toLowerCase(), body })
    },
    async open(chainId, account) {
      const kept = await rows.open(chainId, account)
      // Written by `save` above, and by nothing else.
      return kept.map(({ body, id, status, ...row }) => ({
        ...row,
        ...(body as Body),
        id: id as Hex,
        account,
        status: status as PendingTransaction['status'],
      }))
    },
  }
}
