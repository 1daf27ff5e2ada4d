'use client'
/** Who must not serve: providers and nodes by name, kept by id. */
import { X } from 'lucide-react'
import { inputStyle } from '~/components/ui/input-style.ts'
import { cn } from '~/lib/cn.ts'
import { addressOf, shortHash } from '~/lib/words/format.ts'
import type { PickerProps } from './region-picker.tsx'

export function ExcludePicker({ labelledBy, describedBy, market, values, onChange, disabled }: PickerProps) {
  const { providers, nodes } = market
  const nameOf = (id: string) =>
    [...providers, ...nodes].find(({ value }) => value === id)?.label ?? shortHash(addressOf(id))
  const free = (choices: typeof nodes) => choices.filter(({ value }) => !values.includes(value))
  return (
    <div className="flex flex-col gap-2.5">
      {values.length > 0 && (
        <ul aria-labelledby={labelledBy} className="flex flex-wrap gap-1.5">
          {values.map((id) => (
            <li
              key={id}
              className="inline-flex h-7 items-center gap-1 rounded-full border border-line-strong pr-1 pl-2.5"
              title={id}
            >
              {nameOf(id)}
              <button
                type="button"
                disabled={disabled}
                aria-label={`No longer exclude ${nameOf(id)}`}
                onClick={() => onChange(values.filter((value) => value !== id))}
                className="inline-flex size-6 items-center justify-center rounded-full text-ink-3 hover:bg-hover hover:text-ink"
              >
                <X aria-hidden className="size-3.5" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <select
        aria-labelledby={labelledBy}
        aria-describedby={describedBy}
        value=""
        disabled={disabled}
        onChange={(event) => event.target.value && onChange([...values, event.target.value])}
        className={cn(inputStyle, 'w-full max-w-72 pr-7')}
      >
        <option value="">Exclude a node or provider…</option>
        <optgroup label="Providers">
          {free(providers).map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </optgroup>
        <optgroup label="Nodes">
          {free(nodes).map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </optgroup>
      </select>
    </div>
  )
}
