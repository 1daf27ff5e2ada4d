/** Deposits the sender's tokens in one transaction, by an ERC-2612 permit that the sender's key signs here. */
import { encodeFunctionData, parseSignature, type Hex, type TransactionReceipt } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { testUsdcAbi } from '../abi/test-usdc.ts'
import type { ChainWriter } from '../chain-client.ts'
import { permitTypedData } from '../typed-data.ts'

export interface DepositWithPermitInput {
  channelId: Hex
  /** µUSD. */
  amount: bigint
  /** Unix time in seconds after which the permit is void. */
  deadlineS: bigint
}

export async function depositWithPermit(
  { publicClient, sender, deployment }: ChainWriter,
  { channelId, amount, deadlineS }: DepositWithPermitInput,
): Promise<TransactionReceipt> {
  const { token, channels } = deployment.addresses
  const owner = sender.account.address
  const nonce = await publicClient.readContract({
    address: token,
    abi: testUsdcAbi,
    functionName: 'nonces',
    args: [owner],
  })
  const typedData = permitTypedData({ chainId: deployment.chainId, token, owner, channels, amount, nonce, deadlineS })
  const { r, s, yParity } = parseSignature(await sender.account.signTypedData(typedData))
  const data = encodeFunctionData({
    abi: paymentChannelsAbi,
    functionName: 'depositWithPermit',
    args: [channelId, amount, deadlineS, 27 + yParity, r, s],
  })
  return sender.send({ to: channels, data })
}
