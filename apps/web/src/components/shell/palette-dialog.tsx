'use client'
/**
 * What ⌘K opens: every page and action by name, and any request, job, provider or offer by its id. Focus returns to where it
 * was, and screen readers hear how many there are.
 */
import { Dialog } from '@base-ui/react/dialog'
import { useRouter } from 'next/navigation'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { CornerDownLeft } from 'lucide-react'
import { cn } from '~/lib/cn.ts'
import { leaveFor } from '~/lib/page/leave-guard.ts'
import { findCommands, type Command } from './find-commands.ts'
import type { NavGroup } from './nav-items.ts'
import { applyTheme } from './theme-switch.tsx'

export interface PaletteDialogProps {
  groups: NavGroup[]
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function PaletteDialog({ groups, open, onOpenChange }: PaletteDialogProps) {
  const router = useRouter()
  const listId = useId()
  const [query, setQuery] = useState('')
  const [picked, setPicked] = useState(0)
  const commands = findCommands(query, groups)
  const list = useRef<HTMLUListElement>(null)

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [picked])

  function change(next: boolean) {
    onOpenChange(next)
    setQuery('')
    setPicked(0)
  }

  function run(command: Command | undefined) {
    if (!command) return
    change(false)
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
    <Dialog.Root open={open} onOpenChange={change}>
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
