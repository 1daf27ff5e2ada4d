/** A page hands its browser what is checked there, however many receipts the epoch has. */
import type { EpochDetail } from '@isochrone/services'
import { expect, test } from 'vitest'
import { checkedEpoch } from './checked-epoch.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}`

function epochOf(vouchers: number): EpochDetail {
  return {
    lane: hash('1'),
    epoch: 7,
    status: 'anchored',
    root: hash('2'),
    count: 200_000,
    receipts: 100_000,
    sumMicroUsd: 10n ** 12n,
    closedAtMs: 1,
    anchoredTx: hash('3'),
    claimedTx: null,
    settledTx: null,
    payableAtMs: null,
    dataHash: hash('4'),
    fromSeq: 1,
    toSeq: 100_000,
    anchor: { lane: hash('1'), epoch: 7, root: hash('2'), count: 200_000, sum: '1000000000000', dataHash: hash('4') },
    anchorSignature: `0x${'5'.repeat(130)}`,
    fileUrl: 'https://gateway.example/v1/epochs/7/file',
    corrections: { count: 0, refundMicroUsd: 0n },
    records: [],
    vouchers: Array.from({ length: vouchers }, (_, index) => ({
      channelId: hash('6'),
      providerId: hash('7'),
      providerName: `Provider ${index}`,
      cumulativeMicroUsd: 1n,
      paidMicroUsd: null,
      skippedReason: null,
      claimedTx: null,
    })),
  }
}

const bytesOf = (value: unknown) =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)).length

test('what is given to be checked has the same size for any epoch', () => {
  const small = bytesOf(checkedEpoch(epochOf(0)))
  expect(bytesOf(checkedEpoch(epochOf(20_000)))).toBe(small)
  expect(small).toBeLessThan(2_000)
})
