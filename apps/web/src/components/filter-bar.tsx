'use client'
/** Filters as a plain GET form: each change is in the URL at once, and without JavaScript the button still works. */
import { useRouter } from 'next/navigation'
import { useTransition, type FormEvent, type ReactNode } from 'react'
import { Search } from 'lucide-react'
import { inputStyle } from './ui/field.tsx'
import { cn } from '~/lib/cn.ts'

export interface FilterBarProps {
  action: string
  label: string
  children: ReactNode
  /** Hidden parameters to keep: the sort. */
  keep?: Record<string, string | undefined>
}

export function FilterBar({ action, label, keep = {}, children }: FilterBarProps) {
  const router = useRouter()
  const [pending, startTransition] = useTransition()
  function apply(event: FormEvent<HTMLFormElement>) {
    const entries = [...new FormData(event.currentTarget)].filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
    )
    const query = new URLSearchParams(entries).toString()
    startTransition(() => router.replace(query ? `${action}?${query}` : action, { scroll: false }))
  }
  return (
    <form
      role="search"
      action={action}
      aria-label={label}
      aria-busy={pending}
      onChange={apply}
      onSubmit={(event) => {
        event.preventDefault()
        apply(event)
      }}
      className="mb-3 flex flex-wrap items-center gap-2"
    >
      {Object.entries(keep).map(
        ([name, value]) => value && <input key={name} type="hidden" name={name} value={value} />,
      )}
      {children}
      <noscript>
        <button type="submit" className={cn(inputStyle, 'w-auto')}>
          Apply
        </button>
      </noscript>
    </form>
  )
}

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
}

export function SelectInput({ name, label, value, any, options }: SelectInputProps) {
  return (
    <select
      name={name}
      aria-label={label}
      defaultValue={value ?? ''}
      className={cn(inputStyle, 'w-auto max-w-full pr-7')}
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
