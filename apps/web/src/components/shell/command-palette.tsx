'use client'
/**
 * ⌘K: every page and action by name, and any request, job, provider or offer by its id. Focus returns to where it was,
 * and screen readers hear how many there are. One for the whole page; narrow screens open it by {@link PaletteButton}.
 */
import { Dialog } from '@base-ui/react/dialog'
import { useRouter } from 'next/navigation'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { CornerDownLeft, Search } from 'lucide-react'
import { cn } from '~/lib/cn.ts'
import { leaveFor } from '~/lib/leave-guard.ts'
import { findCommands, type Command } from './find-commands.ts'
import type { NavGroup } from './nav-items.ts'
import { applyTheme } from './theme-switch.tsx'

const OPEN_EVENT = 'isochrone:open-palette'

/** Opens the palette where its own button is not in sight. */
export function PaletteButton() {
  return (
    <button
      type="button"
      aria-label="Go to a page or run an action"
      onClick={() => window.dispatchEvent(new Event(OPEN_EVENT))}
      className="ml-auto inline-flex size-9 items-center justify-center rounded-md text-ink-2 hover:bg-hover hover:text-ink"
    >
      <Search aria-hidden className="size-4.5" />
    </button>
  )
}

export function CommandPalette({ groups }: { groups: NavGroup[] }) {
  const router = useRouter()
  const listId = useId()
  const [open, setOpen] = useState(false)
  const [query, setQuery] = useState('')
  const [picked, setPicked] = useState(0)
  const commands = findCommands(query, groups)
  const list = useRef<HTMLUListElement>(null)

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [picked])

  useEffect(() => {
    const onOpen = () => setOpen(true)
    window.addEventListener(OPEN_EVENT, onOpen)
    const onKey = (event: globalThis.KeyboardEvent) => {
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

  function run(command: Command | undefined) {
    if (!command) return
    setOpen(false)
    if (command.theme) applyTheme(command.theme)
    else leaveFor(() => router.push(command.href))
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && commands.length > 0) {
      event.preventDefault()
      setPicked((was) => (was + step + commands.length) % commands.length)
    }
    const end = { Home: 0, End: commands.length - 1 }[event.key]
    if (end !== undefined && query === '') {
      event.preventDefault()
      setPicked(Math.max(0, end))
    }
    if (event.key === 'Enter') {
      event.preventDefault()
      run(commands[picked])
    }
  }

  return (
    <Dialog.Root
      open={open}
      onOpenChange={(next) => {
        setOpen(next)
        setQuery('')
        setPicked(0)
      }}
    >
      <Dialog.Trigger className="flex h-8 w-full items-center gap-2 rounded-md border border-line bg-surface px-2 text-ink-3 hover:bg-hover hover:text-ink">
        <Search aria-hidden className="size-3.5" />
        <span className="flex-1 text-left">Go to…</span>
        <kbd className="rounded border border-line px-1 font-sans text-2xs">⌘K</kbd>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup className="fixed top-[12vh] left-1/2 z-50 w-[min(34rem,calc(100vw-1.5rem))] -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-raised shadow-[0_12px_40px_var(--shadow)]">
          <Dialog.Title className="sr-only">Go to a page or run an action</Dialog.Title>
          <input
            role="combobox"
            aria-expanded="true"
            aria-controls={listId}
            aria-activedescendant={commands[picked] ? `${listId}-${picked}` : undefined}
            aria-label="Page, action or id"
            placeholder="Page, action, or a request id (req_…)"
            value={query}
            onChange={(event) => {
              setQuery(event.target.value)
              setPicked(0)
            }}
            onKeyDown={onKeyDown}
            className="h-11 w-full border-b border-line bg-transparent px-4 text-base text-ink outline-none placeholder:text-ink-3"
          />
          <p role="status" className="sr-only">
            {commands.length === 1 ? '1 result' : `${commands.length} results`}
          </p>
          <ul ref={list} id={listId} role="listbox" aria-label="Results" className="max-h-80 overflow-auto p-1.5">
            {commands.map((command, index) => (
              <li
                key={command.label}
                id={`${listId}-${index}`}
                role="option"
                aria-selected={index === picked}
                onMouseMove={() => setPicked(index)}
                onClick={() => run(command)}
                className={cn(
                  'flex h-9 cursor-pointer items-center justify-between rounded-md px-2.5',
                  index === picked && 'bg-accent-soft text-accent',
                )}
              >
                <span>{command.label}</span>
                {index === picked && <CornerDownLeft aria-hidden className="size-3.5" />}
              </li>
            ))}
            {commands.length === 0 && <li className="px-2.5 py-4 text-ink-3">Nothing by that name.</li>}
          </ul>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
