/** Values with their exact form within reach: hashes, money, times. */
import { formatUsd } from '@isochrone/domain'
import { cn } from '~/lib/cn.ts'
import { formatUtc, shortHash } from '~/lib/words/format.ts'
import { CopyButton } from './copy-button.tsx'

/** A hash or address, shortened, whole in its title and on the clipboard. */
export function Hash({ value, label, full }: { value: string; label: string; full?: boolean }) {
  return (
    <span className="inline-flex max-w-full items-center gap-0.5">
      <code title={value} className={cn('min-w-0 font-mono text-xs', full && 'break-all')}>
        {full ? value : shortHash(value)}
      </code>
      <CopyButton value={value} label={label} />
    </span>
  )
}

interface MoneyProps {
  microUsd: bigint
  /** Decimals shown at least, so that a column lines up; never fewer than the amount has. */
  decimalsMin?: number
  className?: string
}

/** Money, exact to the micro-dollar. Zero is shown as `$0.00`; a charge is never rounded to it. */
export function Money({ microUsd, decimalsMin, className }: MoneyProps) {
  return (
    <data value={microUsd.toString()} title={`${microUsd.toString()} µUSD`} className={cn('figures', className)}>
      {formatUsd(microUsd, decimalsMin)}
    </data>
  )
}

/** Day and zone stand elsewhere: a whole date is wider than a stat. */
export function TimeOfDay({ at }: { at: number | null }) {
  if (at === null) return '—'
  const iso = new Date(at).toISOString()
  return (
    <time dateTime={iso} title={iso}>
      {formatUtc(at).slice(11, 19)}
    </time>
  )
}

/** A moment, in UTC. The zone is in the text, or in the column's header where `bare`. */
export function Utc({ at, bare }: { at: Date | number | null | undefined; bare?: boolean }) {
  if (at === null || at === undefined) return <span className="text-ink-3">—</span>
  const iso = new Date(at).toISOString()
  const text = formatUtc(at)
  return (
    <time dateTime={iso} title={iso} className="figures whitespace-nowrap">
      {bare ? text.slice(0, 19) : text}
    </time>
  )
}
