import { expect, test } from 'vitest'
import { limitOf } from './publish-budget-limits.ts'

const totals = {
  depositedMicroUsd: 10n,
  withdrawnMicroUsd: 2n,
  withdrawingMicroUsd: 0n,
  ceilingMicroUsd: 10n,
}
type Channel = Parameters<typeof limitOf>[0]
const limit = (change: Partial<typeof totals>) => limitOf({ ...totals, ...change } as Channel)

/** Money: a lane that signed for money on its way back to the owner could not be paid. */
test('what an owner has asked back can no longer be spent, before it has left', () => {
  expect(limit({})).toBe(8n)
  expect(limit({ withdrawingMicroUsd: 5n })).toBe(3n)
  expect(limit({ withdrawingMicroUsd: 8n })).toBe(0n)
  expect(limit({ ceilingMicroUsd: 1n, withdrawingMicroUsd: 5n })).toBe(1n)
})
