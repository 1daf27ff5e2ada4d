/** Lets one of our contracts take the sender's tokens, where it may not take that much already. */
import { encodeFunctionData } from 'viem'

import { testUsdcAbi } from '../abi/test-usdc.ts'
import type { ChainWriter } from '../chain-client.ts'
import type { ContractName } from '../deployment.ts'
import type { WriteOutcome } from './outcome.ts'

/** `amount` in µUSD. Approves exactly that, so that a contract never holds a claim on more than one step needs. */
export async function approveToken(
  { publicClient, sender, deployment }: ChainWriter,
  { spender, amount }: { spender: ContractName; amount: bigint },
): Promise<WriteOutcome> {
  const { token, [spender]: to } = deployment.addresses
  const args = [sender.account.address, to] as const
  const allowance = await publicClient.readContract({
    address: token,
    abi: testUsdcAbi,
    functionName: 'allowance',
    args,
  })
  if (allowance >= amount) return { receipt: null }
  const data = encodeFunctionData({ abi: testUsdcAbi, functionName: 'approve', args: [to, amount] })
  return { receipt: await sender.send({ to: token, data }) }
}
