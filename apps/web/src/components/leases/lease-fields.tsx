'use client'
/** What every lease says, however its node is chosen: model, GPUs, duration, maximum price. */
import { Field } from '~/components/ui/field.tsx'
import { inputStyle } from '~/components/ui/input-style.ts'
import type { LeaseDraft } from '~/lib/money/lease-wish.ts'

export interface LeaseFieldsProps {
  draft: LeaseDraft
  edit: (change: Partial<LeaseDraft>) => void
  /** By the API's name of the field. */
  errorOf: (field: string) => string | undefined
}

export function LeaseFields({
  draft,
  edit,
  errorOf,
  models,
  maxUsd,
}: LeaseFieldsProps & { models: readonly string[]; maxUsd: string }) {
  return (
    <>
      <label className="flex flex-col gap-1">
        <span className="font-medium">Model</span>
        <select
          name="model"
          className={inputStyle}
          value={draft.model}
          onChange={(event) => edit({ model: event.target.value })}
        >
          {models.map((model) => (
            <option key={model}>{model}</option>
          ))}
        </select>
      </label>
      <div className="grid gap-3 sm:grid-cols-3">
        <Field
          label="GPUs"
          name="gpus"
          type="number"
          min={1}
          max={64}
          required
          value={draft.gpus}
          onChange={(event) => edit({ gpus: event.target.value })}
          hint="A node without GPUs counts places for engines."
          error={errorOf('gpus')}
        />
        <Field
          label="Duration"
          name="hours"
          type="number"
          min={0.1}
          max={720}
          step={0.1}
          unit="hours"
          required
          value={draft.hours}
          onChange={(event) => edit({ hours: event.target.value })}
          hint="Stop it at any time, or extend it."
          error={errorOf('durationMinutes') ?? errorOf('duration')}
        />
        <Field
          label="Maximum price"
          name="maxPerGpuHourUsd"
          inputMode="decimal"
          unit="$/GPU h"
          required
          value={maxUsd}
          onChange={(event) => edit({ maxUsd: event.target.value })}
          hint="No node that asks more is chosen."
          error={errorOf('maxPerGpuHourUsd')}
        />
      </div>
    </>
  )
}
