'use client'
/** One of a few, all in sight: radio buttons that look like one control. Arrow keys move, as in any group of radios. */
import { useId } from 'react'

export interface SegmentedProps<T extends string> {
  /** Id of the element that names the group. */
  labelledBy: string
  describedBy?: string | undefined
  value: T
  options: readonly { value: T; label: string }[]
  onChange: (value: T) => void
  disabled?: boolean | undefined
}

export function Segmented<T extends string>(props: SegmentedProps<T>) {
  const { labelledBy, describedBy, value, options, onChange, disabled } = props
  const name = useId()
  return (
    <div
      role="radiogroup"
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      className="inline-flex max-w-full flex-wrap gap-0.5 rounded-md border border-line-strong bg-sunken p-0.5"
    >
      {options.map((option) => (
        <label key={option.value} className={`relative ${disabled ? 'cursor-not-allowed' : 'cursor-pointer'}`}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            disabled={disabled}
            onChange={() => onChange(option.value)}
            className="peer absolute inset-0 cursor-[inherit] opacity-0"
          />
          <span className="flex h-7 items-center rounded px-2.5 text-ink-2 peer-checked:bg-accent peer-checked:font-medium peer-checked:text-accent-ink peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-accent peer-disabled:opacity-60 peer-[:not(:checked):not(:disabled):hover]:text-ink">
            {option.label}
          </span>
        </label>
      ))}
    </div>
  )
}
