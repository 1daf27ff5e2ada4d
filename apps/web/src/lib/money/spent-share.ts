/** How much of a whole is spent, in per cent from 0 to 100: something spent is seen, and only all of it fills the bar. */
export function spentShare(spentMicroUsd: bigint, wholeMicroUsd: bigint): number {
  if (spentMicroUsd <= 0n) return 0
  if (spentMicroUsd >= wholeMicroUsd) return 100
  return Math.min(99, Math.max(1, Number((spentMicroUsd * 10_000n) / wholeMicroUsd) / 100))
}
