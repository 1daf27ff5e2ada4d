/** A row of figures that a page opens with: label, value, and what it means. */
import type { ReactNode } from 'react'

export interface StatItem {
  label: string
  value: ReactNode
  hint?: ReactNode
}

export function Stats({ items }: { items: StatItem[] }) {
  return (
    <dl className="mb-6 grid grid-cols-2 overflow-hidden rounded-md border border-line bg-surface sm:grid-cols-[repeat(auto-fit,minmax(150px,1fr))]">
      {items.map((item) => (
        <div key={item.label} className="-mr-px -mb-px min-w-0 border-r border-b border-line px-3.5 py-2.5">
          <dt className="text-xs text-ink-3">{item.label}</dt>
          <dd className="figures mt-0.5 text-base font-semibold break-words">{item.value}</dd>
          {item.hint && <dd className="mt-0.5 text-xs text-ink-3">{item.hint}</dd>}
        </div>
      ))}
    </dl>
  )
}
