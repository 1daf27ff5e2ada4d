/** Nothing here yet: why, and the next command or button. */
import { Inbox, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

export interface EmptyStateProps {
  icon?: LucideIcon
  title: string
  children?: ReactNode
  action?: ReactNode
}

export function EmptyState({ icon: Icon = Inbox, title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center rounded-md border border-dashed border-line px-6 py-12 text-center">
      <Icon aria-hidden className="mb-3 size-6 text-ink-3" strokeWidth={1.5} />
      <p className="text-base font-medium">{title}</p>
      {children && <div className="mt-1 max-w-[56ch] text-ink-2">{children}</div>}
      {action && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}
