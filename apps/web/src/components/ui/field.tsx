'use client'
/** A form field: label, control, hint, and the error under it, tied together for screen readers. */
import { useId, type ComponentProps, type ReactNode } from 'react'
import { cn } from '~/lib/cn.ts'
import { inputStyle } from './input-style.ts'

export interface FieldProps extends Omit<ComponentProps<'input'>, 'id'> {
  label: string
  hint?: ReactNode
  error?: string | undefined
  /** Text inside the right end of the control: a unit. */
  unit?: string
}

export function Field({ label, hint, error, unit, className, ...input }: FieldProps) {
  const id = useId()
  const noteId = `${id}-note`
  return (
    <div className={cn('flex flex-col gap-1', className)}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          {...input}
          id={id}
          aria-invalid={error ? true : undefined}
          aria-describedby={hint || error ? noteId : undefined}
          className={cn(inputStyle, unit && 'pr-14')}
        />
        {unit && (
          <span
            aria-hidden
            className="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-xs text-ink-3"
          >
            {unit}
          </span>
        )}
      </div>
      {(error || hint) && (
        <p id={noteId} className={cn('text-xs', error ? 'text-bad' : 'text-ink-3')}>
          {error ?? hint}
        </p>
      )}
    </div>
  )
}
