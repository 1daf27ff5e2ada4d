/** Redeems lanes' vouchers into providers' pending, as far as balances, ceilings and anchored sums go. */
import type { Signed, Voucher } from '@isochrone/protocol'
import { encodeFunctionData, parseEventLogs, type Hex, type TransactionReceipt } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { refusalOf, type Refusal } from '../refusal.ts'

interface ClaimKey {
  channelId: Hex
  providerId: Hex
  lane: Hex
  epoch: number
  /** µUSD, as signed. */
  cumulative: bigint
}

export interface ClaimManyResult {
  receipt: TransactionReceipt
  /** In the order of the vouchers. `unpaid` of what was due stays due. */
  claimed: (ClaimKey & { paid: bigint; unpaid: bigint })[]
  skipped: (ClaimKey & { reason: Refusal })[]
}

/** Vouchers in one transaction: about 75,000 gas each, well inside a block of 30 million. */
export const CLAIM_BATCH_MAX = 200

/**
 * Safe to retry: a voucher pays once, and one that was paid is skipped with `nothing_due`.
 *
 * @throws RangeError above `CLAIM_BATCH_MAX` vouchers.
 */
export async function claimMany(
  { sender, deployment }: ChainWriter,
  vouchers: readonly Signed<Voucher>[],
): Promise<ClaimManyResult> {
  if (vouchers.length > CLAIM_BATCH_MAX) throw new RangeError(`At most ${CLAIM_BATCH_MAX} vouchers at a time`)
  const args = [
    vouchers.map(({ value }) => toAbiStruct('Voucher', value)),
    vouchers.map(({ signature }) => signature),
  ] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'claimMany', args })
  return claimResultOf(await sender.send({ to: deployment.addresses.channels, data }))
}

/** What a transaction's events say about claims. */
export function claimResultOf(receipt: TransactionReceipt): ClaimManyResult {
  const logs = parseEventLogs({ abi: paymentChannelsAbi, logs: receipt.logs, eventName: ['Claimed', 'ClaimSkipped'] })
  const result: ClaimManyResult = { receipt, claimed: [], skipped: [] }
  for (const { eventName, args: event } of logs) {
    const epoch = Number(event.epoch)
    if (eventName === 'Claimed') result.claimed.push({ ...event, epoch })
    else result.skipped.push({ ...event, epoch, reason: refusalOf(event.reason) })
  }
  return result
}
