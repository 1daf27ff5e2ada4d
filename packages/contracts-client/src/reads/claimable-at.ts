/** When an announced voucher can be claimed by its signature alone. */
import type { Voucher } from '@isochrone/protocol'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainReader } from '../chain-client.ts'

/** Chain time in seconds; null when it was not announced. */
export async function claimableAt({ publicClient, deployment }: ChainReader, voucher: Voucher): Promise<number | null> {
  const seconds = await publicClient.readContract({
    address: deployment.addresses.channels,
    abi: paymentChannelsAbi,
    functionName: 'claimableAt',
    args: [toAbiStruct('Voucher', voucher)],
  })
  return seconds === 0n ? null : Number(seconds)
}
