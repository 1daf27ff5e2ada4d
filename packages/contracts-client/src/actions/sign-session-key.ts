/** Signs, with the key of a channel's owner that we hold, that another key may raise the channel's ceiling. */
import type { SessionKey, Signed } from '@isochrone/protocol'
import type { LocalAccount } from 'viem'

import type { ChainReader } from '../chain-client.ts'
import { sessionKeyTypedData } from '../typed-data.ts'

export async function signSessionKey(
  { deployment }: Pick<ChainReader, 'deployment'>,
  owner: LocalAccount,
  value: SessionKey,
): Promise<Signed<SessionKey>> {
  const { chainId, addresses } = deployment
  const { channelId, key, ceilingMax, validUntil } = value
  const input = { chainId, channels: addresses.channels, channelId, key, ceilingMax, validUntilS: BigInt(validUntil) }
  return { value, signature: await owner.signTypedData(sessionKeyTypedData(input)) }
}
