'use client'
/** The button of the side bar's drawer on narrow screens; the drawer is loaded when somebody reaches for it. */
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { Menu } from 'lucide-react'
import type { NavGroup } from './nav-items.ts'

const load = () => import('./menu-drawer.tsx')
const MenuDrawer = lazy(async () => ({ default: (await load()).MenuDrawer }))

export function MobileMenu({ groups, footer }: { groups: NavGroup[]; footer: ReactNode }) {
  const [open, setOpen] = useState(false)
  const [wasOpen, setWasOpen] = useState(false)
  if (open && !wasOpen) setWasOpen(true)
  return (
    <>
      <button
        type="button"
        aria-label="Menu"
        aria-haspopup="dialog"
        aria-expanded={open}
        onPointerDown={() => void load()}
        onFocus={() => void load()}
        onClick={() => setOpen(true)}
        className="inline-flex size-9 items-center justify-center rounded-md text-ink-2 hover:bg-hover hover:text-ink"
      >
        <Menu aria-hidden className="size-5" />
      </button>
      {wasOpen && (
        <Suspense>
          <MenuDrawer groups={groups} footer={footer} open={open} onOpenChange={setOpen} />
        </Suspense>
      )}
    </>
  )
}
