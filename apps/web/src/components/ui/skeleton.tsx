/**
 * Placeholders with the final layout, for what is on its way: nothing jumps when it arrives. Tables have theirs in
 * data-table.tsx. Screen readers hear one sentence instead of the bars.
 */
import type { ReactNode } from 'react'
import { cn } from '~/lib/cn.ts'

/** One bar. Its size comes from `className`. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={cn('block h-3 animate-pulse rounded bg-line', className)} />
}

/** Says what is on its way, and holds its bars. */
export function Loading({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <div role="status" className={className}>
      <span className="sr-only">{label} is being loaded.</span>
      {children}
    </div>
  )
}

/** The row of figures that a page opens with. */
export function StatsSkeleton({ items = 5 }: { items?: number }) {
  return (
    <Loading
      label="The summary"
      className="mb-6 grid grid-cols-2 overflow-hidden rounded-md border border-line bg-surface sm:grid-cols-[repeat(auto-fit,minmax(150px,1fr))]"
    >
      {Array.from({ length: items }, (_, index) => (
        <span
          key={index}
          className="-mr-px -mb-px flex h-[82px] flex-col gap-2.5 border-r border-b border-line px-3.5 py-3.5"
        >
          <Skeleton className="w-16" />
          <Skeleton className="h-4 w-20" />
          <Skeleton className="w-24" />
        </span>
      ))}
    </Loading>
  )
}

/** A list of facts. */
export function FactsSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <Loading label="The list" className="flex flex-col gap-3.5 rounded-md border border-line bg-surface px-3.5 py-4">
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} className="flex gap-6">
          <Skeleton className="w-24" />
          <Skeleton className={index % 2 === 0 ? 'w-40' : 'w-28'} />
        </span>
      ))}
    </Loading>
  )
}

/** A chart, of the height that charts have. */
export function ChartSkeleton({ height = 220 }: { height?: number }) {
  return (
    <Loading label="The chart">
      <span
        className="flex items-end gap-1 rounded-md border border-line bg-surface p-3"
        style={{ height: `${height}px` }}
      >
        {Array.from({ length: 24 }, (_, index) => (
          <span
            key={index}
            className="flex-1 animate-pulse rounded-sm bg-line"
            style={{ height: `${30 + ((index * 37) % 55)}%` }}
          />
        ))}
      </span>
    </Loading>
  )
}
