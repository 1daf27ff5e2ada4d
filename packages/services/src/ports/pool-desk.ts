/** Pools as the ledger holds and tests them: a payer's samples of a node under some terms since the last test. */
import type { SlaCounts } from '@isochrone/protocol'

export type PoolCounts = Pick<
  SlaCounts,
  'samples' | 'faults' | 'ttftSamples' | 'ttftOver' | 'tpotSamples' | 'tpotOver' | 'spent'
>

export interface PoolKey {
  nodeId: string
  channelId: string
  termsHash: string
}

export interface PoolDesk {
  /** Throws `chain_unavailable`. */
  poolOf(key: PoolKey): Promise<PoolCounts>
  /** The ledger's test, done beforehand. `bits`: 1 availability, 2 TTFT, 4 TPOT; `after`: what stays in the pool. */
  test(pool: PoolCounts): { bits: number; after: PoolCounts }
}
