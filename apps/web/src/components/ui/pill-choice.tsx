'use client'
/** Any number out of a few: check boxes that look like pills. */
import { Check } from 'lucide-react'
import { cn } from '~/lib/cn.ts'

export interface PillChoiceProps {
  labelledBy: string
  describedBy?: string | undefined
  options: readonly { value: string; label: string; count?: number }[]
  values: readonly string[]
  onChange: (values: string[]) => void
  disabled?: boolean | undefined
}

export function PillChoice({ labelledBy, describedBy, options, values, onChange, disabled }: PillChoiceProps) {
  const toggle = (value: string, on: boolean) =>
    onChange(on ? [...values, value] : values.filter((item) => item !== value))
  return (
    <div role="group" aria-labelledby={labelledBy} aria-describedby={describedBy} className="flex flex-wrap gap-1.5">
      {options.map(({ value, label, count }) => {
        const checked = values.includes(value)
        return (
          <label
            key={value}
            className={cn(
              'relative inline-flex h-7 items-center gap-1.5 rounded-full border border-line-strong px-2.5 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
              checked && 'border-accent bg-accent-soft font-medium text-accent',
              disabled ? 'cursor-not-allowed opacity-60' : 'cursor-pointer',
              !checked && !disabled && 'hover:bg-hover',
            )}
          >
            <input
              type="checkbox"
              checked={checked}
              disabled={disabled}
              onChange={(event) => toggle(value, event.target.checked)}
              className="absolute inset-0 cursor-[inherit] opacity-0"
            />
            {checked && <Check aria-hidden className="size-3.5" />}
            {label}
            {count !== undefined && (
              <span className={cn('figures text-xs', checked ? 'text-accent' : 'text-ink-3')}>
                {count}
                <span className="sr-only"> {count === 1 ? 'node' : 'nodes'}</span>
              </span>
            )}
          </label>
        )
      })}
    </div>
  )
}
