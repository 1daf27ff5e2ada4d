/** The development faucet. Exists only where the token is `TestUSDC`. */
import { encodeFunctionData, type Address, type TransactionReceipt } from 'viem'

import { testUsdcAbi } from '../abi/test-usdc.ts'
import type { ChainWriter } from '../chain-client.ts'

/** `amount` in µUSD, a million USDC at most. */
export async function mintTestUsdc(
  { sender, deployment }: ChainWriter,
  { to, amount }: { to: Address; amount: bigint },
): Promise<TransactionReceipt> {
  const data = encodeFunctionData({ abi: testUsdcAbi, functionName: 'mint', args: [to, amount] })
  return sender.send({ to: deployment.addresses.token, data })
}
