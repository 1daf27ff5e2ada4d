'use client'
/**
 * A dialog around one server action. However it is closed, the answer that it showed is gone at the next opening, be it an
 * error or a secret; an answer that came after closing was never seen, and is shown then.
 */
import { useCallback, useState } from 'react'
import type { ActionResult } from './result.ts'
import { useAction, type ActionState } from './use-action.ts'
import { useOnce, type Once } from './use-once.ts'

export interface ActionDialog<I, T> extends ActionState<I, T> {
  open: boolean
  toggle: (open: boolean) => void
}

export function useActionDialog<I, T>(action: (input: I) => Promise<ActionResult<T>>): ActionDialog<I, T> {
  const state = useAction(action)
  return { ...state, ...useOpening(state.reset) }
}

export interface OnceDialog<I, T> extends Once<I, T> {
  open: boolean
  toggle: (open: boolean) => void
}

/** The same for an action that must be done once: a lost answer is still said at the next opening. */
export function useOnceDialog<I extends { key: string }, T>(
  action: (input: I) => Promise<ActionResult<T>>,
  again: string,
): OnceDialog<I, T> {
  const state = useOnce(action, again)
  return { ...state, ...useOpening(state.reset) }
}

function useOpening(reset: () => void) {
  const [open, setOpen] = useState(false)
  const toggle = useCallback(
    (next: boolean) => {
      setOpen(next)
      if (!next) reset()
    },
    [reset],
  )
  return { open, toggle }
}
