/** What performance records say about a provider's epoch of a lane: µUSD that final ones released, and that invalid ones freeze. */
import type { Hex } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainReader } from '../chain-client.ts'

export async function releaseOf(
  { publicClient, deployment }: ChainReader,
  { providerId, lane, epoch }: { providerId: Hex; lane: Hex; epoch: number },
): Promise<{ released: bigint; frozen: bigint }> {
  const [released, frozen] = await publicClient.readContract({
    address: deployment.addresses.ledger,
    abi: slaLedgerAbi,
    functionName: 'releaseOf',
    args: [providerId, lane, BigInt(epoch)],
  })
  return { released, frozen }
}
