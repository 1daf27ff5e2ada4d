/** Proves, with a gateway's key that we hold, that its holder agrees to be a lane of this operator. */
import { addressOfKey, signStruct } from '@isochrone/protocol'
import type { Address, Hex } from 'viem'

import type { ChainReader } from '../chain-client.ts'
import type { AddLaneInput } from './add-lane.ts'

export function signLaneKey(
  { deployment }: Pick<ChainReader, 'deployment'>,
  { privateKey, operator }: { privateKey: Hex; operator: Address },
): AddLaneInput {
  const domain = { chainId: deployment.chainId, verifyingContract: deployment.addresses.registry }
  const gatewayKey = addressOfKey(privateKey)
  const { signature } = signStruct(domain, 'LaneKey', { gatewayKey, operator }, privateKey)
  return { gatewayKey, operator, signature }
}
