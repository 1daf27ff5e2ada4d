'use client'
/** The figures of a promise in milliseconds and percent, and the gateways at which it holds. */
import { useId } from 'react'
import { Field } from '~/components/ui/field.tsx'
import { inputStyle } from '~/components/ui/input-style.ts'
import type { PromiseField, PromiseTexts, ReadPromises } from '~/lib/listing/promise-form.ts'

const fields: readonly { name: PromiseField; label: string; unit: string; hint: string }[] = [
  { name: 'ttftBaseMs', label: 'First token within', unit: 'ms', hint: 'For 95 % of attempts; empty promises none.' },
  { name: 'ttftPerKtokMs', label: 'More for each 1,000 tokens in', unit: 'ms', hint: 'Begun thousands count.' },
  { name: 'tpotUs', label: 'Each further token within', unit: 'ms', hint: 'Such as 50 or 33.5; for 95 % of attempts.' },
  { name: 'concurrencyMax', label: 'Attempts at once', unit: '', hint: 'Up to which it holds; 0: however many.' },
  { name: 'penaltyBps', label: 'Comes back when broken', unit: '%', hint: 'Such as 10: of what was spent.' },
]

export interface PromiseFieldsProps {
  texts: PromiseTexts
  errors: ReadPromises['errors']
  onChange: (texts: PromiseTexts) => void
}

export function PromiseFields({ texts, errors, onChange }: PromiseFieldsProps) {
  return fields.map(({ name, label, unit, hint }) => (
    <Field
      key={name}
      label={label}
      name={name}
      inputMode="decimal"
      {...(unit && { unit })}
      hint={hint}
      value={texts[name]}
      onChange={(event) => onChange({ ...texts, [name]: event.target.value })}
      error={errors[name]}
    />
  ))
}

export interface GatewayRegionProps {
  /** Empty: at any gateway. */
  value: string
  /** Where gateways stand now. */
  regions: readonly string[]
  onChange: (region: string) => void
}

/** An attempt counts where the region of its gateway, which its receipt has, is the one that the terms name. */
export function GatewayRegion({ value, regions, onChange }: GatewayRegionProps) {
  const id = useId()
  const isGone = value !== '' && !regions.includes(value)
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        Measured at
      </label>
      <select
        id={id}
        aria-describedby={`${id}-note`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={inputStyle}
      >
        <option value="">Any gateway</option>
        {regions.map((region) => (
          <option key={region} value={region}>
            Gateways at {region}
          </option>
        ))}
        {isGone && <option value={value}>{value}: no gateway any more</option>}
      </select>
      <p id={`${id}-note`} className="text-xs text-ink-3">
        Only attempts through these gateways count.
      </p>
    </div>
  )
}
