/**
 * Starts the grace period of a voucher that its lane has not anchored enough for: a lane that omits receipts cannot keep
 * a provider from its money. Each voucher has a period of its own. Anyone may.
 */
import type { Signed, Voucher } from '@isochrone/protocol'
import { encodeFunctionData } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { claimableAt } from '../reads/claimable-at.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Safe to retry: an announced voucher counts as done. `claimableAtS`: chain seconds from which `claimAnnounced` pays. */
export async function announce(
  writer: ChainWriter,
  { value, signature }: Signed<Voucher>,
): Promise<WriteOutcome & { claimableAtS: number }> {
  const args = [toAbiStruct('Voucher', value), signature] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'announce', args })
  const outcome = await doneWhen(
    'AlreadyAnnounced',
    writer.sender.send({ to: writer.deployment.addresses.channels, data }),
  )
  return { ...outcome, claimableAtS: (await claimableAt(writer, value)) ?? 0 }
}
