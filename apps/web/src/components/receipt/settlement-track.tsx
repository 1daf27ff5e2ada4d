/**
 * How far a receipt's money has come: signed → epoch closed → anchored → claimed → settled, each chain write with its
 * transaction and how far that is: sent → included → final.
 */
import { Check } from 'lucide-react'
import type { SettlementStage } from '@isochrone/services'
import { settlementLooks } from '~/components/status.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { cn } from '~/lib/cn.ts'
import type { TxStage } from '~/lib/tx-stage.ts'

const stages = ['open', 'closed', 'anchored', 'claimed', 'settled'] as const

export interface SettlementTrackProps {
  stage: SettlementStage
  /** Transaction of each stage that is a chain write. */
  transactions: Partial<Record<SettlementStage, string | null>>
  txStages: Record<string, TxStage>
  /** Fills in the time until it can be paid out. */
  note?: string | undefined
}

export function SettlementTrack({ stage, transactions, txStages, note }: SettlementTrackProps) {
  const reached = stages.findIndex((item) => item === stage)
  return (
    <ol
      className="grid gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-cols-5"
      aria-label="Settlement"
    >
      {stages.map((item, index) => {
        const done = index <= reached
        const { icon: Icon, word, hint } = settlementLooks[item]
        const hash = transactions[item]
        return (
          <li
            key={item}
            aria-current={index === reached ? 'step' : undefined}
            className={cn('min-w-0 bg-surface px-3 py-2.5', !done && 'text-ink-3')}
          >
            <div className="flex items-center gap-1.5 font-medium">
              {done ? <Check aria-hidden className="size-4 text-good" /> : <Icon aria-hidden className="size-4" />}
              {word}
              <span className="sr-only">{done ? '(done)' : '(not yet)'}</span>
            </div>
            <p className="mt-0.5 text-xs text-ink-3">{hint}</p>
            {hash && (
              <p className="mt-1 text-xs">
                <Hash value={hash} label={`${word} transaction`} />
                <TxSteps stage={txStages[hash] ?? 'sent'} />
              </p>
            )}
            {index === reached + 1 && note && <p className="mt-1 text-xs text-ink-2">{note}</p>}
          </li>
        )
      })}
    </ol>
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
