/** The samples of a payer at a node under one version of terms since they were last tested. */
import type { Hex } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainReader } from '../chain-client.ts'

export interface SlaPool {
  samples: number
  faults: number
  ttftSamples: number
  ttftOver: number
  tpotSamples: number
  tpotOver: number
  /** µUSD. */
  spent: bigint
}

export async function poolOf(
  { publicClient, deployment }: ChainReader,
  { nodeId, channelId, termsHash }: { nodeId: Hex; channelId: Hex; termsHash: Hex },
): Promise<SlaPool> {
  return publicClient.readContract({
    address: deployment.addresses.ledger,
    abi: slaLedgerAbi,
    functionName: 'poolOf',
    args: [nodeId, channelId, termsHash],
  })
}
