/** Money that leaves for a wrong address is lost: a slip is told before the second look, where it can be told. */
import { expect, test } from 'vitest'
import { addressGroups, payoutWishOf } from './payout-wish.ts'

/** An example of EIP-55. */
const CHECKED = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
const wish = (amountUsd: string, toAddress: string, most: bigint | null = 20_000_000n) =>
  payoutWishOf({ amountUsd, toAddress }, most)

test('an amount is exact, and never more than there is', () => {
  expect(wish('12.500001', CHECKED)).toEqual({ microUsd: 12_500_001n, toAddress: CHECKED })
  expect(wish('20', CHECKED)).toMatchObject({ microUsd: 20_000_000n })
  for (const amount of ['', 'ten', '-1', '1.0000001', '0', '0.000000', '20.000001']) {
    expect(wish(amount, CHECKED)).toMatchObject({ field: 'amountUsd' })
  }
  expect(wish('20.000001', CHECKED)).toMatchObject({ message: 'At most $20.00 can be withdrawn now.' })
  expect(wish('20.000001', CHECKED, null)).toMatchObject({ microUsd: 20_000_001n })
})

test('an address is read in any case, and shown with its checksum', () => {
  for (const text of [CHECKED, CHECKED.toLowerCase(), `0x${CHECKED.slice(2).toUpperCase()}`, ` ${CHECKED} `]) {
    expect(wish('1', text)).toEqual({ microUsd: 1_000_000n, toAddress: CHECKED })
  }
})

test('one digit too few or too many, another letter, or a digit that its checksum tells is wrong: refused at its field', () => {
  for (const text of ['', CHECKED.slice(0, -1), `${CHECKED}0`, CHECKED.replace('b6', 'g6'), CHECKED.slice(2)]) {
    expect(wish('1', text)).toMatchObject({ field: 'toAddress', message: expect.stringContaining('not an address') })
  }
  const slip = CHECKED.replace('6053', '6054')
  expect(wish('1', slip)).toMatchObject({ field: 'toAddress', message: expect.stringContaining('digit') })
})

test('shown in ten groups of four, which are all of it', () => {
  const groups = addressGroups(CHECKED)
  expect(groups).toHaveLength(10)
  expect(`0x${groups.join('')}`).toBe(CHECKED)
})
