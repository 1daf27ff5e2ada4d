/** A statement is exact and whole: every movement once, every amount to the micro-dollar, whatever the page size. */
import type { ChannelView, HistoryItem } from '@isochrone/services'
import { expect, test } from 'vitest'
import { statement, type StatementHead } from './statement.ts'

const head: StatementHead = {
  organisation: 'Compiler "Works", Inc',
  channel: null,
  chainId: 31_337,
  paymentChannels: `0x${'5f'.repeat(20)}`,
  filter: { kind: 'claim' },
  madeAt: '2026-01-31T23:59:59.000Z',
}
const item = (i: number): HistoryItem => ({
  id: `m${i}`,
  kind: i % 2 ? 'claim' : 'deposit',
  microUsd: 90_071_992_547_409_931n + BigInt(i),
  changeMicroUsd: i % 2 ? -1n : 1n,
  txHash: `0x${i}`,
  blockNumber: 100 - i,
  logIndex: i,
  atMs: Date.UTC(2026, 0, 31, 0, 0, i),
})
const items = Array.from({ length: 5 }, (_, i) => item(i))
async function* pagesOf(size: number) {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
async function joined(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}
const textOf = async (format: 'csv' | 'json', size: number, of = head) => joined(statement(format, of, pagesOf(size)))

test.each([1, 2, 5])('read in pages of %i it is the same file, and parses', async (size) => {
  expect(await textOf('csv', size)).toBe(await textOf('csv', 5))
  const parsed = JSON.parse(await textOf('json', size)) as {
    organisation: string
    movements: { amountMicroUsd: string }[]
  }
  expect(parsed.organisation).toBe(head.organisation)
  expect(parsed.movements.map(({ amountMicroUsd }) => amountMicroUsd)).toEqual(
    items.map(({ microUsd }) => `${microUsd}`),
  )
})

test('amounts beyond 53 bits keep every digit, in µUSD and in dollars', async () => {
  const [columns, first] = (await textOf('csv', 2)).split('\r\n')
  expect(columns).toBe('time_utc,kind,amount_micro_usd,amount_usd,change_micro_usd,block,log_index,tx_hash,channel_id')
  expect(first).toBe('2026-01-31T00:00:00.000Z,deposit,90071992547409931,90071992547.409931,1,100,0,0x0,')
})

/** Beyond 53 bits and each another, so that none can stand for its neighbour. */
const amount = (n: number): bigint => 90_071_992_547_409_931n + BigInt(n)
const channel: ChannelView = {
  channelId: `0x${'c1'.repeat(32)}`,
  custody: 'wallet',
  ownerAddress: `0x${'0a'.repeat(20)}`,
  depositedMicroUsd: amount(1),
  withdrawingMicroUsd: amount(2),
  withdrawnMicroUsd: amount(3),
  thawEndsAtMs: null,
  ceilingMicroUsd: amount(4),
  claimedMicroUsd: amount(5),
  signedMicroUsd: amount(6),
  availableMicroUsd: amount(7),
}

test('the channel is named in every row, and its totals stand in the head to the micro-dollar', async () => {
  const rows = (await textOf('csv', 2, { ...head, channel })).trim().split('\r\n').slice(1)
  expect(rows).toHaveLength(items.length)
  for (const row of rows) expect(row.split(',').at(-1)).toBe(channel.channelId)
  expect(JSON.parse(await textOf('json', 2, { ...head, channel }))).toMatchObject({
    unit: expect.stringContaining('µUSD') as string,
    channel: {
      channelId: channel.channelId,
      custody: 'wallet',
      owner: channel.ownerAddress,
      depositedMicroUsd: '90071992547409932',
      withdrawingMicroUsd: '90071992547409933',
      withdrawnMicroUsd: '90071992547409934',
      ceilingMicroUsd: '90071992547409935',
      claimedMicroUsd: '90071992547409936',
      signedMicroUsd: '90071992547409937',
    },
  })
})

test('an empty history is still a file', async () => {
  const nothing = async function* (): AsyncGenerator<HistoryItem[]> {}
  const json = await joined(statement('json', head, nothing()))
  expect(JSON.parse(json)).toMatchObject({ chainId: 31_337, channel: null, movements: [] })
})
