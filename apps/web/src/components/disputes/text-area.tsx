'use client'
/** A field for longer text, with the bytes that are left: the service keeps at most 64 KiB. */
import { useId } from 'react'
import { cn } from '~/lib/cn.ts'
import { keptTextProblem } from '~/lib/page/kept-text.ts'

export interface TextAreaProps {
  label: string
  value: string
  onChange: (text: string) => void
  error?: string | undefined
  hint: string
}

export function TextArea({ label, value, onChange, error, hint }: TextAreaProps) {
  const id = useId()
  const problem = keptTextProblem(value) ?? error
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <textarea
        id={id}
        required
        rows={5}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={problem ? true : undefined}
        aria-describedby={`${id}-note`}
        className="w-full rounded-md border border-line-strong bg-raised px-2.5 py-1.5 text-sm text-ink placeholder:text-ink-3 aria-invalid:border-bad"
      />
      <p id={`${id}-note`} className={cn('text-xs', problem ? 'text-bad' : 'text-ink-3')}>
        {problem ?? hint}
      </p>
    </div>
  )
}
