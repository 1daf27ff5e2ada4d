'use client'
/** Copies an exact value; says that it did, to eyes and to screen readers. */
import { useEffect, useState } from 'react'
import { Check, Copy } from 'lucide-react'
import { cn } from '~/lib/cn.ts'

export interface CopyButtonProps {
  value: string
  /** What is copied, for the button's name: `request id`. */
  label: string
  /** Show the words beside the icon. */
  withText?: boolean
  className?: string
}

export function CopyButton({ value, label, withText, className }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 1_600)
    return () => clearTimeout(timer)
  }, [state])

  async function copy() {
    await navigator.clipboard.writeText(value).then(
      () => setState('copied'),
      () => setState('refused'),
    )
  }
  const words = { idle: `Copy ${label}`, copied: 'Copied', refused: 'The browser refused: select the text instead' }
  return (
    <button
      type="button"
      onClick={() => void copy()}
      title={words[state]}
      className={cn(
        'inline-flex h-6 min-w-6 -my-1 shrink-0 items-center justify-center gap-1 rounded px-1 align-middle text-xs text-ink-3 hover:bg-hover hover:text-ink',
        className,
      )}
    >
      {state === 'copied' ? (
        <Check aria-hidden className="size-3.5 text-good" />
      ) : (
        <Copy aria-hidden className="size-3.5" />
      )}
      <span className={withText ? undefined : 'sr-only'} aria-live="polite">
        {withText && state === 'idle' ? 'Copy' : words[state]}
      </span>
    </button>
  )
}
