/** Whether a contract is at an address. The answer is a stranger's: what is no code is said so. */
import { AppError } from '@isochrone/domain'
import type { Address, PublicClient } from 'viem'

import { endpointError, endpointOf } from '../endpoint-error.ts'

/** @throws AppError `chain_unavailable` in one sentence that names the endpoint. */
export async function hasCode(publicClient: PublicClient, address: Address): Promise<boolean> {
  const name = endpointOf(publicClient)
  const asked = publicClient.request({ method: 'eth_getCode', params: [address, 'latest'] })
  const answer: unknown = await asked.catch((error: unknown) => {
    throw endpointError(name, error)
  })
  if (typeof answer === 'string' && /^0x(?:[0-9a-f]{2})*$/i.test(answer)) return answer !== '0x'
  throw new AppError('chain_unavailable', {
    publicMessage: `The chain endpoint ${name} does not answer as a chain would: it gives no code for ${address}.`,
  })
}
