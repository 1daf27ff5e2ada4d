'use client'
/** The side bar as a drawer, on narrow screens. */
import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { NavGroup } from './nav-items.ts'
import { NavList } from './nav-list.tsx'

export interface MenuDrawerProps {
  groups: NavGroup[]
  footer: ReactNode
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function MenuDrawer({ groups, footer, open, onOpenChange }: MenuDrawerProps) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup className="fixed inset-y-0 left-0 z-50 flex w-64 flex-col overflow-auto border-r border-line bg-raised p-3 text-ink">
          <div className="mb-3 flex items-center justify-between">
            <Dialog.Title className="px-2 font-semibold">Menu</Dialog.Title>
            <Dialog.Close
              aria-label="Close menu"
              className="inline-flex size-8 items-center justify-center rounded-md hover:bg-hover"
            >
              <X aria-hidden className="size-4" />
            </Dialog.Close>
          </div>
          <nav aria-label="Pages">
            <NavList groups={groups} onNavigate={() => onOpenChange(false)} />
          </nav>
          <div className="mt-auto pt-6">{footer}</div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
