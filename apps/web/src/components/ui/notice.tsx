/** A line that matters, inside a page. Errors say what failed, who owns it and what to do. */
import { CircleAlert, CircleCheck, Info, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from '~/lib/cn.ts'

export type NoticeTone = 'info' | 'good' | 'warn' | 'bad'

const looks: Record<NoticeTone, { icon: LucideIcon; className: string }> = {
  info: { icon: Info, className: 'border-line bg-sunken text-ink-2' },
  good: { icon: CircleCheck, className: 'border-transparent bg-good-soft text-good' },
  warn: { icon: TriangleAlert, className: 'border-transparent bg-warn-soft text-warn' },
  bad: { icon: CircleAlert, className: 'border-transparent bg-bad-soft text-bad' },
}

export interface NoticeProps {
  tone?: NoticeTone
  /** Announced to screen readers when it appears. */
  live?: boolean
  className?: string
  children: ReactNode
}

export function Notice({ tone = 'info', live, className, children }: NoticeProps) {
  const { icon: Icon, className: look } = looks[tone]
  return (
    <div
      role={live ? (tone === 'bad' ? 'alert' : 'status') : undefined}
      className={cn('flex items-start gap-2 rounded-md border px-3 py-2', look, className)}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 break-words">{children}</div>
    </div>
  )
}
