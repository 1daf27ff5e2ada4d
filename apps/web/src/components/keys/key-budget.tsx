/** What a key has spent of its budget, as a bar and in words; a key without one says what it has cost this month. */
import type { ApiKeyView, KeyBudgetView } from '@isochrone/services'
import { Money } from '~/components/ui/values.tsx'
import { cn } from '~/lib/cn.ts'
import { spentShare } from '~/lib/money/spent-share.ts'
import { periodWords } from './period-words.ts'

export function KeyBudget({ budget, spentThisMonthMicroUsd }: Pick<ApiKeyView, 'budget' | 'spentThisMonthMicroUsd'>) {
  if (budget) return <Spent budget={budget} />
  return (
    <>
      No limit
      <div className="text-xs text-ink-3">
        <Money microUsd={spentThisMonthMicroUsd} /> this month
      </div>
    </>
  )
}

function Spent({ budget }: { budget: KeyBudgetView }) {
  const { microUsd, period, spentMicroUsd, leftMicroUsd, renewsAtMs } = budget
  const isUsedUp = leftMicroUsd === 0n
  return (
    <div className="py-1 sm:min-w-[190px]">
      <div className="whitespace-nowrap">
        <Money microUsd={spentMicroUsd} /> of <Money microUsd={microUsd} /> {periodWords[period].short}
      </div>
      <div aria-hidden className="my-1 flex h-1.5 overflow-hidden rounded-full bg-line">
        <div
          className={cn(isUsedUp ? 'bg-bad' : 'bg-accent')}
          style={{ width: `${spentShare(spentMicroUsd, microUsd)}%` }}
        />
      </div>
      <div className="text-xs text-ink-3">
        {isUsedUp ? <span className="font-medium text-bad">Used up</span> : <Left microUsd={leftMicroUsd} />},{' '}
        {renewsAtMs === null ? (
          'does not renew'
        ) : (
          <>
            renews <Day startMs={renewsAtMs} />
          </>
        )}
      </div>
    </div>
  )
}

/** Periods begin at midnight UTC: the day says it. */
function Day({ startMs }: { startMs: number }) {
  const iso = new Date(startMs).toISOString()
  return (
    <time dateTime={iso} title={iso} className="figures whitespace-nowrap">
      {iso.slice(0, 10)}
    </time>
  )
}

const Left = ({ microUsd }: { microUsd: bigint }) => (
  <>
    <Money microUsd={microUsd} /> left
  </>
)
