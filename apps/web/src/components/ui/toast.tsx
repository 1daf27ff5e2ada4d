'use client'
/** Says that something was done, and goes by itself; screen readers hear it. What failed is said where it failed. */
import { CircleCheck, X } from 'lucide-react'
import { useEffect } from 'react'

const SHOWN_MS = 6_000

export interface ToastProps {
  /** Null: nothing to say. */
  message: string | null
  onClose: () => void
}

export function Toast({ message, onClose }: ToastProps) {
  useEffect(() => {
    if (message === null) return
    const timer = setTimeout(onClose, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [message, onClose])
  return (
    // The region stays, so that its change is announced.
    <div role="status" className="pointer-events-none fixed inset-x-3 bottom-3 z-50 flex justify-center sm:justify-end">
      {message !== null && (
        <div className="pointer-events-auto flex max-w-sm items-start gap-2 rounded-md border border-line bg-raised py-2 pr-2 pl-3 shadow-[0_8px_24px_var(--shadow)]">
          <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />
          <p>{message}</p>
          <button
            type="button"
            onClick={onClose}
            aria-label="Dismiss"
            className="-my-0.5 inline-flex size-6 shrink-0 items-center justify-center rounded text-ink-3 hover:bg-hover hover:text-ink"
          >
            <X aria-hidden className="size-3.5" />
          </button>
        </div>
      )}
    </div>
  )
}
