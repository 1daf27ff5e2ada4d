/** µUSD as the exact amount in USDC, for sentences. */
export function formatMicroUsd(amountMicroUsd: bigint): string {
  const whole = amountMicroUsd / 1_000_000n
  const fraction = (amountMicroUsd % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '')
  return `${whole}${fraction === '' ? '' : `.${fraction}`} USDC`
}
