'use client'
/** How much a key may spend, and in which period: the two fields, wherever a budget is asked for. */
import type { BudgetPeriod } from '@isochrone/domain'
import { useId } from 'react'
import { Field } from '~/components/ui/field.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { periodWords } from './period-words.ts'

/** As it is typed; an empty amount is no budget. */
export interface BudgetDraft {
  amountUsd: string
  period: BudgetPeriod
}

export interface BudgetFieldsProps {
  draft: BudgetDraft
  onChange: (draft: BudgetDraft) => void
  required?: boolean
  error?: string | undefined
}

const periods = (['day', 'month', 'total'] as const).map((value) => ({ value, label: periodWords[value].choice }))

export function BudgetFields({ draft, onChange, required, error }: BudgetFieldsProps) {
  const id = useId()
  return (
    <>
      <Field
        label="Budget"
        name="budget"
        inputMode="decimal"
        unit="USD"
        autoComplete="off"
        required={required}
        value={draft.amountUsd}
        onChange={(event) => onChange({ ...draft, amountUsd: event.target.value })}
        error={error}
        hint={required ? undefined : 'The most that this key may spend. Leave empty for no limit of its own.'}
      />
      <div className="flex flex-col gap-1">
        <span id={`${id}-period`} className="font-medium">
          Counted
        </span>
        <Segmented
          labelledBy={`${id}-period`}
          describedBy={`${id}-note`}
          value={draft.period}
          options={periods}
          onChange={(period) => onChange({ ...draft, period })}
        />
        <p id={`${id}-note`} className="text-xs text-ink-3">
          {periodWords[draft.period].meaning}
        </p>
      </div>
    </>
  )
}
