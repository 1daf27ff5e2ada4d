/** The parts of a case beside each other: the claim; what agent, gateway and witnesses recorded; the rule and what it computes to. */
import type { ReactNode } from 'react'

export function Panes({ children }: { children: ReactNode }) {
  return <div className="mb-8 grid grid-cols-[minmax(0,1fr)] gap-4 xl:grid-cols-3">{children}</div>
}

export function Pane({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0">
      <h2 className="mb-2 text-base font-semibold">{title}</h2>
      <div className="flex flex-col gap-3">{children}</div>
    </section>
  )
}
