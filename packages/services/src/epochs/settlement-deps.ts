/** What the steps of settlement are given, and what a round of them reports. */
import { toAppError } from '@isochrone/domain'
import type { SettlementChain, TransactionLog } from '../ports/chain-port.ts'
import type { EpochStore, RecordStore } from '../ports/epoch-store.ts'

export interface SettlementDeps {
  epochs: EpochStore
  records: RecordStore
  transactions: TransactionLog
  chain: SettlementChain
}

/** Something that could not go on, with the reason. */
export interface Stuck {
  lane: string
  epoch: bigint
  reason: string
}

/**
 * Does `work` and notes why it could not be done. True to go on with the next one, false once the chain is away: then
 * the round is over, for nothing else would succeed.
 */
export async function attempt(
  stuck: Stuck[],
  about: { lane: string; epoch: bigint },
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    const { code, publicMessage } = toAppError(error)
    stuck.push({ lane: about.lane, epoch: about.epoch, reason: publicMessage })
    return code !== 'chain_unavailable'
  }
}
