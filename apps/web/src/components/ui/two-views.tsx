'use client'
/** The same facts twice, one in sight at a time: a chart and its table, a map and its list. Both are in the page. */
import { useId, useState, type ReactNode } from 'react'
import { Segmented } from './segmented.tsx'

export interface TwoViewsProps {
  /** What is shown, for the switch: `TTFT`. */
  label: string
  /** What the switch calls the two. */
  words: readonly [first: string, second: string]
  first: ReactNode
  second: ReactNode
  /** Beside the switch: a title, a legend. */
  aside?: ReactNode
}

export function TwoViews({ label, words, first, second, aside }: TwoViewsProps) {
  const [view, setView] = useState<'first' | 'second'>('first')
  const labelId = useId()
  return (
    <div>
      <div className="mb-2 flex items-start justify-between gap-4">
        <div className="min-w-0 flex-1">{aside}</div>
        <span id={labelId} className="sr-only">
          {label}: how it is shown
        </span>
        <Segmented
          labelledBy={labelId}
          value={view}
          options={[
            { value: 'first', label: words[0] },
            { value: 'second', label: words[1] },
          ]}
          onChange={setView}
        />
      </div>
      {view === 'first' ? first : second}
    </div>
  )
}
