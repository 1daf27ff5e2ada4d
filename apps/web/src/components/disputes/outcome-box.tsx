/** What a rule computes to, with the rule: a proposal to whoever votes. */
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge, type Tone } from '~/components/ui/badge.tsx'

export interface OutcomeBoxProps {
  verdict: { tone: Tone; icon: LucideIcon; word: string }
  reason: string
  rule: string
  /** Beside the verdict. */
  children?: ReactNode
}

export function OutcomeBox({ verdict: { tone, icon, word }, reason, rule, children }: OutcomeBoxProps) {
  return (
    <div className="rounded-md border border-line bg-surface px-3.5 py-3">
      <p className="mb-1 flex flex-wrap items-center gap-2">
        <Badge tone={tone} icon={icon}>
          {word}
        </Badge>
        {children}
      </p>
      <p>{reason}</p>
      <p className="mt-1 text-xs text-ink-3">Rule: {rule} A proposal; the vote is the arbiter’s.</p>
    </div>
  )
}
