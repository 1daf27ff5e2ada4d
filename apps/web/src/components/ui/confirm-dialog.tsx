'use client'
/** Asks before an action that cannot be undone, by its object's name; stays open with the error when it fails. */
import type { ReactElement, ReactNode } from 'react'
import type { ActionResult } from '~/lib/page/result.ts'
import { useActionDialog } from '~/lib/page/use-action-dialog.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { ErrorNotice } from './error-notice.tsx'

export interface ConfirmDialogProps<I, T> {
  action: (input: I) => Promise<ActionResult<T>>
  input: I
  title: string
  description: ReactNode
  /** More than a sentence: below the description. */
  details?: ReactNode
  trigger: ReactElement
  /** What the button that does it says, and what the one that does not. */
  confirm: string
  keep: string
}

export function ConfirmDialog<I, T>(props: ConfirmDialogProps<I, T>) {
  const { action, input, title, description, details, trigger, confirm, keep } = props
  const { open, toggle, run, pending, error } = useActionDialog(action)
  async function submit() {
    if ((await run(input)).ok) toggle(false)
  }
  return (
    <Dialog open={open} onOpenChange={toggle} title={title} description={description} trigger={trigger}>
      {details}
      <ErrorNotice error={error} />
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={() => toggle(false)}>{keep}</Button>
        <Button tone="danger" pending={pending} onClick={() => void submit()}>
          {confirm}
        </Button>
      </div>
    </Dialog>
  )
}
