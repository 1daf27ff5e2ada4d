/** The bonds that disputes cost, in µUSD, as the contract was deployed. */
import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainReader } from '../chain-client.ts'

export async function disputeBonds({
  publicClient,
  deployment,
}: ChainReader): Promise<{ file: bigint; appeal: bigint }> {
  const disputes = { address: deployment.addresses.disputes, abi: disputeManagerAbi }
  const [file, appeal] = await Promise.all([
    publicClient.readContract({ ...disputes, functionName: 'bond' }),
    publicClient.readContract({ ...disputes, functionName: 'appealBond' }),
  ])
  return { file, appeal }
}
