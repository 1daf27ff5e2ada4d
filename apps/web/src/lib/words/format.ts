/**
 * Numbers as people read them. Exact values stay reachable: components put them into `title` or beside the short form.
 *
 * Times are UTC, everywhere. Money comes from `packages/domain` alone (`formatUsd`), which never rounds a charge to zero.
 */
/**
 * `1234567` → `1,234,567`, with at most three decimals. Written out, because a browser takes tens of milliseconds to make
 * its first `Intl.NumberFormat`, and every page would wait for it.
 */
export function formatCount(count: number | bigint): string {
  const text = String(typeof count === 'bigint' ? count : Math.round(count * 1_000) / 1_000)
  const [whole = '', decimals] = text.split('.')
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return decimals === undefined ? grouped : `${grouped}.${decimals}`
}

/** Milliseconds with the unit that fits: `4.2 ms`, `183 ms`, `1.84 s`, `2 min 5 s`. An absent value is an em dash. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '—'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`
}

/** A span that people plan with, in at most two units: `45 s`, `6 min`, `1 h 30 min`, `30 d`. An absent value is an em dash. */
export function formatSpan(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '—'
  const seconds = Math.round(ms / 1_000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0 s'
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}

/** Output tokens per second, three significant digits at most. */
export function formatTokensPerSecond(rate: number | null | undefined): string {
  // A node that has streamed nothing yet has no rate: zero would read as a measurement.
  if (!rate) return '—'
  return rate < 100 ? rate.toFixed(1) : formatCount(Math.round(rate))
}

/** Tokens in the unit that fits, three significant digits: `812`, `45.3 k`, `1.23 M`. */
export function formatTokens(tokens: number | bigint | null | undefined): string {
  if (tokens === null || tokens === undefined) return '—'
  const count = Number(tokens)
  const units = [
    [1e12, ' T'],
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const
  const [size, unit] = units.find(([least]) => count >= least) ?? [1, '']
  return size === 1 ? formatCount(Math.round(count)) : `${Number((count / size).toPrecision(3))}${unit}`
}

/** A share as a percentage: `99.95 %`. Only what is exactly all or nothing is 100 % or 0 %. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined) return '—'
  if (share === 0 || share === 1) return `${share * 100} %`
  return `${Math.min(99.99, Math.max(0.01, share * 100)).toFixed(2)} %`
}

/** What a chart's values are of. */
export type SeriesUnit = 'ms' | 'tokens_per_second' | 'count' | 'tokens' | 'usd' | 'usd_per_mtok' | 'share'

/** A value of a chart, for its axis, its legend and its table. Money here is dollars: charts are drawn in floats. */
export function formatSeries(unit: SeriesUnit, value: number | null | undefined): string {
  if (value === null || value === undefined) return '—'
  switch (unit) {
    case 'ms':
      return value === 0 ? '0 ms' : formatMs(value)
    case 'tokens_per_second':
      return value === 0 ? '0' : formatTokensPerSecond(value)
    case 'tokens':
      return formatTokens(value)
    case 'count':
      return formatCount(Math.round(value * 100) / 100)
    case 'share':
      return formatShare(value)
    case 'usd':
    case 'usd_per_mtok':
      return value === 0 ? '$0' : `$${value < 0.01 ? value.toPrecision(2) : value.toFixed(value < 10 ? 3 : 2)}`
  }
}

/** Hardware without the noise of its maker's marks; what stands behind `simulated` is on a badge of its own. */
export function shortHardware(hardware: string): string {
  return hardware
    .replace(/\((R|TM)\)/gi, '')
    .replace(/\b(Processor|CPU)\b/g, '')
    .replace(/@\s*[\d.]+\s*GHz/i, '')
    .replace(/^simulated\s+/i, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** `2026-01-31 23:59:59 UTC`. */
export function formatUtc(at: Date | number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** How long ago, in one unit: `12 s ago`, `3 min ago`, `in 40 s`. */
export function formatAgo(at: Date | number, nowMs: number): string {
  const deltaS = Math.round((nowMs - new Date(at).getTime()) / 1_000)
  const abs = Math.abs(deltaS)
  const text =
    abs < 60
      ? `${abs} s`
      : abs < 3_600
        ? `${Math.floor(abs / 60)} min`
        : abs < 172_800
          ? `${Math.floor(abs / 3_600)} h`
          : `${Math.floor(abs / 86_400)} d`
  if (abs < 1) return 'now'
  return deltaS >= 0 ? `${text} ago` : `in ${text}`
}

/** `0x1234…cdef`; what is already short stays whole. */
export function shortHash(hash: string): string {
  return hash.length <= 14 ? hash : `${hash.slice(0, 6)}…${hash.slice(-4)}`
}

/** The address inside a 32-byte node or lane name; anything else comes back unchanged. */
export function addressOf(bytes32: string): string {
  return /^0x0{24}[0-9a-fA-F]{40}$/.test(bytes32) ? `0x${bytes32.slice(26)}` : bytes32
}

/** A node's name, which always says when what stands behind it is simulated. */
export function nodeLabel({ name, simulated }: { name: string; simulated: boolean }): string {
  return simulated ? `${name} (simulated)` : name
}
