/** The money check: exact only when every identity holds to the micro-dollar, for the whole and for the payer. */
import { expect, test } from 'vitest'
import type { SettlementReads } from '../ports/settlement-reads.ts'
import { settlementStatus } from './settlement-status.ts'

type Rows = {
  [Name in keyof SettlementReads]: Awaited<ReturnType<SettlementReads[Name]>>
}
const epoch = {
  lane: '0xaa',
  epoch: 3n,
  status: 'settled' as const,
  root: '0x01',
  fromSeq: 5n,
  toSeq: 7n,
  sumMicroUsd: 30n,
  anchoredTx: '0xa',
  claimedTx: '0xc',
  settledTx: null,
  payableAtS: 60n as bigint | null,
  vouchers: [
    { channelId: 'own', paidMicroUsd: 10n },
    { channelId: 'other', paidMicroUsd: 20n },
    { channelId: 'other', paidMicroUsd: null },
  ],
}
const exact: Rows = {
  requestCount: 2,
  selected: [{ lane: '0xaa', epoch: 3n, receipts: 3n, requests: 2n, microUsd: 10n }],
  epochs: [epoch],
  receiptSums: [
    { channelId: 'own', microUsd: 10n },
    { channelId: 'other', microUsd: 20n },
  ],
  payouts: [
    { txHash: '0xs', feeMicroUsd: 1n, netMicroUsd: 19n },
    { txHash: '0xs', feeMicroUsd: 2n, netMicroUsd: 8n },
  ],
  channelIdOfOrg: 'own',
}
const asked: unknown[] = []
const status = (over: Partial<Rows> = {}, filter: { orgId?: string } = { orgId: 'org' }) => {
  const rows = { ...exact, ...over }
  const numbers = (name: 'epochs' | 'receiptSums' | 'payouts') => async (given: readonly bigint[]) => {
    asked.push(given)
    return rows[name] as never
  }
  return settlementStatus(
    {
      requestCount: async () => rows.requestCount,
      selected: async () => rows.selected,
      epochs: numbers('epochs'),
      receiptSums: numbers('receiptSums'),
      payouts: numbers('payouts'),
      channelIdOfOrg: async () => rows.channelIdOfOrg,
    },
    filter,
  )
}

test('what is settled and adds up is exact, and every sum is said', async () => {
  expect(await status()).toEqual({
    selected: { requests: 2, receipts: 3, openReceipts: 0, microUsd: 10n },
    epochs: [
      {
        lane: '0xaa',
        epoch: 3,
        status: 'settled',
        root: '0x01',
        receipts: 3,
        sumMicroUsd: 30n,
        anchoredTx: '0xa',
        claimedTx: '0xc',
        settledTx: null,
        payableAtS: 60,
      },
    ],
    receiptsMicroUsd: 30n,
    debitMicroUsd: 30n,
    creditMicroUsd: 27n,
    feeMicroUsd: 3n,
    payoutTxs: ['0xs'],
    payer: { channelId: 'own', receiptsMicroUsd: 10n, debitMicroUsd: 10n },
    settled: true,
    exact: true,
  })
  const open = await status({ epochs: [{ ...epoch, payableAtS: null }] })
  expect(open.epochs[0]?.payableAtS).toBeNull()
})

test('without an organisation, or where it has no channel, no share is given, and nothing is missing', async () => {
  expect(await status({}, {})).toMatchObject({ payer: null, exact: true })
  expect(await status({ channelIdOfOrg: null })).toMatchObject({ payer: null, exact: true })
})

test('one µUSD that is missing anywhere is not exact', async () => {
  const [own, other] = exact.receiptSums
  const [first, second] = exact.payouts
  if (!own || !other || !first || !second) throw new Error('the exact rows are there')
  const vouchers = (ownPaid: bigint, otherPaid: bigint) => [
    { channelId: 'own', paidMicroUsd: ownPaid },
    { channelId: 'other', paidMicroUsd: otherPaid },
  ]
  const wrong: Partial<Rows>[] = [
    { receiptSums: [own, { ...other, microUsd: 21n }] },
    { payouts: [first, { ...second, netMicroUsd: 7n }] },
    { payouts: [first, { ...second, feeMicroUsd: 1n }] },
    { epochs: [{ ...epoch, sumMicroUsd: 31n }] },
    { epochs: [{ ...epoch, vouchers: vouchers(10n, 19n) }] },
    // The whole adds up, and the payer's own share does not.
    { epochs: [{ ...epoch, vouchers: vouchers(11n, 19n) }] },
  ]
  for (const rows of wrong) expect(await status(rows)).toMatchObject({ settled: true, exact: false })
})

test('nothing is settled while a receipt is in no epoch, an epoch is under way, or there is nothing', async () => {
  const [row] = exact.selected
  if (!row) throw new Error('the exact rows are there')
  const withOpen = await status({ selected: [row, { ...row, epoch: null, receipts: 2n, microUsd: 5n }] })
  expect(withOpen).toMatchObject({ settled: false, exact: false })
  expect(withOpen.selected).toEqual({ requests: 2, receipts: 5, openReceipts: 2, microUsd: 15n })
  const underWay = await status({ epochs: [epoch, { ...epoch, status: 'claimed', sumMicroUsd: 0n, vouchers: [] }] })
  expect(underWay).toMatchObject({ settled: false, exact: false })
  expect(await status({ selected: [] })).toMatchObject({ settled: false, exact: false })
})

test('each epoch is asked for once, and receipts in none are no epoch', async () => {
  const [row] = exact.selected
  if (!row) throw new Error('the exact rows are there')
  asked.length = 0
  await status({ selected: [row, row, { ...row, epoch: null }, { ...row, epoch: 4n }] })
  expect(asked).toEqual([
    [3n, 4n],
    [3n, 4n],
    [3n, 4n],
  ])
})
