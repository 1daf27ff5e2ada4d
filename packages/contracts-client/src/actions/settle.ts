/** Pays out a provider's epochs of one lane whose window is over: net to the payout, fee to the treasury. */
import { encodeFunctionData, parseEventLogs, type Address, type Hex } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface SettleInput {
  providerId: Hex
  lane: Hex
  epochs: readonly number[]
}

export interface SettledEpoch {
  epoch: number
  /** µUSD; gross = fee + net. */
  gross: bigint
  fee: bigint
  net: bigint
  payout: Address
}

/** Safe to retry: what was paid or is not payable yet is left alone; `settled` holds what this call paid. */
export async function settle(
  { sender, deployment }: ChainWriter,
  { providerId, lane, epochs }: SettleInput,
): Promise<WriteOutcome & { settled: SettledEpoch[] }> {
  const args = [providerId, lane, epochs.map(BigInt)] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'settle', args })
  const { receipt } = await doneWhen('NothingPayable', sender.send({ to: deployment.addresses.channels, data }))
  const logs = parseEventLogs({ abi: paymentChannelsAbi, logs: receipt?.logs ?? [], eventName: 'Settled' })
  const settled = logs.map(({ args: { epoch, gross, fee, net, payout } }) => {
    return { epoch: Number(epoch), gross, fee, net, payout }
  })
  return { receipt, settled }
}
