/** What the daily cap left over of an SLA penalty, in µUSD: it is credited on a later day by `collectPenalty`. */
import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { PenaltyKey } from '../actions/collect-penalty.ts'
import type { ChainReader } from '../chain-client.ts'

export async function penaltyDueOf({ publicClient, deployment }: ChainReader, key: PenaltyKey): Promise<bigint> {
  return publicClient.readContract({
    address: deployment.addresses.ledger,
    abi: slaLedgerAbi,
    functionName: 'penaltyDueOf',
    args: [key.providerId, key.nodeId, key.channelId, key.termsHash],
  })
}
