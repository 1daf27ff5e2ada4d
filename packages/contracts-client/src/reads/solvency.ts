/** What `PaymentChannels` owes and what it holds, in µUSD. It never holds less. */
import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'
import { tokenBalance } from './token-balance.ts'

export async function solvency(reader: ChainReader): Promise<{ held: bigint; owed: bigint }> {
  const address = reader.deployment.addresses.channels
  const [held, owed] = await Promise.all([
    tokenBalance(reader, address),
    reader.publicClient.readContract({ address, abi: paymentChannelsAbi, functionName: 'liabilities' }),
  ])
  return { held, owed }
}
