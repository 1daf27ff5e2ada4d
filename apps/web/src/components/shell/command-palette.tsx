'use client'
/**
 * ⌘K and its button. One for the whole page; narrow screens open it by {@link PaletteButton}. What it opens is loaded when
 * somebody is about to: no page waits for it.
 */
import { lazy, Suspense, useEffect, useState } from 'react'
import { Search } from 'lucide-react'
import type { NavGroup } from './nav-items.ts'

const load = () => import('./palette-dialog.tsx')
const PaletteDialog = lazy(async () => ({ default: (await load()).PaletteDialog }))

const OPEN_EVENT = 'isochrone:open-palette'

/** Opens the palette where its own button is not in sight. */
export function PaletteButton() {
  return (
    <button
      type="button"
      aria-label="Go to a page or run an action"
      onPointerDown={() => void load()}
      onClick={() => window.dispatchEvent(new Event(OPEN_EVENT))}
      className="ml-auto inline-flex size-9 items-center justify-center rounded-md text-ink-2 hover:bg-hover hover:text-ink"
    >
      <Search aria-hidden className="size-4.5" />
    </button>
  )
}

export function CommandPalette({ groups }: { groups: NavGroup[] }) {
  const [open, setOpen] = useState(false)
  const [wasOpen, setWasOpen] = useState(false)
  if (open && !wasOpen) setWasOpen(true)

  useEffect(() => {
    const onOpen = () => setOpen(true)
    window.addEventListener(OPEN_EVENT, onOpen)
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      setOpen((was) => !was)
    }
    window.addEventListener('keydown', onKey)
    return () => {
      window.removeEventListener('keydown', onKey)
      window.removeEventListener(OPEN_EVENT, onOpen)
    }
  }, [])

  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onPointerEnter={() => void load()}
        onFocus={() => void load()}
        onClick={() => setOpen(true)}
        className="flex h-8 w-full shrink-0 items-center gap-2 rounded-md border border-line bg-surface px-2 text-ink-3 hover:bg-hover hover:text-ink"
      >
        <Search aria-hidden className="size-3.5" />
        <span className="flex-1 text-left">Go to…</span>
        <kbd className="rounded border border-line px-1 font-sans text-2xs">⌘K</kbd>
      </button>
      {wasOpen && (
        <Suspense>
          <PaletteDialog groups={groups} open={open} onOpenChange={setOpen} />
        </Suspense>
      )}
    </>
  )
}
