/**
 * A channel's statement as CSV or JSON, piece by piece: memory does not grow with the history. Amounts are exact, in µUSD
 * and in dollars with as many decimals as they have; times are UTC.
 */
import { usdFromMicroUsd } from '@isochrone/domain'
import type { ChannelView, HistoryItem } from '@isochrone/services'

export interface StatementHead {
  organisation: string
  /** Null before the first funding. */
  channel: ChannelView | null
  chainId: number
  paymentChannels: string
  filter: Record<string, string>
  /** ISO 8601. */
  madeAt: string
}

export type StatementFormat = 'csv' | 'json'

const columns = [
  'time_utc',
  'kind',
  'amount_micro_usd',
  'amount_usd',
  'change_micro_usd',
  'block',
  'log_index',
  'tx_hash',
  'channel_id',
] as const

/** Newest first, as the pages come. */
export async function* statement(
  format: StatementFormat,
  head: StatementHead,
  pages: AsyncIterable<readonly HistoryItem[]>,
): AsyncGenerator<string> {
  if (format === 'csv') {
    yield `${columns.join(',')}\r\n`
    for await (const items of pages) yield items.map((item) => `${csvRow(item, head)}\r\n`).join('')
    return
  }
  yield `${JSON.stringify(jsonHead(head), null, 2).slice(0, -2)},\n  "movements": [`
  let isFirst = true
  for await (const items of pages) {
    for (const item of items) {
      yield `${isFirst ? '' : ','}\n    ${JSON.stringify(jsonRow(item))}`
      isFirst = false
    }
  }
  yield '\n  ]\n}\n'
}

function csvRow(item: HistoryItem, { channel }: StatementHead): string {
  const { kind, microUsd, changeMicroUsd, blockNumber, logIndex, txHash, atMs } = item
  const time = new Date(atMs).toISOString()
  const usd = usdFromMicroUsd(microUsd)
  return [time, kind, microUsd, usd, changeMicroUsd, blockNumber, logIndex, txHash, channel?.channelId ?? ''].join(',')
}

function jsonRow({ kind, microUsd, changeMicroUsd, blockNumber, logIndex, txHash, atMs }: HistoryItem) {
  return {
    time: new Date(atMs).toISOString(),
    kind,
    amountMicroUsd: microUsd.toString(),
    amountUsd: usdFromMicroUsd(microUsd),
    changeMicroUsd: changeMicroUsd.toString(),
    block: blockNumber,
    logIndex,
    txHash,
  }
}

function jsonHead({ organisation, channel, chainId, paymentChannels, filter, madeAt }: StatementHead) {
  return {
    organisation,
    madeAt,
    unit: 'µUSD: 10⁻⁶ US dollars, one unit of USDC',
    chainId,
    paymentChannels,
    filter,
    channel: channel && {
      channelId: channel.channelId,
      custody: channel.custody,
      owner: channel.ownerAddress,
      depositedMicroUsd: channel.depositedMicroUsd.toString(),
      withdrawnMicroUsd: channel.withdrawnMicroUsd.toString(),
      withdrawingMicroUsd: channel.withdrawingMicroUsd.toString(),
      ceilingMicroUsd: channel.ceilingMicroUsd.toString(),
      claimedMicroUsd: channel.claimedMicroUsd.toString(),
      signedMicroUsd: channel.signedMicroUsd.toString(),
    },
  }
}
