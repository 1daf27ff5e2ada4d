/** The controls of a filter bar. They hold no state (its form does), so that pages on the server render them alone. */
import { Search } from 'lucide-react'
import { cn } from '~/lib/cn.ts'
import { inputStyle } from './ui/input-style.ts'

export function SearchInput({ name, value, label }: { name: string; value: string | undefined; label: string }) {
  return (
    <div className="relative w-full sm:w-64">
      <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-ink-3" />
      <input
        type="search"
        name={name}
        defaultValue={value}
        aria-label={label}
        placeholder={label}
        className={cn(inputStyle, 'pl-8')}
      />
    </div>
  )
}

export interface SelectInputProps {
  name: string
  label: string
  value: string | undefined
  /** The choice that filters nothing. */
  any: string
  options: readonly (string | { value: string; label: string })[]
  className?: string
}

export function SelectInput({ name, label, value, any, options, className }: SelectInputProps) {
  return (
    <select
      name={name}
      aria-label={label}
      defaultValue={value ?? ''}
      className={cn(inputStyle, 'w-auto max-w-full pr-7', className)}
    >
      <option value="">{any}</option>
      {options.map((option) => {
        const { value, label } = typeof option === 'string' ? { value: option, label: option } : option
        return (
          <option key={value} value={value}>
            {label}
          </option>
        )
      })}
    </select>
  )
}

/** A day in UTC, both ends of a range included. */
export function DayInput({ name, label, value }: { name: string; label: string; value: string | undefined }) {
  return (
    <label className="flex h-8 items-center gap-1.5 text-ink-2">
      {label}
      <input type="date" name={name} defaultValue={value} className={cn(inputStyle, 'w-auto')} />
    </label>
  )
}

export function CheckInput({ name, label, checked }: { name: string; label: string; checked: boolean }) {
  return (
    <label className="flex h-8 cursor-pointer items-center gap-2 px-1 text-ink-2">
      <input type="checkbox" name={name} value="1" defaultChecked={checked} className="size-4 accent-(--accent)" />
      {label}
    </label>
  )
}
