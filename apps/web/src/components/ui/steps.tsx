/**
 * The steps of a task and how far it has come: a wizard, a provisioning, a checklist. What failed says its fix where it
 * stands. For chain writes with their transactions see track.tsx.
 */
import { Link } from '~/components/ui/link.tsx'
import { Check, CircleDashed, LoaderCircle, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from '~/lib/cn.ts'

export type StepState = 'done' | 'current' | 'waiting' | 'ahead' | 'failed'

export interface Step {
  key: string
  title: string
  state: StepState
  /** What it is about, or what it found. */
  hint?: ReactNode
  /** Of a failed step: what to do. */
  fix?: ReactNode
  /** Where a click leads: to a step that may be opened again. */
  href?: string
}

export interface StepsProps {
  label: string
  steps: readonly Step[]
  /** Side by side above a form, or below each other with room for words. */
  direction?: 'row' | 'column'
}

const words: Record<StepState, string> = {
  done: 'done',
  current: 'open now',
  waiting: 'under way',
  ahead: 'not yet',
  failed: 'failed',
}

export function Steps({ label, steps, direction = 'row' }: StepsProps) {
  const done = steps.filter((step) => step.state === 'done').length
  return (
    <nav aria-label={label} className="mb-5">
      <p className="sr-only">
        {done} of {steps.length} done.
      </p>
      <ol className={cn('gap-x-4 gap-y-2', direction === 'row' ? 'flex flex-col sm:flex-row' : 'flex flex-col')}>
        {steps.map((step, index) => (
          <li
            key={step.key}
            aria-current={step.state === 'current' ? 'step' : undefined}
            className={cn(
              'min-w-0',
              direction === 'row' && 'border-l-2 pl-3 sm:flex-1 sm:border-t-2 sm:border-l-0 sm:pt-2 sm:pl-0',
              direction === 'row' && edges[step.state],
            )}
          >
            <div className="flex items-start gap-2">
              <StepMark state={step.state} number={index + 1} />
              <div className="min-w-0">
                <p className={cn('font-medium', step.state === 'ahead' && 'text-ink-3')}>
                  {step.href && step.state !== 'current' ? (
                    <Link href={step.href} className="link">
                      {step.title}
                    </Link>
                  ) : (
                    step.title
                  )}
                  <span className="sr-only"> ({words[step.state]})</span>
                </p>
                {step.hint && <div className="text-xs text-ink-3">{step.hint}</div>}
                {step.state === 'failed' && step.fix && <div className="mt-0.5 text-xs text-bad">{step.fix}</div>}
              </div>
            </div>
          </li>
        ))}
      </ol>
    </nav>
  )
}

const edges: Record<StepState, string> = {
  done: 'border-good',
  current: 'border-accent',
  waiting: 'border-accent',
  ahead: 'border-line',
  failed: 'border-bad',
}

function StepMark({ state, number }: { state: StepState; number: number }) {
  const frame = 'mt-px inline-flex size-[18px] shrink-0 items-center justify-center rounded-full text-2xs font-medium'
  if (state === 'done') {
    return (
      <span aria-hidden className={cn(frame, 'bg-good-soft text-good')}>
        <Check className="size-3" />
      </span>
    )
  }
  if (state === 'failed') {
    return (
      <span aria-hidden className={cn(frame, 'bg-bad-soft text-bad')}>
        <X className="size-3" />
      </span>
    )
  }
  if (state === 'waiting')
    return <LoaderCircle aria-hidden className="mt-px size-[18px] shrink-0 animate-spin text-accent" />
  if (state === 'current') {
    return (
      <span aria-hidden className={cn(frame, 'bg-accent text-accent-ink')}>
        {number}
      </span>
    )
  }
  return <CircleDashed aria-hidden className="mt-px size-[18px] shrink-0 text-ink-3" />
}

/** How much of a countable whole is done, as a bar and in figures. */
export function Progress({ label, done, total }: { label: string; done: number; total: number }) {
  const share = total === 0 ? 0 : Math.min(1, done / total)
  return (
    <div>
      <div className="mb-1 flex items-baseline justify-between gap-4">
        <span>{label}</span>
        <span className="figures text-xs text-ink-3">
          {done.toLocaleString('en-US')} of {total.toLocaleString('en-US')}
        </span>
      </div>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        className="h-1.5 overflow-hidden rounded-full bg-line"
      >
        <div className="h-full rounded-full bg-accent" style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  )
}
