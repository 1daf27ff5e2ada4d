/**
 * What `collectPenalty` would credit now, in µUSD: 0 while the cap of the day is used up, disputes hold the stake, or there is
 * none of it.
 */
import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { PenaltyKey } from '../actions/collect-penalty.ts'
import type { ChainReader } from '../chain-client.ts'
import { explainChainError } from '../explain-chain-error.ts'

/** @throws AppError `state_conflict` where nothing is due at all. */
export async function penaltyPayable({ publicClient, deployment }: ChainReader, key: PenaltyKey): Promise<bigint> {
  try {
    const { result } = await publicClient.simulateContract({
      address: deployment.addresses.ledger,
      abi: slaLedgerAbi,
      functionName: 'collectPenalty',
      args: [key.providerId, key.nodeId, key.channelId, key.termsHash],
      // Whose time is now: the last block of a quiet chain may be of another day.
      blockTag: 'pending',
    })
    return result
  } catch (error) {
    throw explainChainError(error)
  }
}
