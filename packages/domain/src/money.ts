/**
 * Money is a `bigint` in micro-USD (10⁻⁶ USD), which is also one unit of USDC. A float never touches it.
 *
 * Rendering never rounds a charge to zero: what costs a micro-dollar shows as one.
 */
const MICRO = 1_000_000n

/** `"12.5"` → `12500000n`. Accepts at most six decimals. Throws RangeError on anything else: money is never guessed. */
export function microUsdFromUsd(text: string): bigint {
  const match = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text.trim())
  if (!match) throw new RangeError(`Not an amount in USD with at most six decimals: ${JSON.stringify(text)}`)
  return BigInt(match[1] ?? '0') * MICRO + BigInt((match[2] ?? '').padEnd(6, '0'))
}

/** Exact decimal text without a currency sign: `1500000n` → `"1.50"`, `1n` → `"0.000001"`. Two to six decimals. */
export function usdFromMicroUsd(microUsd: bigint): string {
  const sign = microUsd < 0n ? '-' : ''
  const abs = microUsd < 0n ? -microUsd : microUsd
  const decimals = (abs % MICRO)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '')
  return `${sign}${abs / MICRO}.${decimals}`
}

/** For people: exact, with thousands separators: `1234500000n` → `"$1,234.50"`. */
export function formatUsd(microUsd: bigint): string {
  const [whole = '0', decimals = '00'] = usdFromMicroUsd(microUsd < 0n ? -microUsd : microUsd).split('.')
  return `${microUsd < 0n ? '−' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${decimals}`
}
