/** Signs a ceiling with a key that we hold: for channels that the platform manages. */
import type { Hex, LocalAccount } from 'viem'

import type { ChainReader } from '../chain-client.ts'
import { ceilingTypedData } from '../typed-data.ts'

export async function signCeiling(
  { deployment }: Pick<ChainReader, 'deployment'>,
  account: LocalAccount,
  { channelId, amount }: { channelId: Hex; amount: bigint },
): Promise<Hex> {
  const { chainId, addresses } = deployment
  return account.signTypedData(ceilingTypedData({ chainId, channels: addresses.channels, channelId, amount }))
}
