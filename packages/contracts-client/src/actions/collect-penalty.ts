/** Credits what a provider's daily cap left over of an SLA penalty. Anyone may. */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainWriter } from '../chain-client.ts'

export interface PenaltyKey {
  providerId: Hex
  nodeId: Hex
  channelId: Hex
  termsHash: Hex
}

export async function collectPenalty(
  { sender, deployment }: ChainWriter,
  key: PenaltyKey,
): Promise<TransactionReceipt> {
  const args = [key.providerId, key.nodeId, key.channelId, key.termsHash] as const
  const data = encodeFunctionData({ abi: slaLedgerAbi, functionName: 'collectPenalty', args })
  return sender.send({ to: deployment.addresses.ledger, data })
}
