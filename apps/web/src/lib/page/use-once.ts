'use client'
/**
 * An action that its key makes safe to repeat. One key until the server has said what became of it: a form that is sent again
 * after a lost answer does nothing twice, though its dialog was closed meanwhile, and its error says so.
 */
import { useRef, useState } from 'react'
import { newKey } from './new-key.ts'
import { isOutcomeUnknown, withAgain } from './outcome.ts'
import type { ActionError, ActionResult } from './result.ts'
import { useAction, type ActionState } from './use-action.ts'

type Asked<I> = Omit<I, 'key'>

export interface Once<I, T> extends ActionState<Asked<I>, T> {
  /** Was sent, and nobody knows what became of it: sent again as it is, it is done once. */
  unanswered: Asked<I> | null
}

/** @param again What comes of pressing again, such as "it is paid once, even if it was ordered already". */
export function useOnce<I extends { key: string }, T>(
  action: (input: I) => Promise<ActionResult<T>>,
  again: string,
): Once<I, T> {
  const { run: send, error, ...state } = useAction(action)
  const [key, setKey] = useState(newKey)
  const [open, setOpen] = useState<{ asked: Asked<I>; error: ActionError } | null>(null)
  /** Not state: the Enter key may come before the first press is drawn. */
  const underWay = useRef<Promise<ActionResult<T>> | null>(null)

  async function ask(asked: Asked<I>): Promise<ActionResult<T>> {
    const answer = await send({ ...asked, key } as I)
    // Under a key that was refused for any other reason nothing is done: it stays.
    if (answer.ok || answer.error.field === 'key') setKey(newKey())
    setOpen((before) => {
      if (!isOutcomeUnknown(before !== null, answer)) return null
      return answer.ok || !isOutcomeUnknown(false, answer) ? before : { asked, error: withAgain(answer.error, again) }
    })
    return answer
  }
  const run = (asked: Asked<I>) =>
    (underWay.current ??= ask(asked).finally(() => {
      underWay.current = null
    }))
  const shown = error && isOutcomeUnknown(false, { ok: false, error }) ? withAgain(error, again) : error
  return { ...state, run, error: shown ?? open?.error ?? null, unanswered: open?.asked ?? null }
}
