/** When a provider put terms on record. */
import type { Hex } from 'viem'

import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ChainReader } from '../chain-client.ts'

/** Chain time in seconds; null when it never did. */
export async function termsRegisteredAt(
  { publicClient, deployment }: ChainReader,
  { providerId, termsHash }: { providerId: Hex; termsHash: Hex },
): Promise<number | null> {
  const seconds = await publicClient.readContract({
    address: deployment.addresses.registry,
    abi: providerRegistryAbi,
    functionName: 'termsRegisteredAt',
    args: [providerId, termsHash],
  })
  return seconds === 0n ? null : Number(seconds)
}
