/**
 * Numbers as people read them. Exact values stay reachable: components put them into `title` or beside the short form.
 *
 * Times are UTC, everywhere. Money comes from `packages/domain` alone (`formatUsd`), which never rounds a charge to zero.
 */
const groups = new Intl.NumberFormat('en-US')

/** `1234567` → `1,234,567`. */
export function formatCount(count: number | bigint): string {
  return groups.format(count)
}

/** Milliseconds with the unit that fits: `4.2 ms`, `183 ms`, `1.84 s`, `2 min 5 s`. An absent value is an em dash. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '—'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`
}

/** Output tokens per second, three significant digits at most. */
export function formatTokensPerSecond(rate: number | null | undefined): string {
  // A node that has streamed nothing yet has no rate: zero would read as a measurement.
  if (!rate) return '—'
  return rate < 100 ? rate.toFixed(1) : formatCount(Math.round(rate))
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
