'use client'
/** Where a request may run: groups, the countries and regions on offer, and any other country by its code. */
import { Plus } from 'lucide-react'
import { useId, useState } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { inputStyle } from '~/components/ui/input-style.ts'
import { PillChoice } from '~/components/ui/pill-choice.tsx'
import { countryName, type RoutingMarket } from '~/lib/market/routing-market.ts'
import { cn } from '~/lib/cn.ts'

const groups = [
  { value: 'EU', label: 'European Union (EU)' },
  { value: 'EEA', label: 'European Economic Area (EEA)' },
]

export interface PickerProps {
  labelledBy: string
  describedBy: string
  market: RoutingMarket
  values: readonly string[]
  onChange: (values: string[]) => void
  disabled: boolean
}

export interface RegionPickerProps extends Omit<PickerProps, 'market'> {
  market: Pick<RoutingMarket, 'countries' | 'regions'>
}

export function RegionPicker({ labelledBy, describedBy, market, values, onChange, disabled }: RegionPickerProps) {
  const inputId = useId()
  const [text, setText] = useState('')
  const onOffer = [...market.countries, ...market.regions].map(({ value, label, nodes }) => ({
    value,
    label,
    count: nodes,
  }))
  const known = new Set([...groups, ...onOffer].map(({ value }) => value))
  const others = values
    .filter((value) => !known.has(value))
    .map((value) => ({ value, label: labelOf(value), count: 0 }))

  function add() {
    const word = text.trim()
    if (word === '') return
    const value = /^[a-z]{2,3}$/i.test(word) ? word.toUpperCase() : word
    if (!values.includes(value)) onChange([...values, value])
    setText('')
  }
  return (
    <div className="flex flex-col gap-2.5">
      <PillChoice
        labelledBy={labelledBy}
        describedBy={describedBy}
        options={[...groups, ...onOffer, ...others]}
        values={values}
        onChange={onChange}
        disabled={disabled}
      />
      <div className="flex flex-wrap items-center gap-2">
        <label htmlFor={inputId} className="text-xs text-ink-3">
          Another country or region
        </label>
        <input
          id={inputId}
          value={text}
          disabled={disabled}
          placeholder="DE"
          maxLength={40}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            // Enter adds the region; it must not send the form.
            event.preventDefault()
            add()
          }}
          className={cn(inputStyle, 'w-32')}
        />
        <Button onClick={add} disabledReason={disabled ? 'Only owners and admins may change this.' : undefined}>
          <Plus aria-hidden className="size-3.5" /> Add region
        </Button>
      </div>
    </div>
  )
}

function labelOf(value: string): string {
  const name = countryName(value)
  return name === value ? value : `${name} (${value})`
}
