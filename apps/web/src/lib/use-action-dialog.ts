'use client'
/**
 * A dialog around one server action. However it is closed, the answer that it showed is gone at the next opening, be it an
 * error or a secret; an answer that came after closing was never seen, and is shown then.
 */
import { useCallback, useState } from 'react'
import type { ActionResult } from './result.ts'
import { useAction, type ActionState } from './use-action.ts'

export interface ActionDialog<I, T> extends ActionState<I, T> {
  open: boolean
  toggle: (open: boolean) => void
}

export function useActionDialog<I, T>(action: (input: I) => Promise<ActionResult<T>>): ActionDialog<I, T> {
  const [open, setOpen] = useState(false)
  const state = useAction(action)
  const { reset } = state
  const toggle = useCallback(
    (next: boolean) => {
      setOpen(next)
      if (!next) reset()
    },
    [reset],
  )
  return { ...state, open, toggle }
}
