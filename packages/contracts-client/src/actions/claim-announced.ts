/** Pays an announced voucher after its grace period, without an anchored sum: `announce` has checked its signature. */
import type { Voucher } from '@isochrone/protocol'
import { encodeFunctionData } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { isNothingDue } from './claim.ts'
import { claimResultOf } from './claim-many.ts'
import type { WriteOutcome } from './outcome.ts'

/** Safe to retry: a voucher that was paid in full before is an outcome without a receipt. Amounts in µUSD. */
export async function claimAnnounced(
  { sender, deployment }: ChainWriter,
  voucher: Voucher,
): Promise<WriteOutcome & { paid: bigint; unpaid: bigint }> {
  const args = [toAbiStruct('Voucher', voucher)] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'claimAnnounced', args })
  try {
    const receipt = await sender.send({ to: deployment.addresses.channels, data })
    const [paid] = claimResultOf(receipt).claimed
    return { receipt, paid: paid?.paid ?? 0n, unpaid: paid?.unpaid ?? 0n }
  } catch (error) {
    if (isNothingDue(error)) return { receipt: null, paid: 0n, unpaid: 0n }
    throw error
  }
}
