/** What each contract that holds money owes and what it holds, in µUSD. It never holds less. */
import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'
import { tokenBalance } from './token-balance.ts'

export const moneyHolders = ['channels', 'vault', 'ledger', 'disputes', 'contradictions'] as const
export type MoneyHolder = (typeof moneyHolders)[number]

/** Of one contract; of `PaymentChannels` when none is named. */
export async function solvency(
  reader: ChainReader,
  holder: MoneyHolder = 'channels',
): Promise<{ held: bigint; owed: bigint }> {
  const address = reader.deployment.addresses[holder]
  const abi = paymentChannelsAbi // `liabilities()` is the same function in each of them.
  const [held, owed] = await Promise.all([
    tokenBalance(reader, address),
    reader.publicClient.readContract({ address, abi, functionName: 'liabilities' }),
  ])
  return { held, owed }
}
