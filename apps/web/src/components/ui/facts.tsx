/** Facts about one thing, as a list of terms and values. */
import { Fragment, type ReactNode } from 'react'

export function Facts({ items }: { items: (readonly [label: string, value: ReactNode] | false | null | undefined)[] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,max-content)_minmax(0,1fr)] items-baseline gap-x-5 gap-y-1.5 rounded-md border border-line bg-surface px-3.5 py-3">
      {items
        .filter((item) => item !== false && item !== null && item !== undefined)
        .map(([label, value]) => (
          <Fragment key={label}>
            <dt className="text-ink-3">{label}</dt>
            <dd className="figures min-w-0 break-words">{value}</dd>
          </Fragment>
        ))}
    </dl>
  )
}
