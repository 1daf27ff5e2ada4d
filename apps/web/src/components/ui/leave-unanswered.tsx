'use client'
/** Asks before a page is left on which nobody knows whether money moved: a fresh page would move it a second time. */
import { LeaveDialog } from './leave-dialog.tsx'

export interface LeaveUnansweredProps {
  /** Something was sent, and no answer came. */
  active: boolean
  /** "paid", "rented": what nobody knows. */
  done: string
}

export function LeaveUnanswered({ active, done }: LeaveUnansweredProps) {
  return (
    <LeaveDialog
      active={active}
      title={`Leave without knowing whether it was ${done}?`}
      description={`No answer came, so it may have been. Press again here first: it is ${done} once. Asked for on a fresh page, it is ${done} again.`}
    />
  )
}
