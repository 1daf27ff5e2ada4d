'use client'
/** A modal dialog over Base UI: focus is kept inside, Escape closes it, and focus returns to what opened it. */
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'

export interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description?: ReactNode
  /** The button that opens it. */
  trigger?: ReactElement
  children: ReactNode
}

export function Dialog({ open, onOpenChange, title, description, trigger, children }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      {trigger && <Base.Trigger render={trigger} />}
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Base.Popup className="fixed top-[12vh] left-1/2 z-50 max-h-[80vh] w-[min(30rem,calc(100vw-1.5rem))] -translate-x-1/2 overflow-auto rounded-lg border border-line bg-raised p-4 text-ink shadow-[0_12px_40px_var(--shadow)]">
          <div className="mb-3 flex items-start justify-between gap-4">
            <div>
              <Base.Title className="text-lg font-semibold">{title}</Base.Title>
              {description && <Base.Description className="mt-0.5 text-ink-2">{description}</Base.Description>}
            </div>
            <Base.Close
              aria-label="Close"
              className="-mt-1 -mr-1 inline-flex size-7 items-center justify-center rounded text-ink-3 hover:bg-hover hover:text-ink"
            >
              <X aria-hidden className="size-4" />
            </Base.Close>
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
