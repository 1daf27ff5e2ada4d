/**
 * Money is a `bigint` in micro-USD (10⁻⁶ USD), which is also one unit of USDC. A float never touches it.
 *
 * Rendering never rounds a charge to zero: what costs a micro-dollar shows as one.
 */
const MICRO = 1_000_000n
const unsigned = (microUsd: bigint): bigint => (microUsd < 0n ? -microUsd : microUsd)

/** `"12.5"` → `12500000n`. Accepts at most six decimals. Throws RangeError on anything else: money is never guessed. */
export function microUsdFromUsd(text: string): bigint {
  const match = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text.trim())
  if (!match) throw new RangeError(`Not an amount in USD with at most six decimals: ${JSON.stringify(text)}`)
  return BigInt(match[1] as string) * MICRO + BigInt((match[2] ?? '').padEnd(6, '0'))
}

/**
 * Exact decimal text without a currency sign: `1500000n` → `"1.50"`, `1n` → `"0.000001"`. As many of the six decimals as
 * the amount has, and at least `decimalsMin`, so that a column of prices lines up.
 */
export function usdFromMicroUsd(microUsd: bigint, decimalsMin = 2): string {
  const sign = microUsd < 0n ? '-' : ''
  const abs = unsigned(microUsd)
  const decimals = (abs % MICRO).toString().padStart(6, '0')
  const significant = decimals.replace(/0+$/, '').length
  return `${sign}${abs / MICRO}.${decimals.slice(0, Math.max(significant, decimalsMin))}`
}

/** For people: exact, with thousands separators: `1234500000n` → `"$1,234.50"`. */
export function formatUsd(microUsd: bigint, decimalsMin = 2): string {
  const [whole, decimals] = usdFromMicroUsd(unsigned(microUsd), decimalsMin).split('.') as [string, string]
  return `${microUsd < 0n ? '−' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${decimals}`
}
