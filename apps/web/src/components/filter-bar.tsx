'use client'
/**
 * Filters as a plain GET form: each change is in the URL at once, and without JavaScript the button still works.
 *
 * The back button undoes the last filter: each choice is an entry of the history, and so is what was typed in one go.
 * Where something else changes the URL (back, a link that clears the filters), the controls follow it.
 */
import { useRouter, useSearchParams } from 'next/navigation'
import { useCallback, useEffect, useRef, useTransition, type FormEvent, type ReactNode } from 'react'
import { inputStyle } from './ui/input-style.ts'

export interface FilterBarProps {
  action: string
  label: string
  children: ReactNode
  /** Hidden parameters to keep: the sort. */
  keep?: Record<string, string | undefined>
}

export function FilterBar({ action, label, keep = {}, children }: FilterBarProps) {
  const router = useRouter()
  const current = useSearchParams().toString()
  const [pending, startTransition] = useTransition()
  const form = useRef<HTMLFormElement>(null)
  /** The query that the controls show. */
  const shown = useRef(current)
  /** Queries of these controls that are on their way: one of them that arrives is older than what is shown, or is it. */
  const sent = useRef(new Set<string>())
  /** The text field that is being typed in: its words have one entry of the history. */
  const typing = useRef<string>(undefined)
  /** What was typed while the words before it were on their way. */
  const waiting = useRef<string>(undefined)

  useEffect(() => {
    const isOurs = current === shown.current || sent.current.has(current)
    if (current === shown.current || !isOurs) sent.current.clear()
    if (isOurs) return
    shown.current = current
    typing.current = undefined
    waiting.current = undefined
    if (form.current) showIn(form.current, new URLSearchParams(current))
  }, [current])

  const go = useCallback(
    (query: string, how: 'push' | 'replace') => {
      sent.current.add(query)
      startTransition(() => router[how](query ? `${action}?${query}` : action, { scroll: false }))
    },
    [router, action],
  )

  useEffect(() => {
    if (pending || waiting.current === undefined) return
    const query = waiting.current
    waiting.current = undefined
    if (query !== current) go(query, 'replace')
  }, [pending, current, go])

  function apply(event: FormEvent<HTMLFormElement>) {
    const entries = [...new FormData(event.currentTarget)].filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
    )
    const query = new URLSearchParams(entries).toString()
    if (query === shown.current) return
    shown.current = query
    const field = isTyped(event.target) ? event.target.name : undefined
    const isMore = field !== undefined && field === typing.current
    typing.current = field
    waiting.current = undefined
    // Only an entry that is there can be written over: while it is on its way, nobody can tell whether a second one would follow it.
    if (isMore && pending) waiting.current = query
    else go(query, isMore ? 'replace' : 'push')
  }
  return (
    <form
      ref={form}
      role="search"
      action={action}
      aria-label={label}
      aria-busy={pending}
      onChange={apply}
      onBlur={() => (typing.current = undefined)}
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
        <button type="submit" className={`${inputStyle} max-w-fit`}>
          Apply
        </button>
      </noscript>
    </form>
  )
}

/** A field whose value changes with each key. */
function isTyped(target: EventTarget): target is HTMLInputElement {
  return target instanceof HTMLInputElement && ['search', 'text'].includes(target.type)
}

function showIn(form: HTMLFormElement, params: URLSearchParams): void {
  for (const control of form.elements) {
    if (!(control instanceof HTMLInputElement || control instanceof HTMLSelectElement)) continue
    const value = params.get(control.name) ?? ''
    if (control instanceof HTMLSelectElement) {
      // What is no choice here shows as none.
      control.value = [...control.options].some((option) => option.value === value) ? value : ''
    } else if (control.type === 'checkbox') {
      control.checked = value === control.value
    } else if (control.type !== 'hidden') {
      // Hidden ones are rendered with the page.
      control.value = value
    }
  }
}
