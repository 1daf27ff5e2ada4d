'use client'
/**
 * Runs a server action from a form: pending while it runs, then its data or its error. A lost connection is an error too, of
 * which nobody knows what was done: `use-once.ts` is for what must not be done twice.
 */
import { useCallback, useState } from 'react'
import type { ActionError, ActionResult } from './result.ts'

export interface ActionState<I, T> {
  run: (input: I) => Promise<ActionResult<T>>
  pending: boolean
  error: ActionError | null
  data: T | null
  reset: () => void
}

const connectionLost: ActionError = {
  code: 'internal',
  owner: 'platform',
  message: 'The server did not answer. Check your connection, and see whether it was done before you try again.',
  field: null,
  requestId: null,
}

export function useAction<I, T>(action: (input: I) => Promise<ActionResult<T>>): ActionState<I, T> {
  const [pending, setPending] = useState(false)
  const [result, setResult] = useState<ActionResult<T> | null>(null)
  const run = useCallback(
    async (input: I) => {
      setPending(true)
      const answer = await action(input).catch((): ActionResult<T> => ({ ok: false, error: connectionLost }))
      setResult(answer)
      setPending(false)
      return answer
    },
    [action],
  )
  const reset = useCallback(() => setResult(null), [])
  return {
    run,
    pending,
    error: result && !result.ok ? result.error : null,
    data: result?.ok ? result.data : null,
    reset,
  }
}
