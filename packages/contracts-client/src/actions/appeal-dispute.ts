/** Takes a ruling to three arbiters of the rest of the roster. The sender must be a party; it puts up a bond. */
import { encodeFunctionData, isAddressEqual } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { disputeBonds } from '../reads/dispute-bonds.ts'
import { disputeOf } from '../reads/dispute-of.ts'
import { approveToken } from './approve-token.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Safe to retry: an appeal by the sender counts as done. */
export async function appealDispute(writer: ChainWriter, disputeId: bigint): Promise<WriteOutcome> {
  const { sender, deployment } = writer
  const isOurs = async () => {
    const appellant = (await disputeOf(writer, disputeId))?.appellant
    return typeof appellant === 'string' && isAddressEqual(appellant, sender.account.address)
  }
  if (await isOurs()) return { receipt: null }
  await approveToken(writer, { spender: 'disputes', amount: (await disputeBonds(writer)).appeal })
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'appeal', args: [disputeId] })
  return doneWhen('WrongState', sender.send({ to: deployment.addresses.disputes, data }), isOurs)
}
