/** Which chain an endpoint is of. The answer is a stranger's: what is no number is said so. */
import { AppError } from '@isochrone/domain'
import type { PublicClient } from 'viem'

import { endpointError, endpointOf } from '../endpoint-error.ts'

/** @throws AppError `chain_unavailable` in one sentence that names the endpoint. */
export async function chainIdOf(publicClient: PublicClient): Promise<number> {
  const name = endpointOf(publicClient)
  const answer: unknown = await publicClient.request({ method: 'eth_chainId' }).catch((error: unknown) => {
    throw endpointError(name, error)
  })
  const id = typeof answer === 'string' && /^0x[0-9a-f]{1,14}$/i.test(answer) ? Number(answer) : Number.NaN
  if (Number.isSafeInteger(id) && id > 0) return id
  throw new AppError('chain_unavailable', {
    publicMessage: `The chain endpoint ${name} does not answer as a chain would: it gives no number as its id.`,
    details: { answer: JSON.stringify(answer)?.slice(0, 100) },
  })
}
