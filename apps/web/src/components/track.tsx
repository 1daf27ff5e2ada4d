/** Steps that follow each other, the one that is reached marked: each with its transactions and how far they are. */
import { Check, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Hash } from '~/components/ui/values.tsx'
import { cn } from '~/lib/cn.ts'
import type { TxStage } from '~/lib/money/tx-stage.ts'

export interface TrackStep {
  key: string
  icon: LucideIcon
  word: string
  hint?: ReactNode
  state: 'done' | 'current' | 'ahead' | 'stopped'
  /** Chain writes of this step. */
  hashes?: readonly (string | null)[]
  /** Why it waits, or why it went wrong. */
  note?: ReactNode
}

const words: Record<TrackStep['state'], string> = {
  done: '(done)',
  current: '(done)',
  ahead: '(not yet)',
  stopped: '(stopped)',
}

export interface TrackProps {
  label: string
  steps: readonly TrackStep[]
  txStages: Record<string, TxStage>
}

export function Track({ label, steps, txStages }: TrackProps) {
  return (
    <ol
      aria-label={label}
      className="grid gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-flow-col sm:auto-cols-fr"
    >
      {steps.map(({ key, icon: Icon, word, hint, state, hashes = [], note }) => (
        <li
          key={key}
          aria-current={state === 'current' ? 'step' : undefined}
          className={cn('min-w-0 bg-surface px-3 py-2.5', state === 'ahead' && 'text-ink-3')}
        >
          <div className={cn('flex items-center gap-1.5 font-medium', state === 'stopped' && 'text-bad')}>
            {state === 'done' || state === 'current' ? (
              <Check aria-hidden className="size-4 text-good" />
            ) : (
              <Icon aria-hidden className="size-4" />
            )}
            {word}
            <span className="sr-only">{words[state]}</span>
          </div>
          {hint && <p className="mt-0.5 text-xs text-ink-3">{hint}</p>}
          {hashes.map(
            (hash) =>
              hash && (
                <p key={hash} className="mt-1 text-xs">
                  <Hash value={hash} label={`${word} transaction`} />
                  <TxSteps stage={txStages[hash] ?? 'sent'} />
                </p>
              ),
          )}
          {note && <p className="mt-1 text-xs text-ink-2">{note}</p>}
        </li>
      ))}
    </ol>
  )
}

const stageWords: Record<TxStage, string> = {
  signed: 'signed',
  sent: 'sent',
  included: 'included',
  final: 'final',
  failed: 'reverted',
  unknown: 'chain silent',
}

/** A transaction in one line of a table: its hash and the stage that it has reached. */
export function TxMark({ hash, label, stage = 'sent' }: { hash: string; label: string; stage?: TxStage | undefined }) {
  const isDone = stage === 'final'
  return (
    <span className="flex h-6 items-center gap-1 whitespace-nowrap">
      <Hash value={hash} label={label} />
      <span
        title="signed → sent → included → final"
        className={cn(
          'inline-flex items-center gap-0.5 text-2xs',
          isDone ? 'text-good' : stage === 'failed' ? 'text-bad' : 'text-ink-3',
        )}
      >
        {isDone && <Check aria-hidden className="size-3" />}
        {stageWords[stage]}
      </span>
    </span>
  )
}

const txOrder: TxStage[] = ['signed', 'sent', 'included', 'final']

/** signed → sent → included → final, with the one that is reached in bold. */
export function TxSteps({ stage }: { stage: TxStage }) {
  if (stage === 'failed') return <span className="block text-bad">reverted</span>
  if (stage === 'unknown') return <span className="block text-ink-3">the chain does not answer</span>
  const at = txOrder.indexOf(stage)
  return (
    <span className="block text-2xs text-ink-3">
      {txOrder.map((step, index) => (
        <span key={step} className={cn(index <= at && 'text-good', index === at && 'font-medium')}>
          {index > 0 && ' → '}
          {step}
        </span>
      ))}
    </span>
  )
}
