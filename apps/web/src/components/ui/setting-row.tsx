'use client'
/** One setting: what it is and does, its control beside that where there is room (in a `@container`), its error. */
import { useId, type ReactNode } from 'react'

export interface SettingRowProps {
  title: string
  help: ReactNode
  error?: string | undefined
  /** The ids name and describe the control to screen readers. */
  children: (ids: { titleId: string; helpId: string }) => ReactNode
}

export function SettingRow({ title, help, error, children }: SettingRowProps) {
  const id = useId()
  const titleId = `${id}-title`
  const helpId = `${id}-help`
  return (
    <div className="grid gap-x-8 gap-y-2.5 border-b border-line py-4 first:pt-0 last:border-b-0 @3xl:grid-cols-[minmax(0,17rem)_minmax(0,1fr)]">
      <div>
        <p id={titleId} className="font-medium">
          {title}
        </p>
        <div id={helpId} className="mt-0.5 max-w-[72ch] text-xs text-ink-3">
          {help}
        </div>
      </div>
      <div className="min-w-0">
        {children({ titleId, helpId })}
        {error && (
          <p role="alert" className="mt-1.5 text-xs text-bad">
            {error}
          </p>
        )}
      </div>
    </div>
  )
}
