/** The top of every page: one h1, what it is about in a sentence, and its actions. */
import { Link } from '~/components/ui/link.tsx'
import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'

export interface PageHeaderProps {
  title: ReactNode
  description?: ReactNode
  /** The pages above this one. */
  trail?: { href: string; label: string }[]
  /** Badges beside the title. */
  badges?: ReactNode
  actions?: ReactNode
}

export function PageHeader({ title, description, trail = [], badges, actions }: PageHeaderProps) {
  return (
    <header className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        {trail.length > 0 && (
          <nav aria-label="Breadcrumb" className="mb-1">
            <ol className="flex flex-wrap items-center gap-1 text-xs text-ink-3">
              {trail.map((step) => (
                <li key={step.href} className="flex items-center gap-1">
                  <Link href={step.href} className="hover:text-ink hover:underline">
                    {step.label}
                  </Link>
                  <ChevronRight aria-hidden className="size-3" />
                </li>
              ))}
            </ol>
          </nav>
        )}
        <div className="flex flex-wrap items-center gap-2">
          <h1 className="text-xl font-semibold tracking-tight break-words">{title}</h1>
          {badges}
        </div>
        {description && <p className="mt-1 max-w-[80ch] text-ink-2">{description}</p>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}

export interface SectionProps {
  title: string
  description?: ReactNode
  actions?: ReactNode
  id?: string
  children: ReactNode
}

/** A titled part of a page, set apart by space and a heading rather than by a card. */
export function Section({ title, description, actions, id, children }: SectionProps) {
  return (
    <section id={id} className="mb-8 min-w-0">
      <div className="mb-2.5 flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div>
          <h2 className="text-base font-semibold">{title}</h2>
          {description && <p className="max-w-[80ch] text-ink-3">{description}</p>}
        </div>
        {actions && <div className="flex items-center gap-2">{actions}</div>}
      </div>
      {children}
    </section>
  )
}
